//! Events of an account, and their results.

use crate::account::FieldFingerprint;
use crate::app_password::{AppPassword, Sealed};
use crate::backup;
use crate::contact::{Address, Destination};
use crate::factor::{ID_RANDOM, Key};
use crate::sent::ChallengeId;
use crate::source::{Source, Token};
use crate::totp::Totp;
use crate::{Account, Channel, Kind, Proof, Refusal, Time};

/// An event.
pub enum Event<'a> {
    /// Asks what a sign-in needs, whatever its source. Changes nothing, except that expired grants are removed.
    Ask(Channel),
    /// A front asks what a sign-in from this source needs. Changes nothing except what [`Self::Ask`] does.
    AskFor {
        /// The front's channel.
        channel: Channel,
        /// The source of the sign-in.
        source: Source<'a>,
    },
    /// A front has admitted a session without an answer.
    SignedIn {
        /// The front's channel.
        channel: Channel,
        /// The source of the sign-in.
        source: Source<'a>,
    },
    /// A front passes on the code that the user typed.
    Answer {
        /// The front's channel.
        channel: Channel,
        /// A factor's id, [`BACKUP`](crate::factor::BACKUP), [`CONTACT`](crate::factor::CONTACT), or `None` for any
        /// method that matches.
        method: Option<&'a str>,
        /// What the user typed.
        code: &'a str,
        /// TOTP steps that are accepted before and after the current one.
        window: u32,
        /// For a code that was sent: the challenge that it was sent for.
        session: Option<ChallengeId>,
        /// The source of the sign-in.
        source: Source<'a>,
        /// Whether the user trusts that browser.
        trust: bool,
    },
    /// A front passes on a security key's response, which the daemon has checked.
    AnswerKey {
        /// The front's channel.
        channel: Channel,
        /// The credential and its counter; `None`: the signature is wrong.
        key: Option<(&'a [u8], u32)>,
        /// The challenge that it answers: each is answered once.
        session: ChallengeId,
        /// The expiry of the challenge.
        until: Time,
        /// The source of the sign-in.
        source: Source<'a>,
        /// Whether the user trusts that browser.
        trust: bool,
    },
    /// A code is to be sent.
    Send {
        /// The recipient and the purpose.
        to: Recipient<'a>,
        /// The challenge for which the code is valid.
        session: ChallengeId,
        /// The challenge before this one, whose code becomes void.
        replaces: Option<ChallengeId>,
        /// The code.
        code: &'a str,
    },
    /// A front passes on a field that holds a password followed by a code, or an app password: a mail app, or a host
    /// that prompts once, can send nothing else.
    Field {
        /// The front's channel.
        channel: Channel,
        /// The whole field.
        text: &'a str,
        /// As in [`Self::Answer`].
        window: u32,
        /// The source and a keyed hash of the field, if both are known.
        again: Option<FieldFingerprint>,
        /// The source of the sign-in.
        source: Source<'a>,
    },
    /// A front passes on the confirmation of a new method or contact address.
    Confirm {
        /// The authority for it.
        by: By<'a>,
        /// What is confirmed.
        offered: Offered<'a>,
        /// The user's description.
        description: &'a str,
        /// For the factor's id and the backup codes.
        random: Random,
        /// The source of the request.
        source: Source<'a>,
    },
    /// The administrator adds a secret.
    AddTotp {
        /// The secret.
        totp: Totp,
        /// Its description.
        description: &'a str,
        /// For the factor's id and the backup codes.
        random: Random,
    },
    /// The administrator imports a secret from another program.
    ImportTotp(Import<'a>),
    /// The administrator removes a factor.
    RemoveFactor(&'a str),
    /// An app password was made.
    AddAppPassword {
        /// The new one.
        fresh: AppPassword,
        /// The account's epoch when it was requested: the mail server may take time to check the password.
        epoch: u64,
        /// The owner's proof, with a factor given for this; `None`: the administrator makes it.
        proof: Option<&'a Proof>,
        /// The same password sealed to the other app passwords of the account, as in [`Self::RenewAppPasswords`].
        renewed: Vec<Sealed>,
    },
    /// An app password is revoked.
    RevokeAppPassword {
        /// Its id.
        id: &'a str,
        /// The proof that the owner has signed in with a second factor; `None`: the administrator revokes it.
        proof: Option<&'a Proof>,
    },
    /// The mail server has accepted a password of the mailbox: it was sealed again to the key pair of each app
    /// password.
    RenewAppPasswords(Vec<Sealed>),
    /// The mail server has refused the sealed password of an app password that a front had received.
    SealedRefused {
        /// Its id.
        id: &'a str,
        /// When it was made.
        created: Time,
        /// When the refused one was sealed.
        sealed: Time,
    },
    /// The user changes the description of a method.
    Rename {
        /// The factor.
        id: &'a str,
        /// The proof that the user has signed in with a second factor.
        proof: &'a Proof,
        /// The new description.
        description: &'a str,
    },
    /// The user removes a method.
    RemoveOwn {
        /// The factor.
        id: &'a str,
        /// The proof that the user has given a factor for this.
        proof: &'a Proof,
    },
    /// The user makes a new set of backup codes.
    MakeBackupCodes {
        /// The proof that the user has given a factor for this.
        proof: &'a Proof,
        /// For the codes.
        random: Random,
    },
    /// The user deletes the backup codes.
    DeleteBackupCodes {
        /// The proof that the user has given a factor for this.
        proof: &'a Proof,
    },
    /// The user removes the contact address.
    RemoveContact {
        /// The proof that the user has given a factor for this.
        proof: &'a Proof,
    },
    /// The user ends the trust in a browser.
    RevokeTrust {
        /// The browser.
        id: &'a str,
        /// As in [`Self::Rename`].
        proof: &'a Proof,
    },
    /// The user ends the trust in every browser except this one.
    RevokeOtherTrust {
        /// This browser.
        browser: Option<Token>,
        /// As in [`Self::Rename`].
        proof: &'a Proof,
    },
    /// A client that knows the password reports, at this channel, that every method is lost, and requests a reset.
    OpenRequest(Channel),
    /// The administrator sets or removes the address for notices.
    SetContact(Option<Address>),
    /// The user sets the language of codes and notices.
    SetLanguage {
        /// `en` or `fr`.
        language: &'a str,
        /// As in [`Self::Rename`].
        proof: &'a Proof,
    },
    /// The administrator lists the mailbox; no code is required for it.
    Add,
    /// Off → Enrolling; an account that is enrolling gets a new enrolment code.
    Enable {
        /// The hash of the enrolment code that is required before the first method is set up.
        enrolment_code: Option<[u8; 32]>,
    },
    /// Suspends the account for this many hours: no code is required.
    Suspend(i64),
    /// Ends a suspension.
    Resume,
    /// Removes all factors → Enrolling.
    Reset {
        /// As in [`Self::Enable`]; `None`: the password is enough to set up the first method.
        enrolment_code: Option<[u8; 32]>,
    },
    /// Removes all secrets → Off.
    Remove,
    /// Ends every lock.
    Unlock,
    /// Time passes: expired grants are removed permanently. See [`Account::ends`].
    Tick,
}

impl std::fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Events hold codes, fields and secrets.
        f.write_str("Event")
    }
}

/// The authority for setting up something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    /// The user has signed in with the password, and sets up the first method.
    Enrolment {
        /// The channel of the sign-in.
        channel: Channel,
        /// The account's epoch at that time.
        epoch: u64,
        /// The hash of the enrolment code that was typed, if any.
        code: Option<[u8; 32]>,
    },
    /// The user has given a factor for this.
    Proof(&'a Proof),
}

/// What is to be confirmed.
pub enum Offered<'a> {
    /// A secret, with one of its codes.
    Totp {
        /// The secret.
        totp: Totp,
        /// What the user typed.
        code: &'a str,
        /// As in [`Event::Answer`].
        window: u32,
    },
    /// A number or an address, with the code that was sent there.
    Sent {
        /// The challenge for which the code was sent.
        session: ChallengeId,
        /// What the user typed.
        code: &'a str,
    },
    /// A security key, which the daemon has checked.
    Key(Key),
}

/// The recipient of a code.
#[derive(Debug, Clone)]
pub enum Recipient<'a> {
    /// A factor of the account, which is then answered with at this channel.
    Factor(Channel, &'a str),
    /// A number or an address that is to become a method.
    Method(By<'a>, Kind),
    /// An address that is to become the contact address.
    Contact(By<'a>, Address),
    /// The contact address, since the sign-in at this channel from this source is unusual.
    SignIn(Channel, Source<'a>),
}

/// A secret that a user has already, with its data from another program.
pub struct Import<'a> {
    /// The secret.
    pub totp: Totp,
    /// Codes of this step and of earlier steps are used, by the data of the other program. Steps before the current one
    /// count as used in any case.
    pub spent: Option<u64>,
    /// Unused backup codes of the other program.
    pub codes: &'a [&'a str],
    /// Whether the secret is added to the factors of an account that is protected already.
    pub beside: bool,
    /// Its description.
    pub description: &'a str,
    /// For the factor's id and the hashes of the codes.
    pub random: Random,
}

/// Random bytes that the caller drew.
pub struct Random {
    /// For a factor's id.
    pub id: [u8; ID_RANDOM],
    /// For a set of backup codes.
    pub backup: [u8; backup::RANDOM],
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The result of an event.
#[derive(Debug)]
#[must_use]
pub struct Decision {
    /// The answer to the caller.
    pub verdict: Verdict,
    /// The changed account; `None`: it is unchanged.
    pub next: Option<Account>,
}

/// The answer to an event.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// No second factor is required.
    NotRequired,
    /// A second factor is required.
    Challenge,
    /// A second factor is required, but not from this browser, which the user trusts.
    Trusted {
        /// The browser's id.
        browser: String,
    },
    /// No second factor is required, but the source of the sign-in is unknown: a code to the contact address is
    /// required.
    Unusual,
    /// Offer a secret, show it, and send [`Event::Confirm`].
    Enrol,
    /// The factor is verified.
    Accepted {
        /// The factor's id, [`BACKUP`](crate::factor::BACKUP), or [`CONTACT`](crate::factor::CONTACT).
        method: String,
        /// The number of unused backup codes, if one was just used.
        backup_codes_left: Option<u32>,
    },
    /// The code in the field is verified.
    AcceptedBehind {
        /// The factor's id, or [`BACKUP`](crate::factor::BACKUP).
        method: String,
        /// The number of unused backup codes, if one was just used.
        backup_codes_left: Option<u32>,
        /// The length of the password in the field, in bytes.
        password: usize,
    },
    /// The field is an app password.
    AppPassword {
        /// Its id.
        id: String,
        /// When it was made.
        created: Time,
        /// The sealed password that it opens.
        sealed: Sealed,
    },
    /// Send the code.
    Send {
        /// The destination.
        to: Destination,
        /// The time from which another code may be sent.
        again: Time,
    },
    /// A factor was added.
    Added {
        /// Its id.
        method: String,
        /// A set of backup codes, if it was the first factor.
        backup_codes: Option<backup::Shown>,
    },
    /// Done.
    Done,
    /// A new set of backup codes was made.
    Codes(backup::Shown),
    /// There was nothing to change.
    Already,
    /// Refused.
    Refused(Refusal),
}
