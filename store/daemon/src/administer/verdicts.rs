//! The verdicts of the rules about administrators' changes: whether something changes, or the refusal in words.

use super::refuse;
use crate::clock;
use postern_rules::account::SUSPEND_HOURS;
use postern_rules::decide::administer::{NotSuspended, Off, SuspendRefusal, Suspended};
use postern_rules::decide::app_passwords::NoSuchAppPassword;
use postern_rules::decide::import::{ImportRefusal, Imported};
use postern_rules::decide::methods::{AddRefusal, RemoveRefusal};
use postern_rules::factor::FACTORS_MAX;
use postern_rules::{Mailbox, Outcome};
use postern_wire::admin::Refused;

/// A verdict about an administrator's change.
pub(super) trait Verdict {
    /// Whether something changes.
    ///
    /// # Errors
    /// The refusal in words.
    fn changes(&self, mailbox: &Mailbox) -> Result<bool, Refused>;
}

/// A refusal that an administrator can receive.
pub(super) trait Explain {
    /// The refusal in words, with a remedy.
    fn explain(&self, mailbox: &Mailbox) -> Refused;
}

impl Verdict for () {
    fn changes(&self, _: &Mailbox) -> Result<bool, Refused> {
        Ok(true)
    }
}

impl Verdict for Outcome {
    fn changes(&self, _: &Mailbox) -> Result<bool, Refused> {
        Ok(*self == Self::Done)
    }
}

impl Verdict for Imported {
    fn changes(&self, _: &Mailbox) -> Result<bool, Refused> {
        Ok(*self != Self::Already)
    }
}

impl<T: Verdict, R: Explain> Verdict for Result<T, R> {
    fn changes(&self, mailbox: &Mailbox) -> Result<bool, Refused> {
        match self {
            Ok(verdict) => verdict.changes(mailbox),
            Err(refusal) => Err(refusal.explain(mailbox)),
        }
    }
}

impl Explain for Off {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        refuse("wrong_state", format!("{mailbox} is off. `postern account enable {mailbox}` first."))
    }
}

impl Explain for Suspended {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        let until = clock::rfc3339(self.0);
        let message = format!("{mailbox} is suspended until {until}. `postern account resume {mailbox}` ends that.");
        refuse("wrong_state", message)
    }
}

impl Explain for NotSuspended {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        refuse("wrong_state", format!("{mailbox} is not suspended, so there is nothing to resume."))
    }
}

impl Explain for SuspendRefusal {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        match self {
            Self::Off => Off.explain(mailbox),
            Self::Hours(hours) => refuse(
                "hours",
                format!(
                    "{hours} hours are refused: a suspension lasts {} to {} whole hours. \
                     `postern account remove {mailbox}` switches it off for good.",
                    SUSPEND_HOURS.start(),
                    SUSPEND_HOURS.end()
                ),
            ),
        }
    }
}

impl Explain for AddRefusal {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        match self {
            Self::Off => Off.explain(mailbox),
            Self::Full => full(mailbox),
            Self::SameSecret => refuse("same_secret", format!("{mailbox} has a method with that secret already.")),
        }
    }
}

impl Explain for ImportRefusal {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        match self {
            Self::FutureStep(step) => refuse(
                "spent_step",
                format!("a code of step {step} cannot have been used: by this machine's clock it is to come."),
            ),
            Self::Protected => refuse(
                "protected",
                format!(
                    "{mailbox} is protected already. `--add` adds this secret to the methods that it has; \
                     `postern account reset {mailbox}` takes those away."
                ),
            ),
            Self::Full => full(mailbox),
        }
    }
}

fn full(mailbox: &Mailbox) -> Refused {
    refuse("too_many", format!("{mailbox} has {FACTORS_MAX} methods, which is the most. Remove one first."))
}

impl Explain for RemoveRefusal {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        match self {
            Self::NoSuchFactor => refuse(
                "unknown_method",
                format!("{mailbox} has no method with that id. `postern method list {mailbox}` shows them."),
            ),
            Self::OnlyFactor => refuse(
                "only_method",
                format!(
                    "it is the only method that {mailbox} can sign in with. `postern account reset {mailbox}` has the \
                     user set up a new one, `postern account remove {mailbox}` switches it off."
                ),
            ),
        }
    }
}

impl Explain for NoSuchAppPassword {
    fn explain(&self, mailbox: &Mailbox) -> Refused {
        refuse(
            "unknown_app_password",
            format!("{mailbox} has no app password with that id. `postern app-password list {mailbox}` shows them."),
        )
    }
}
