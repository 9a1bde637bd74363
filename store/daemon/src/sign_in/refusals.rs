//! The refusals of the rules in the form that fronts receive.

use postern_rules::Time;
use postern_rules::decide::answer::AnswerRefusal;
use postern_rules::decide::app_passwords::{NotAllowed, RevokeOwnRefusal};
use postern_rules::decide::ask::{NotChallenged, NotUnusual, SignInRefusal};
use postern_rules::decide::code::CodeRefusal;
use postern_rules::decide::entitlement::NotEntitled;
use postern_rules::decide::field::FieldRefusal;
use postern_rules::decide::methods::{ConfirmRefusal, RemoveRefusal};
use postern_rules::decide::own::{RemoveOwnRefusal, RenameRefusal};
use postern_rules::decide::requests::RequestRefusal;
use postern_rules::decide::sent::{PrepareRefusal, SetUpRefusal};
use postern_rules::enrolment::NoAuthority;
use postern_rules::offers::BeginRefusal;
use postern_rules::proof::{ProofRefusal, RewordRefusal, Stale};
use postern_rules::sent::NotNow;
use postern_wire::auth::{Reason, Refusal};

/// A refusal of the rules that a front can receive.
pub(crate) trait ToFront {
    /// The refusal in the wire format.
    fn to_front(self) -> Refusal;
}

/// Returns a refusal of the rules in the wire format.
pub(crate) fn refused(why: impl ToFront) -> Refusal {
    why.to_front()
}

fn until(reason: Reason, until: Time) -> Refusal {
    Refusal { until: Some(until.0), ..Refusal::new(reason) }
}

impl ToFront for SignInRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Unlisted => Refusal::new(Reason::Name),
            Self::Unenrolled => Refusal::new(Reason::Unenrolled),
            Self::Locked(Some(time)) => until(Reason::Locked, time),
            Self::Locked(None) => Refusal::new(Reason::Locked),
        }
    }
}

impl ToFront for NotChallenged {
    fn to_front(self) -> Refusal {
        match self {
            Self::Stale => Refusal::new(Reason::Stale),
            Self::Refused(why) => why.to_front(),
        }
    }
}

impl ToFront for NotUnusual {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::NoContact => Refusal::new(Reason::Unusual),
        }
    }
}

impl ToFront for CodeRefusal {
    fn to_front(self) -> Refusal {
        let failures = match self {
            Self::Wrong { failures } => failures,
            // The user learns no more than for any wrong code; the journal has the details.
            Self::Spent { failures } => {
                tracing::info!(target: "signin", "a code that was used just before came once more; it is not counted");
                failures
            }
        };
        Refusal { failures: Some(failures), ..Refusal::new(Reason::Wrong) }
    }
}

impl ToFront for AnswerRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::NoContact => Refusal::new(Reason::Unusual),
            Self::NotACode => Refusal::new(Reason::Unfit),
            Self::Code(why) => why.to_front(),
            Self::Copied { .. } => Refusal::new(Reason::Copied),
        }
    }
}

impl ToFront for FieldRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::Code(why) => why.to_front(),
            // To the user these look like a wrong code.
            Self::NotInOneField | Self::Elsewhere => Refusal::new(Reason::Wrong),
            Self::Expired | Self::Outdated => Refusal::new(Reason::Expired),
        }
    }
}

impl ToFront for NotNow {
    fn to_front(self) -> Refusal {
        match self {
            Self::TooSoon(time) => until(Reason::TooSoon, time),
            Self::TooMany(time) => until(Reason::TooMany, time),
        }
    }
}

impl ToFront for PrepareRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::NoContact => Refusal::new(Reason::Unusual),
            Self::NoSuchFactor => Refusal::new(Reason::Stale),
            Self::NotNow(why) => why.to_front(),
        }
    }
}

impl ToFront for BeginRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::NotOffered => Refusal::new(Reason::NotOffered),
        }
    }
}

impl ToFront for NoAuthority {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::EnrolmentCode => Refusal::new(Reason::EnrolmentCode),
        }
    }
}

impl ToFront for NotEntitled {
    fn to_front(self) -> Refusal {
        match self {
            Self::Stale => Refusal::new(Reason::Stale),
            Self::EnrolmentCode => Refusal::new(Reason::EnrolmentCode),
            Self::Proof(why) => why.to_front(),
        }
    }
}

impl ToFront for SetUpRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotEntitled(why) => why.to_front(),
            Self::SameSecret => Refusal::new(Reason::InUse),
            Self::NotOffered => Refusal::new(Reason::NotOffered),
            Self::NotNow(why) => why.to_front(),
        }
    }
}

impl ToFront for ConfirmRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Stale => Refusal::new(Reason::Stale),
            Self::NotEntitled(why) => why.to_front(),
            Self::Wrong => Refusal { failures: Some(0), ..Refusal::new(Reason::Wrong) },
            Self::NotOffered => Refusal::new(Reason::NotOffered),
            Self::Full => Refusal::new(Reason::TooMany),
            Self::SameSecret => Refusal::new(Reason::InUse),
        }
    }
}

impl ToFront for Stale {
    fn to_front(self) -> Refusal {
        Refusal::new(Reason::Stale)
    }
}

impl ToFront for ProofRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Stale => Refusal::new(Reason::Stale),
            Self::NotFresh => Refusal::new(Reason::NotFresh),
            Self::TooMany(time) => until(Reason::TooMany, time),
        }
    }
}

impl ToFront for RewordRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Stale => Refusal::new(Reason::Stale),
            Self::TooMany(time) => until(Reason::TooMany, time),
        }
    }
}

impl ToFront for RenameRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Reword(why) => why.to_front(),
            Self::NoSuchFactor => Refusal::new(Reason::Stale),
        }
    }
}

impl ToFront for RemoveOwnRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Proof(why) => why.to_front(),
            Self::Method(RemoveRefusal::NoSuchFactor) => Refusal::new(Reason::Stale),
            Self::Method(RemoveRefusal::OnlyFactor) => Refusal::new(Reason::OnlyMethod),
        }
    }
}

impl ToFront for RevokeOwnRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::Stale | Self::NoSuchAppPassword => Refusal::new(Reason::Stale),
        }
    }
}

impl ToFront for NotAllowed {
    fn to_front(self) -> Refusal {
        match self {
            Self::Off => Refusal::new(Reason::Stale),
            Self::Proof(why) => why.to_front(),
        }
    }
}

impl ToFront for RequestRefusal {
    fn to_front(self) -> Refusal {
        match self {
            Self::NotChallenged(why) => why.to_front(),
            Self::TooMany(time) => until(Reason::TooMany, time),
        }
    }
}
