//! The events of an account as data, so that tables and random sequences can hold them. Each goes to the function of
//! the rules that decides about it, and all results have one form. Only tests need this: the daemon calls the functions.

#![allow(dead_code, unused_imports, reason = "each test uses its part of it")]

mod refusal;

pub(crate) use postern_rules::decide::entitlement::By;
pub(crate) use postern_rules::decide::import::Import;
pub(crate) use postern_rules::decide::methods::Offered;
pub(crate) use postern_rules::decision::Random;
pub(crate) use refusal::Refusal;

use postern_rules::account::FieldFingerprint;
use postern_rules::app_password::{AppPassword, Sealed};
use postern_rules::contact::{Address, Destination};
use postern_rules::decide::administer;
use postern_rules::decide::answer::{Code, KeyResponse, SignIn, answer, answer_key};
use postern_rules::decide::app_passwords::{self, Administrator, Made, Owner};
use postern_rules::decide::ask::{self, AskVerdict, Requirement};
use postern_rules::decide::browsers;
use postern_rules::decide::code::Accepted;
use postern_rules::decide::field::{Field, FieldAccepted, field};
use postern_rules::decide::import::{Imported, import};
use postern_rules::decide::methods::{self, Added, Confirmation, Confirmed};
use postern_rules::decide::own;
use postern_rules::decide::requests;
use postern_rules::decide::sent::{Draft, NewRecipient, Send, SignInRecipient, for_setup, for_sign_in};
use postern_rules::decision::{self, Outcome, Settled};
use postern_rules::notice::Cause;
use postern_rules::sent::ChallengeId;
use postern_rules::source::{Source, Token};
use postern_rules::totp::Totp;
use postern_rules::{Account, Channel, Kind, Platform, Proof, Time, backup};

/// The result of an event.
pub(crate) type Decision = decision::Decision<Verdict>;

/// An event.
pub(crate) enum Event<'a> {
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

/// The recipient of a code.
#[derive(Clone)]
pub(crate) enum Recipient<'a> {
    /// A factor of the account, which is then answered with at this channel.
    Factor(Channel, &'a str),
    /// A number or an address that is to become a method.
    Method(By<'a>, Kind),
    /// An address that is to become the contact address.
    Contact(By<'a>, Address),
    /// The contact address, since the sign-in at this channel from this source is unusual.
    SignIn(Channel, Source<'a>),
}

/// The answer to an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
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

/// Decides about an event. What has expired is written with each of them.
pub(crate) fn decide(account: &Account, platform: &Platform, event: Event<'_>, now: Time) -> Decision {
    let it = Settled::of(account, platform, now);
    if let Event::AskFor { channel, source } = event {
        let [stored, settled] = [account, it.account()].map(|it| ask::ask(it, platform, channel, source, now));
        assert_eq!(stored, settled, "what has expired counts for nothing, whether it is removed or not");
    }
    let Decision { verdict, next } = decided(&it, event);
    Decision { verdict, next: next.or_else(|| it.expired().cloned()) }
}

fn decided(it: &Settled<'_>, event: Event<'_>) -> Decision {
    let (account, platform, now) = (it.account(), it.platform(), it.now());
    match event {
        Event::Ask(channel) => unchanged(ask::required(account, platform, channel, Source::default(), now)),
        Event::AskFor { channel, source } => unchanged(ask::ask(account, platform, channel, source, now)),
        Event::SignedIn { channel, source } => one(browsers::signed_in(it, channel, source)),
        Event::Answer { channel, method, code, window, session, source, trust } => {
            one(answer(it, SignIn { channel, source, trust }, &Code { method, code, window, session }))
        }
        Event::AnswerKey { channel, key, session, until, source, trust } => {
            one(answer_key(it, SignIn { channel, source, trust }, &KeyResponse { key, session, until }))
        }
        Event::Send { to, session, replaces, code } => sent(it, to, &Draft { session, replaces, code }),
        Event::Field { channel, text, window, again, source } => {
            one(field(it, &Field { channel, text, window, again, source }))
        }
        Event::Confirm { by, offered, description, random, source } => {
            one(methods::confirm(it, Confirmation { by, offered, description, random, source }))
        }
        Event::AddTotp { totp, description, random } => one(methods::add_totp(it, totp, description, random)),
        Event::ImportTotp(imported) => one(import(it, imported)),
        Event::RemoveFactor(id) => one(methods::remove_factor(it, id)),
        Event::AddAppPassword { fresh, epoch, proof: None, renewed } => {
            one(app_passwords::add(it, Made { fresh, epoch, renewed }, &Administrator))
        }
        Event::AddAppPassword { fresh, epoch, proof: Some(proof), renewed } => {
            one(app_passwords::add(it, Made { fresh, epoch, renewed }, &Owner(proof)))
        }
        Event::RevokeAppPassword { id, proof: None } => one(app_passwords::revoke(it, id)),
        Event::RevokeAppPassword { id, proof: Some(proof) } => one(app_passwords::revoke_own(it, id, proof)),
        Event::RenewAppPasswords(sealed) => app_passwords::renew(it, sealed).map(Verdict::from),
        Event::SealedRefused { id, created, sealed } => {
            app_passwords::outdate(it, id, (created, sealed)).map(Verdict::from)
        }
        Event::Rename { id, proof, description } => one(own::rename(it, id, proof, description)),
        Event::RemoveOwn { id, proof } => one(own::remove(it, id, proof)),
        Event::MakeBackupCodes { proof, random } => one(own::make_backup_codes(it, proof, random)),
        Event::DeleteBackupCodes { proof } => one(own::delete_backup_codes(it, proof)),
        Event::RemoveContact { proof } => one(own::remove_contact(it, proof)),
        Event::RevokeTrust { id, proof } => one(browsers::revoke(it, id, proof)),
        Event::RevokeOtherTrust { browser, proof } => one(browsers::revoke_others(it, browser, proof)),
        Event::SetLanguage { language, proof } => one(own::set_language(it, language, proof)),
        Event::OpenRequest(channel) => one(requests::open(it, channel)),
        Event::SetContact(address) => administer::set_contact(it, address).map(Verdict::from),
        Event::Add => administer::add(it).map(Verdict::from),
        Event::Enable { enrolment_code } => one(administer::enable(it, enrolment_code)),
        Event::Suspend(hours) => one(administer::suspend(it, hours)),
        Event::Resume => one(administer::resume(it)),
        Event::Reset { enrolment_code } => one(administer::reset(it, enrolment_code)),
        Event::Remove => administer::remove(it).map(Verdict::from),
        Event::Unlock => administer::unlock(it).map(Verdict::from),
        Event::Tick => unchanged(if it.expired().is_some() { Outcome::Done } else { Outcome::Already }),
    }
}

fn sent(it: &Settled<'_>, to: Recipient<'_>, draft: &Draft<'_>) -> Decision {
    match to {
        Recipient::Factor(channel, id) => one(for_sign_in(it, &SignInRecipient::Factor(channel, id), draft)),
        Recipient::SignIn(channel, source) => one(for_sign_in(it, &SignInRecipient::Contact(channel, source), draft)),
        Recipient::Method(by, kind) => one(for_setup(it, &NewRecipient::Method(by, kind), draft)),
        Recipient::Contact(by, address) => one(for_setup(it, &NewRecipient::Contact(by, address), draft)),
    }
}

fn unchanged(verdict: impl Into<Verdict>) -> Decision {
    Decision { verdict: verdict.into(), next: None }
}

/// The one form of a result that may be a refusal.
fn one<T: Into<Verdict>, R: Into<Refusal>>(decision: decision::Decision<Result<T, R>>) -> Decision {
    decision.map(|verdict| verdict.map_or_else(|refusal| Verdict::Refused(refusal.into()), Into::into))
}

impl Verdict {
    /// What it adds to the two accounts of a change, for the notices.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Accepted { backup_codes_left: Some(left), .. }
            | Self::AcceptedBehind { backup_codes_left: Some(left), .. } => Cause::BackupCodeUsed(*left),
            Self::Codes(_) => Cause::BackupCodesMade,
            Self::Added { .. } => Cause::MethodAdded,
            _ => Cause::Other,
        }
    }
}

impl From<()> for Verdict {
    fn from((): ()) -> Self {
        Self::Done
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Already => Self::Already,
        }
    }
}

impl From<Requirement> for Verdict {
    fn from(required: Requirement) -> Self {
        match required {
            Requirement::Nothing => Self::NotRequired,
            Requirement::Factor => Self::Challenge,
            Requirement::Enrolment => Self::Enrol,
            Requirement::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

impl From<AskVerdict> for Verdict {
    fn from(verdict: AskVerdict) -> Self {
        match verdict {
            AskVerdict::NotRequired => Self::NotRequired,
            AskVerdict::Trusted { browser } => Self::Trusted { browser },
            AskVerdict::Challenge => Self::Challenge,
            AskVerdict::Unusual => Self::Unusual,
            AskVerdict::NoContact => Self::Refused(Refusal::Unusual),
            AskVerdict::Enrol => Self::Enrol,
            AskVerdict::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

impl From<Accepted> for Verdict {
    fn from(Accepted { method, backup_codes_left }: Accepted) -> Self {
        Self::Accepted { method, backup_codes_left }
    }
}

impl From<FieldAccepted> for Verdict {
    fn from(accepted: FieldAccepted) -> Self {
        match accepted {
            FieldAccepted::NotRequired => Self::NotRequired,
            FieldAccepted::PasswordAndCode { factor: Accepted { method, backup_codes_left }, password } => {
                Self::AcceptedBehind { method, backup_codes_left, password }
            }
            FieldAccepted::AppPassword { id, created, sealed } => Self::AppPassword { id, created, sealed },
        }
    }
}

impl From<Send> for Verdict {
    fn from(Send { to, again }: Send) -> Self {
        Self::Send { to, again }
    }
}

impl From<Added> for Verdict {
    fn from(Added { method, backup_codes }: Added) -> Self {
        Self::Added { method, backup_codes }
    }
}

impl From<Confirmed> for Verdict {
    fn from(confirmed: Confirmed) -> Self {
        match confirmed {
            Confirmed::Method(added) => added.into(),
            Confirmed::Contact => Self::Done,
        }
    }
}

impl From<Imported> for Verdict {
    fn from(imported: Imported) -> Self {
        match imported {
            Imported::Added { method } => Self::Added { method, backup_codes: None },
            Imported::Already => Self::Already,
        }
    }
}

impl From<backup::Shown> for Verdict {
    fn from(codes: backup::Shown) -> Self {
        Self::Codes(codes)
    }
}
