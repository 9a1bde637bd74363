//! The reasons for a refusal in one form.

use postern_rules::Time;
use postern_rules::decide::administer::{NotSuspended, Off, SuspendRefusal, Suspended};
use postern_rules::decide::answer::AnswerRefusal;
use postern_rules::decide::app_passwords::{MakeRefusal, NoSuchAppPassword, NotAllowed, RevokeOwnRefusal};
use postern_rules::decide::ask::{NotChallenged, NotUnusual, SignInRefusal};
use postern_rules::decide::code::CodeRefusal;
use postern_rules::decide::entitlement::NotEntitled;
use postern_rules::decide::field::FieldRefusal;
use postern_rules::decide::import::ImportRefusal;
use postern_rules::decide::methods::{AddRefusal, ConfirmRefusal, RemoveRefusal};
use postern_rules::decide::own::{RemoveOwnRefusal, RenameRefusal};
use postern_rules::decide::requests::RequestRefusal;
use postern_rules::decide::sent::{PrepareRefusal, SetUpRefusal};
use postern_rules::enrolment::NoAuthority;
use postern_rules::offers::BeginRefusal;
use postern_rules::proof::{ProofRefusal, RewordRefusal, Stale};
use postern_rules::sent::NotNow;

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The app password is right, but is not accepted from this network or for this service.
    Elsewhere,
    /// The app password is right, but expired.
    Expired,
    /// The app password is right, but the mailbox's password has changed since it was sealed.
    Outdated,
    /// Another code may not be sent before then.
    TooSoon(Time),
    /// The limit is reached: no more codes are sent, changes made or requests opened before then.
    TooMany(Time),
    /// No administrator has listed an account of this name, and the platform refuses such names.
    Unlisted,
    /// The source of the sign-in is unknown, and there is no contact address.
    Unusual,
    /// The platform does not offer such methods.
    NotOffered,
    /// The security key's counter has decreased, now or earlier: the key was copied, and is refused.
    Copied {
        /// The factor's id.
        method: String,
    },
    /// No app password has that id.
    NoSuchAppPassword,
    /// The account already has an app password with that id: draw again.
    SameId,
    /// The platform does not accept a password and a code in one field.
    NotInOneField,
    /// The input cannot be a code of the requested method: a typing error, which is not a guess and is not counted.
    NotACode,
    /// The code is wrong, or already used; with the count of failures at that channel.
    Wrong {
        /// Wrong codes in a row.
        failures: u32,
    },
    /// The code is the one that was accepted last. It is not counted; with the count of failures at that channel.
    Spent {
        /// Wrong codes in a row.
        failures: u32,
    },
    /// Too many wrong codes at that channel: it is locked until then, or until an administrator unlocks it.
    Locked(Option<Time>),
    /// The account must enrol first, and this channel cannot do that.
    Unenrolled,
    /// The administrator's enrolment code is required, and is missing or wrong.
    EnrolmentCode,
    /// A code of this step cannot have been used at another program: the step is in the future.
    FutureStep(u64),
    /// The request refers to a state that has changed: ask again.
    Stale,
    /// The change requires a factor that is given for it.
    NotFresh,
    /// The account is off: enable it first.
    Off,
    /// The account is suspended until then: resume it first.
    Suspended(Time),
    /// There is no suspension to end.
    NotSuspended,
    /// Not within `SUSPEND_HOURS`.
    Hours(i64),
    /// No factor has that id.
    NoSuchFactor,
    /// It is the only usable factor of the account: reset or remove the account instead.
    OnlyFactor,
    /// The account has that secret already.
    SameSecret,
    /// The account is protected already.
    Protected,
    /// The account has the maximum number of factors.
    Full,
}

impl From<SignInRefusal> for Refusal {
    fn from(why: SignInRefusal) -> Self {
        match why {
            SignInRefusal::Unlisted => Self::Unlisted,
            SignInRefusal::Unenrolled => Self::Unenrolled,
            SignInRefusal::Locked(until) => Self::Locked(until),
        }
    }
}

impl From<NotChallenged> for Refusal {
    fn from(why: NotChallenged) -> Self {
        match why {
            NotChallenged::Stale => Self::Stale,
            NotChallenged::Refused(why) => why.into(),
        }
    }
}

impl From<NotUnusual> for Refusal {
    fn from(why: NotUnusual) -> Self {
        match why {
            NotUnusual::NotChallenged(why) => why.into(),
            NotUnusual::NoContact => Self::Unusual,
        }
    }
}

impl From<CodeRefusal> for Refusal {
    fn from(why: CodeRefusal) -> Self {
        match why {
            CodeRefusal::Wrong { failures } => Self::Wrong { failures },
            CodeRefusal::Spent { failures } => Self::Spent { failures },
        }
    }
}

impl From<AnswerRefusal> for Refusal {
    fn from(why: AnswerRefusal) -> Self {
        match why {
            AnswerRefusal::NotChallenged(why) => why.into(),
            AnswerRefusal::NoContact => Self::Unusual,
            AnswerRefusal::NotACode => Self::NotACode,
            AnswerRefusal::Code(why) => why.into(),
            AnswerRefusal::Copied { method } => Self::Copied { method },
        }
    }
}

impl From<FieldRefusal> for Refusal {
    fn from(why: FieldRefusal) -> Self {
        match why {
            FieldRefusal::NotChallenged(why) => why.into(),
            FieldRefusal::NotInOneField => Self::NotInOneField,
            FieldRefusal::Code(why) => why.into(),
            FieldRefusal::Elsewhere => Self::Elsewhere,
            FieldRefusal::Expired => Self::Expired,
            FieldRefusal::Outdated => Self::Outdated,
        }
    }
}

impl From<NotNow> for Refusal {
    fn from(why: NotNow) -> Self {
        match why {
            NotNow::TooSoon(until) => Self::TooSoon(until),
            NotNow::TooMany(until) => Self::TooMany(until),
        }
    }
}

impl From<PrepareRefusal> for Refusal {
    fn from(why: PrepareRefusal) -> Self {
        match why {
            PrepareRefusal::NotChallenged(why) => why.into(),
            PrepareRefusal::NoContact => Self::Unusual,
            PrepareRefusal::NoSuchFactor => Self::NoSuchFactor,
            PrepareRefusal::NotNow(why) => why.into(),
        }
    }
}

impl From<NotEntitled> for Refusal {
    fn from(why: NotEntitled) -> Self {
        match why {
            NotEntitled::Stale => Self::Stale,
            NotEntitled::EnrolmentCode => Self::EnrolmentCode,
            NotEntitled::Proof(why) => why.into(),
        }
    }
}

impl From<SetUpRefusal> for Refusal {
    fn from(why: SetUpRefusal) -> Self {
        match why {
            SetUpRefusal::NotEntitled(why) => why.into(),
            SetUpRefusal::SameSecret => Self::SameSecret,
            SetUpRefusal::NotOffered => Self::NotOffered,
            SetUpRefusal::NotNow(why) => why.into(),
        }
    }
}

impl From<ConfirmRefusal> for Refusal {
    fn from(why: ConfirmRefusal) -> Self {
        match why {
            ConfirmRefusal::Stale => Self::Stale,
            ConfirmRefusal::NotEntitled(why) => why.into(),
            ConfirmRefusal::Wrong => Self::Wrong { failures: 0 },
            ConfirmRefusal::NotOffered => Self::NotOffered,
            ConfirmRefusal::Full => Self::Full,
            ConfirmRefusal::SameSecret => Self::SameSecret,
        }
    }
}

impl From<AddRefusal> for Refusal {
    fn from(why: AddRefusal) -> Self {
        match why {
            AddRefusal::Off => Self::Off,
            AddRefusal::Full => Self::Full,
            AddRefusal::SameSecret => Self::SameSecret,
        }
    }
}

impl From<ImportRefusal> for Refusal {
    fn from(why: ImportRefusal) -> Self {
        match why {
            ImportRefusal::FutureStep(step) => Self::FutureStep(step),
            ImportRefusal::Protected => Self::Protected,
            ImportRefusal::Full => Self::Full,
        }
    }
}

impl From<RemoveRefusal> for Refusal {
    fn from(why: RemoveRefusal) -> Self {
        match why {
            RemoveRefusal::NoSuchFactor => Self::NoSuchFactor,
            RemoveRefusal::OnlyFactor => Self::OnlyFactor,
        }
    }
}

impl From<Stale> for Refusal {
    fn from(Stale: Stale) -> Self {
        Self::Stale
    }
}

impl From<ProofRefusal> for Refusal {
    fn from(why: ProofRefusal) -> Self {
        match why {
            ProofRefusal::Stale => Self::Stale,
            ProofRefusal::NotFresh => Self::NotFresh,
            ProofRefusal::TooMany(until) => Self::TooMany(until),
        }
    }
}

impl From<RewordRefusal> for Refusal {
    fn from(why: RewordRefusal) -> Self {
        match why {
            RewordRefusal::Stale => Self::Stale,
            RewordRefusal::TooMany(until) => Self::TooMany(until),
        }
    }
}

impl From<RenameRefusal> for Refusal {
    fn from(why: RenameRefusal) -> Self {
        match why {
            RenameRefusal::Reword(why) => why.into(),
            RenameRefusal::NoSuchFactor => Self::NoSuchFactor,
        }
    }
}

impl From<RemoveOwnRefusal> for Refusal {
    fn from(why: RemoveOwnRefusal) -> Self {
        match why {
            RemoveOwnRefusal::Proof(why) => why.into(),
            RemoveOwnRefusal::Method(why) => why.into(),
        }
    }
}

impl From<RequestRefusal> for Refusal {
    fn from(why: RequestRefusal) -> Self {
        match why {
            RequestRefusal::NotChallenged(why) => why.into(),
            RequestRefusal::TooMany(until) => Self::TooMany(until),
        }
    }
}

impl From<NotAllowed> for Refusal {
    fn from(why: NotAllowed) -> Self {
        match why {
            NotAllowed::Off => Self::Off,
            NotAllowed::Proof(why) => why.into(),
        }
    }
}

impl<R: Into<Self>> From<MakeRefusal<R>> for Refusal {
    fn from(why: MakeRefusal<R>) -> Self {
        match why {
            MakeRefusal::Stale => Self::Stale,
            MakeRefusal::NotAllowed(why) => why.into(),
            MakeRefusal::Full => Self::Full,
            MakeRefusal::SameId => Self::SameId,
        }
    }
}

impl From<NoSuchAppPassword> for Refusal {
    fn from(NoSuchAppPassword: NoSuchAppPassword) -> Self {
        Self::NoSuchAppPassword
    }
}

impl From<RevokeOwnRefusal> for Refusal {
    fn from(why: RevokeOwnRefusal) -> Self {
        match why {
            RevokeOwnRefusal::Stale => Self::Stale,
            RevokeOwnRefusal::NoSuchAppPassword => Self::NoSuchAppPassword,
        }
    }
}

impl From<Suspended> for Refusal {
    fn from(Suspended(until): Suspended) -> Self {
        Self::Suspended(until)
    }
}

impl From<Off> for Refusal {
    fn from(Off: Off) -> Self {
        Self::Off
    }
}

impl From<NotSuspended> for Refusal {
    fn from(NotSuspended: NotSuspended) -> Self {
        Self::NotSuspended
    }
}

impl From<SuspendRefusal> for Refusal {
    fn from(why: SuspendRefusal) -> Self {
        match why {
            SuspendRefusal::Hours(hours) => Self::Hours(hours),
            SuspendRefusal::Off => Self::Off,
        }
    }
}

impl From<NoAuthority> for Refusal {
    fn from(why: NoAuthority) -> Self {
        match why {
            NoAuthority::NotChallenged(why) => why.into(),
            NoAuthority::EnrolmentCode => Self::EnrolmentCode,
        }
    }
}

impl From<BeginRefusal> for Refusal {
    fn from(why: BeginRefusal) -> Self {
        match why {
            BeginRefusal::NotChallenged(why) => why.into(),
            BeginRefusal::NotOffered => Self::NotOffered,
        }
    }
}
