//! What the pages show: one view model for each, filled in by the driver.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::paths;

/// What surrounds every page.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Public name of the platform or host, such as "Example Mail".
    pub brand: &'a str,
    /// The mailbox whose password was accepted; `None` before that.
    pub mailbox: Option<&'a str>,
    /// The time of this answer, for "in about 5 minutes".
    pub now: Timestamp,
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
    /// The methods that the account can use instead.
    ChooseMethod(ChooseMethod),
    /// No code is judged for now. The same page whether the last code was right or wrong: it cannot know.
    Locked(Locked),
    /// The session is over; sign in again.
    SessionEnded,
    /// The daemon cannot be asked.
    Unavailable,
    /// This sign-in is refused. Says nothing about whether the name exists.
    Refused,
    /// The request made no sense.
    BadRequest,
    /// No page has this address.
    NotFound,
}

impl Page {
    /// The address where a GET shows this page again; [`paths::HOME`] for a notice, which any address may show.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::SetUp(_) => paths::SET_UP,
            Self::BackupCodes(_) => paths::BACKUP_CODES,
            Self::Challenge(_) => paths::CODE,
            Self::ChallengeBackup(_) => paths::BACKUP_CODE,
            Self::ChooseMethod(_) => paths::METHODS,
            Self::Locked(_)
            | Self::SessionEnded
            | Self::Unavailable
            | Self::Refused
            | Self::BadRequest
            | Self::NotFound => paths::HOME,
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
    /// What was wrong with the code that was sent.
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
    /// What was wrong with the code that was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::ChallengeBackup`].
#[derive(Clone, Debug)]
pub struct ChallengeBackup {
    /// Whether the account has other methods to offer.
    pub others: bool,
    /// What was wrong with the code that was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::ChooseMethod`].
#[derive(Clone, Debug)]
pub struct ChooseMethod {
    /// What the account can use now, in the order to show; backup codes are one of them.
    pub methods: Vec<Method>,
}

/// See [`Page::Locked`].
#[derive(Clone, Debug)]
pub struct Locked {
    /// When codes are judged again; `None` when only an administrator can unlock the account.
    pub until: Option<Timestamp>,
}

/// One way to confirm a sign-in.
#[derive(Clone, Debug)]
pub struct Method {
    /// The daemon's id of it, which comes back in [`fields::METHOD`](super::fields::METHOD).
    pub id: String,
    /// What it is.
    pub kind: MethodKind,
    /// What its owner calls it, such as "Phone of Bob"; may be empty.
    pub description: String,
}

/// Kinds of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// An authenticator app that shows time-based codes.
    Authenticator,
    /// The list of single-use codes.
    BackupCode,
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// What was sent cannot be a code (empty, letters, a wrong length), so it does not count as a miss.
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
}

/// A string that must not reach a log: `Debug` redacts it, dropping wipes it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over `secret`.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// For the page that shows it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
