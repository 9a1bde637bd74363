//! Who may set up something new.

use super::ask::{Requirement, required};
use crate::contact::Destination;
use crate::decision::Settled;
use crate::proof::{Change, ProofRefusal};
use crate::source::Source;
use crate::{Channel, Kind, Proof, enrolment_code};

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

/// Why nothing new may be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEntitled {
    /// The state has changed since the setup began: it must begin again.
    Stale,
    /// The administrator's enrolment code is required, and is missing or wrong.
    EnrolmentCode,
    /// The proof is not valid for it.
    Proof(ProofRefusal),
}

/// Checks whether this change may be made on this authority.
pub(super) fn check(it: &Settled<'_>, by: By<'_>, change: &Change) -> Result<(), NotEntitled> {
    let (account, platform, now) = (it.account(), it.platform(), it.now());
    match by {
        By::Enrolment { channel, epoch, code } => {
            let required = required(account, platform, channel, Source::default(), now);
            if required != Requirement::Enrolment || epoch != account.epoch {
                return Err(NotEntitled::Stale);
            }
            enrolment_code::check(account, platform, code.as_ref()).map_err(|_| NotEntitled::EnrolmentCode)
        }
        By::Proof(proof) => proof.check_for(account, change, now).map_err(NotEntitled::Proof),
    }
}

/// The change that adds a method.
pub(super) fn adds(kind: &Kind) -> Change {
    let to = kind.destination().map(|to| match to {
        Destination::Number(number) => number.as_str().to_owned(),
        Destination::Address(address) => address.as_str().to_owned(),
    });
    Change::AddMethod { kind: kind.name(), to }
}
