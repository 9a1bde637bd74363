//! What happens to an account, and what comes of it.

use crate::account::FieldFingerprint;
use crate::app_password::{AppPassword, Sealed};
use crate::backup;
use crate::contact::{Address, Destination};
use crate::factor::{ID_RANDOM, Key};
use crate::sent::ChallengeId;
use crate::source::{Source, Token};
use crate::totp::Totp;
use crate::{Account, Channel, Kind, Proof, Refusal, Time};

/// What happens.
pub enum Event<'a> {
    /// Asks what a sign-in needs, whoever comes. Changes nothing, but that what has ended is over for good.
    Ask(Channel),
    /// A front asks what a sign-in needs of whoever comes from there. Changes nothing but what [`Self::Ask`] does.
    AskFor {
        /// Which front.
        channel: Channel,
        /// From where.
        source: Source<'a>,
    },
    /// A front has released a session without an answer.
    SignedIn {
        /// Which front.
        channel: Channel,
        /// From where.
        source: Source<'a>,
    },
    /// A front hands on what the person typed.
    Answer {
        /// Which front.
        channel: Channel,
        /// A factor's id, [`BACKUP`](crate::factor::BACKUP), [`CONTACT`](crate::factor::CONTACT), or none for whatever fits.
        method: Option<&'a str>,
        /// What the person typed.
        code: &'a str,
        /// Steps of a TOTP that are accepted on either side of now.
        window: u32,
        /// For a code that was sent: to which session.
        session: Option<ChallengeId>,
        /// From where.
        source: Source<'a>,
        /// The person trusts that browser.
        trust: bool,
    },
    /// A front hands on a security key's response, which the daemon has checked.
    AnswerKey {
        /// Which front.
        channel: Channel,
        /// The credential and its counter; none: the signature is wrong.
        key: Option<(&'a [u8], u32)>,
        /// Which question it answers: each is answered once.
        session: ChallengeId,
        /// Until when that can be answered.
        until: Time,
        /// From where.
        source: Source<'a>,
        /// The person trusts that browser.
        trust: bool,
    },
    /// A code is to be sent.
    Send {
        /// To whom, and what for.
        to: Recipient<'a>,
        /// Who will bring it back.
        session: ChallengeId,
        /// The session before this one, whose code is void.
        replaces: Option<ChallengeId>,
        /// The code.
        code: &'a str,
    },
    /// A front hands on a field that holds a password with a code behind it, or an app password: all that a mail app,
    /// or a host that asks once, can give.
    Field {
        /// Which front.
        channel: Channel,
        /// The whole field.
        text: &'a str,
        /// As in [`Self::Answer`].
        window: u32,
        /// Where it comes from and a keyed hash of it, where both are known.
        again: Option<FieldFingerprint>,
        /// Where it comes from.
        source: Source<'a>,
    },
    /// A front brings what confirms something new.
    Confirm {
        /// On whose word.
        by: By<'a>,
        /// What.
        offered: Offered<'a>,
        /// The person's own words.
        description: &'a str,
        /// For the factor's id and the backup codes.
        random: Random,
        /// From where.
        source: Source<'a>,
    },
    /// The administrator adds a secret.
    AddTotp {
        /// The secret.
        totp: Totp,
        /// Words for it.
        description: &'a str,
        /// For the factor's id and the backup codes.
        random: Random,
    },
    /// The administrator takes over what another program has asked for until now.
    ImportTotp(Import<'a>),
    /// The administrator removes a factor.
    RemoveFactor(&'a str),
    /// An app password was made.
    AddAppPassword {
        /// The new one.
        fresh: AppPassword,
        /// At which epoch of the account it was asked for: the mail server may have taken its time.
        epoch: u64,
        /// That its owner has brought a factor for this; none: the administrator makes it.
        proof: Option<&'a Proof>,
        /// The same password sealed to the others of the account, as in [`Self::RenewAppPasswords`].
        renewed: Vec<Sealed>,
    },
    /// An app password is taken back.
    RevokeAppPassword {
        /// Its id.
        id: &'a str,
        /// That its owner has signed in with a second factor; none: the administrator takes it back.
        proof: Option<&'a Proof>,
    },
    /// The mail server has accepted a password of the mailbox: sealed anew to the key pair of each app password.
    RenewAppPasswords(Vec<Sealed>),
    /// The mail server has refused the sealed password of an app password that a front was given.
    SealedRefused {
        /// Its id.
        id: &'a str,
        /// When it was made.
        created: Time,
        /// When the refused one was sealed.
        sealed: Time,
    },
    /// A person gives a method other words.
    Rename {
        /// The factor.
        id: &'a str,
        /// That the person has signed in with a second factor.
        proof: &'a Proof,
        /// The words.
        description: &'a str,
    },
    /// A person removes a method.
    RemoveOwn {
        /// The factor.
        id: &'a str,
        /// That they have brought a factor for this.
        proof: &'a Proof,
    },
    /// A person makes a new set of backup codes.
    MakeBackupCodes {
        /// That they have brought a factor for this.
        proof: &'a Proof,
        /// For the codes.
        random: Random,
    },
    /// A person does without backup codes.
    DeleteBackupCodes {
        /// That they have brought a factor for this.
        proof: &'a Proof,
    },
    /// A person has no contact address any more.
    RemoveContact {
        /// That they have brought a factor for this.
        proof: &'a Proof,
    },
    /// A person does not trust a browser any more.
    RevokeTrust {
        /// The browser.
        id: &'a str,
        /// As in [`Self::Rename`].
        proof: &'a Proof,
    },
    /// A person trusts no browser but this one any more.
    RevokeOtherTrust {
        /// This one.
        browser: Option<Token>,
        /// As in [`Self::Rename`].
        proof: &'a Proof,
    },
    /// Whoever knows the password says, at this channel, that every method is lost, and asks for a reset.
    OpenRequest(Channel),
    /// The administrator says where notices go, or that they go nowhere.
    SetContact(Option<Address>),
    /// Codes and notices come in this language.
    SetLanguage {
        /// `en` or `fr`.
        language: &'a str,
        /// As in [`Self::Rename`].
        proof: &'a Proof,
    },
    /// The administrator says that there is such a mailbox, and that no code is asked for it.
    Add,
    /// Off → Enrolling; an enrolling account takes a new enrolment code.
    Enable {
        /// A hash of what has to be typed before the first method is set up.
        enrolment_code: Option<[u8; 32]>,
    },
    /// No code for so many hours.
    Suspend(i64),
    /// Ends a suspension.
    Resume,
    /// All factors gone → Enrolling.
    Reset {
        /// As in [`Self::Enable`]; none: the password is enough for the first method.
        enrolment_code: Option<[u8; 32]>,
    },
    /// All secrets gone → Off.
    Remove,
    /// Ends every lock.
    Unlock,
    /// Time passes: what has ended is over for good. See [`Account::ends`].
    Tick,
}

impl std::fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Codes, fields and secrets are in them.
        f.write_str("Event")
    }
}

/// On whose word something new is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    /// The user has signed in with the password, and sets up the first method.
    Enrolment {
        /// At this channel.
        channel: Channel,
        /// The account's epoch then.
        epoch: u64,
        /// The hash of the enrolment code that was typed, if one was.
        code: Option<[u8; 32]>,
    },
    /// The user has brought a factor for this.
    Proof(&'a Proof),
}

/// What is to be confirmed.
pub enum Offered<'a> {
    /// A secret, with a code of it.
    Totp {
        /// The secret.
        totp: Totp,
        /// What the person typed.
        code: &'a str,
        /// As in [`Event::Answer`].
        window: u32,
    },
    /// A number or an address, with the code that was sent there.
    Sent {
        /// To which session.
        session: ChallengeId,
        /// What the person typed.
        code: &'a str,
    },
    /// A security key, which the daemon has checked.
    Key(Key),
}

/// To whom a code is sent.
#[derive(Debug, Clone)]
pub enum Recipient<'a> {
    /// To a factor of the account, which is to be answered with at this channel.
    Factor(Channel, &'a str),
    /// To a number or an address that is to become a method.
    Method(By<'a>, Kind),
    /// To an address that notices are to go to.
    Contact(By<'a>, Address),
    /// To the contact address, since the sign-in at this channel from there is unusual.
    SignIn(Channel, Source<'a>),
}

/// A secret that a person holds already, with what belongs to it.
pub struct Import<'a> {
    /// The secret.
    pub totp: Totp,
    /// A code of this step or an earlier one is spent, as the other program says. Steps before the present one are so
    /// whatever it says.
    pub spent: Option<u64>,
    /// Unused codes for emergencies.
    pub codes: &'a [&'a str],
    /// Whether an account that is protected already gets it beside what it has.
    pub beside: bool,
    /// Words for it.
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

/// What comes of an event.
#[derive(Debug)]
#[must_use]
pub struct Decision {
    /// For whoever brought the event.
    pub verdict: Verdict,
    /// The account as it is now; none: it stays as it was.
    pub next: Option<Account>,
}

/// The answer to an event.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// No second factor is required.
    NotRequired,
    /// A second factor is required: ask for one.
    Challenge,
    /// One is required, but not of this browser, which the person trusts.
    Trusted {
        /// The browser's id.
        browser: String,
    },
    /// No second factor is required, but nothing of this sign-in is known: ask for a code to the contact address.
    Unusual,
    /// Offer a secret, show it, and come back with [`Event::Confirm`].
    Enrol,
    /// The factor is verified.
    Accepted {
        /// The factor's id, [`BACKUP`](crate::factor::BACKUP), or [`CONTACT`](crate::factor::CONTACT).
        method: String,
        /// Backup codes left, when one was used now.
        backup_codes_left: Option<u32>,
    },
    /// The field's code is verified.
    AcceptedBehind {
        /// The factor's id, or [`BACKUP`](crate::factor::BACKUP).
        method: String,
        /// Backup codes left, when one was used now.
        backup_codes_left: Option<u32>,
        /// How many bytes of the field are the password.
        password: usize,
    },
    /// The field is this app password.
    AppPassword {
        /// Its id.
        id: String,
        /// When it was made.
        created: Time,
        /// What it opens.
        sealed: Sealed,
    },
    /// Send the code there.
    Send {
        /// Where.
        to: Destination,
        /// From when on another may be sent.
        again: Time,
    },
    /// A factor was added.
    Added {
        /// Its id.
        method: String,
        /// A set of backup codes, when it was the first.
        backup_codes: Option<backup::Shown>,
    },
    /// Done.
    Done,
    /// There is a new set of backup codes.
    Codes(backup::Shown),
    /// It was so already.
    Already,
    /// No.
    Refused(Refusal),
}
