//! What the pages show: one view model for each, filled in by the driver.

use jiff::Timestamp;

use super::method::{Method, MethodKind};
use super::paths;
use super::secret::Secret;
use super::security::{ChangePage, NewAppPassword, Security};

/// What surrounds every page.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Public name of the platform or host, such as "Example Mail".
    pub brand: &'a str,
    /// The mailbox whose password was accepted; `None` before that.
    pub mailbox: Option<&'a str>,
    /// The time of this answer, for "in about 5 minutes".
    pub now: Timestamp,
    /// Whether the person is in, and looks after their account: the pages of a sign-in then serve to confirm or to add
    /// something.
    pub signed_in: bool,
    /// What a code is asked for then, where it is.
    pub purpose: Option<&'a Purpose>,
}

/// What a code is asked for, in the midst of a session.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// The Security page is shown.
    Look,
    /// A method of this kind is set up, or a contact address.
    Add {
        /// Which.
        kind: MethodKind,
        /// The number or address; empty where there is none.
        to: String,
    },
    /// A method goes; `None`: one that cannot be answered with.
    RemoveMethod(Option<Method>),
    /// New backup codes.
    MakeCodes,
    /// The backup codes go.
    DeleteCodes,
    /// A new app password.
    CreateAppPassword,
    /// The contact address goes.
    RemoveContact,
}

/// The pages.
#[derive(Clone, Debug)]
pub enum Page {
    /// The first method is set up: QR code, secret, the code that proves it was taken over.
    SetUp(SetUp),
    /// The backup codes, shown once, right after the first method was confirmed.
    BackupCodes(BackupCodes),
    /// A code of the method in use is asked for.
    Challenge(Challenge),
    /// A backup code is asked for.
    ChallengeBackup(ChallengeBackup),
    /// A code that was sent is asked for.
    SentCode(SentCode),
    /// A security key is asked for.
    Key(Key),
    /// The methods that the account can use instead.
    ChooseMethod(ChooseMethod),
    /// Someone with none of the methods left asks the administrator for a reset.
    Lost(Lost),
    /// The administrator sees the request.
    Requested(RequestMade),
    /// The administrator's enrolment code is asked for, before the first method is set up.
    EnrolmentCode(EnrolmentCode),
    /// The first method is set up: the number or address that codes shall go to is asked for.
    SetUpTo(SetUpTo),
    /// The first method is set up: the code that was sent there is asked for.
    SetUpSent(SetUpSent),
    /// The first method is set up: a security key.
    SetUpKey(SetUpKey),
    /// Everything of a person's own account.
    Security(Security),
    /// The same for a session that was let in without a second factor: there is nothing to look after.
    SecurityOff,
    /// The same for one of a trusted browser: the person confirms first that it is them.
    ProveFirst,
    /// One change of it: a form, or the question whether it is meant.
    Change(ChangePage),
    /// A new app password, shown once.
    AppPassword(NewAppPassword),
    /// So few backup codes are left after this sign-in.
    FewCodes(u32),
    /// No code is judged for now. The same page whether the last code was right or wrong: it cannot know.
    Locked(Locked),
    /// No method can be used: codes cannot be sent, or there is a copy of the security key.
    NoMethod,
    /// The sign-in looks unusual, and there is no address that a code could be sent to.
    Unusual,
    /// The session is over, for this reason; sign in again.
    SessionEnded(Ended),
    /// The daemon cannot be asked.
    Unavailable,
    /// This sign-in is refused. Says nothing about whether the name exists.
    Refused,
    /// The request made no sense.
    BadRequest,
    /// No page has this address.
    NotFound,
    /// The request is for another host than this one.
    OtherHost,
    /// The webmail behind gives no answer that can be shown.
    NoAnswer,
}

impl Page {
    /// The address where a GET shows this page again; [`paths::HOME`] for a notice, which any address may show.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::SetUp(_) | Self::EnrolmentCode(_) | Self::SetUpTo(_) | Self::SetUpSent(_) | Self::SetUpKey(_) => {
                paths::SET_UP
            }
            Self::BackupCodes(_) | Self::FewCodes(_) => paths::BACKUP_CODES,
            // A change's own address has a query, to which the language switch does not come back.
            Self::Security(_) | Self::SecurityOff | Self::ProveFirst | Self::Change(_) => paths::SECURITY,
            Self::AppPassword(_) => paths::APP_PASSWORD,
            Self::Challenge(_) | Self::SentCode(_) | Self::Key(_) | Self::NoMethod => paths::CODE,
            Self::Locked(view) if view.may_request => paths::CODE,
            Self::ChallengeBackup(_) => paths::BACKUP_CODE,
            Self::ChooseMethod(_) => paths::METHODS,
            Self::Lost(_) | Self::Requested(_) => paths::LOST,
            Self::Locked(_)
            | Self::Unusual
            | Self::SessionEnded(_)
            | Self::Unavailable
            | Self::Refused
            | Self::BadRequest
            | Self::NotFound
            | Self::OtherHost
            | Self::NoAnswer => paths::HOME,
        }
    }
}

/// See [`Page::SetUp`].
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The `otpauth://` URI that the QR code holds.
    pub uri: Secret,
    /// The same secret in base32, ungrouped, to be typed by hand.
    pub secret: Secret,
    /// The description as typed so far, so that a wrong code does not cost it; else empty.
    pub description: String,
    /// What can be set up in place of it.
    pub others: Vec<MethodKind>,
    /// What was wrong with the code that was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::EnrolmentCode`].
#[derive(Clone, Debug)]
pub struct EnrolmentCode {
    /// What was wrong with the code that was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::SetUpTo`].
#[derive(Clone, Debug)]
pub struct SetUpTo {
    /// [`MethodKind::Sms`] or [`MethodKind::Email`].
    pub kind: MethodKind,
    /// The number or address as typed so far; else empty.
    pub to: String,
    /// What can be set up in place of it.
    pub others: Vec<MethodKind>,
    /// What was wrong with what was typed.
    pub problem: Option<Problem>,
}

/// See [`Page::SetUpSent`].
#[derive(Clone, Debug)]
pub struct SetUpSent {
    /// [`MethodKind::Sms`] or [`MethodKind::Email`].
    pub kind: MethodKind,
    /// Where the code went.
    pub to: String,
    /// From when on another may be asked for.
    pub again: Timestamp,
    /// As in [`SetUp::description`].
    pub description: String,
    /// What can be set up in place of it.
    pub others: Vec<MethodKind>,
    /// What was wrong with the code, or why no other was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::SetUpKey`].
#[derive(Clone, Debug)]
pub struct SetUpKey {
    /// For `navigator.credentials.create`, as JSON.
    pub options: String,
    /// As in [`SetUp::description`].
    pub description: String,
    /// What can be set up in place of it.
    pub others: Vec<MethodKind>,
    /// What was wrong with the key's response.
    pub problem: Option<Problem>,
}

/// See [`Page::BackupCodes`].
#[derive(Clone, Debug)]
pub struct BackupCodes {
    /// The codes, written as they are to be kept.
    pub codes: Vec<Secret>,
    /// Whether the form came without the tick that says they are saved.
    pub not_ticked: bool,
}

/// See [`Page::Challenge`].
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The method whose code is asked for.
    pub method: Method,
    /// Whether the account has other methods to offer.
    pub others: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the code that was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::ChallengeBackup`].
#[derive(Clone, Debug)]
pub struct ChallengeBackup {
    /// Whether the account has other methods to offer.
    pub others: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the code that was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::SentCode`].
#[derive(Clone, Debug)]
pub struct SentCode {
    /// The method; [`Method::hint`] says where its codes go.
    pub method: Method,
    /// Whether a code was sent to this sign-in.
    pub sent: bool,
    /// From when on another may be asked for; `None` for now.
    pub again: Option<Timestamp>,
    /// Whether the account has other methods to offer.
    pub others: bool,
    /// Whether it is asked because the sign-in looks unusual, of an account without a second factor.
    pub unusual: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the code, or why none was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::Key`].
#[derive(Clone, Debug)]
pub struct Key {
    /// The method.
    pub method: Method,
    /// For `navigator.credentials.get`, as JSON; `None` where there are none at present.
    pub options: Option<String>,
    /// Whether the account has other methods to offer.
    pub others: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the key's response, or why there is nothing to sign.
    pub problem: Option<Problem>,
}

/// See [`Page::Lost`]. The texts are as typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// How the administrator reaches the person.
    pub contact: String,
    /// What happened.
    pub reason: String,
    /// What proves that it is the owner who asks.
    pub evidence: String,
    /// Whether there are methods to try instead.
    pub others: bool,
    /// Why there is no request yet.
    pub problem: Option<LostProblem>,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostProblem {
    /// A text is missing, or does not say what it should.
    Incomplete,
    /// No request is taken now; the next one not before `until`, where that is known.
    NotNow {
        /// When one is taken again.
        until: Option<Timestamp>,
    },
    /// Requests are not taken here at all.
    NotOffered,
}

/// See [`Page::Requested`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestMade {
    /// When it was made.
    pub when: Requested,
    /// Whether there are methods to try instead.
    pub others: bool,
}

/// When a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It has just been made.
    Now,
    /// There was one already.
    Before,
}

/// See [`Page::ChooseMethod`].
#[derive(Clone, Debug)]
pub struct ChooseMethod {
    /// What the account can use instead, in the order to show; backup codes are one of them.
    pub methods: Vec<Method>,
    /// What the person comes from, and can go back to.
    pub left: Option<MethodKind>,
    /// Why another method is needed than the one before.
    pub problem: Option<Problem>,
}

/// See [`Page::Locked`].
#[derive(Clone, Debug)]
pub struct Locked {
    /// When codes are judged again; `None` when only an administrator can unlock the account.
    pub until: Option<Timestamp>,
    /// Whether whoever sees this can ask the administrator for a reset.
    pub may_request: bool,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody knows (any more).
    Unknown,
    /// The sign-in took longer than it may.
    SlowSignIn,
    /// It was not used for as long as it may rest.
    Idle,
    /// It was open for as long as it may be at all.
    Old,
    /// The form of this step was taken: what follows has a session of its own, which this browser, or this page of it,
    /// does not have.
    GoneOn,
    /// The browser has begun another sign-in in its place.
    Replaced,
    /// Somebody has signed in with another password, so the one that it began with is an old one.
    OtherPassword,
    /// Its owner has ended it from another session.
    SignedOutElsewhere,
    /// The person has signed out, or has given the sign-in up.
    SignedOut,
    /// What it rests on was changed, by an administrator or by its owner.
    AccountChanged,
    /// The mailbox, or this place, had more sessions than may be.
    TooMany,
    /// The webmail has ended it.
    Webmail,
}

impl Ended {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::SlowSignIn,
        Self::Idle,
        Self::Old,
        Self::GoneOn,
        Self::Replaced,
        Self::OtherPassword,
        Self::SignedOutElsewhere,
        Self::SignedOut,
        Self::AccountChanged,
        Self::TooMany,
        Self::Webmail,
    ];
}

/// The offer to ask for no code in this browser for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// For how long.
    pub days: u32,
    /// Whether the person has ticked it already.
    pub chosen: bool,
}

/// Why a code, or whatever else a page asks for, was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// What was sent cannot be what is asked for: no code (empty, letters, a wrong length), no number in international
    /// form, no address, no response of a security key. It does not count as a miss.
    NotACode,
    /// A wrong code, or one that was used already.
    Wrong {
        /// How many codes in a row were wrong, this one included.
        misses: u32,
    },
    /// Codes are not judged again before `until`; the same whether this one was right or wrong.
    TooEarly {
        /// When the next code is judged.
        until: Timestamp,
    },
    /// The account has it already, or another one has.
    InUse,
    /// No other code is sent so soon.
    TooSoon {
        /// When another may be asked for.
        until: Timestamp,
    },
    /// No more codes are sent today.
    TooMany {
        /// When another may be asked for, where that is known.
        until: Option<Timestamp>,
    },
    /// The code could not be sent.
    NotSent,
    /// There is a copy of the security key, which is not accepted any more.
    Copied,
}
