//! Constructors for decisions that hold only an account, or nothing.

use crate::event::{Decision, Verdict};
use crate::{Account, Refusal};

pub(super) fn done(account: Account) -> Decision {
    Decision { verdict: Verdict::Done, next: Some(account) }
}

pub(super) fn already() -> Decision {
    Decision { verdict: Verdict::Already, next: None }
}

pub(super) fn refused(refusal: Refusal) -> Decision {
    Decision { verdict: Verdict::Refused(refusal), next: None }
}
