//! Requests for a reset, by a client that knows the password and reports that every method is lost.

use super::ask::{NotChallenged, SignInRefusal, challenged};
use crate::decision::{Decision, Settled};
use crate::proof::{DAY, is_today};
use crate::request::REQUESTS_A_DAY;
use crate::source::Source;
use crate::{Channel, Time};

/// Why a request is not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestRefusal {
    /// No factor is required, or the sign-in is refused for another reason than a lock.
    NotChallenged(NotChallenged),
    /// The limit of the day is reached: no more requests are opened before then.
    TooMany(Time),
}

/// Opens a request at this channel. Also for a locked account: its user may have lost every method, too.
pub fn open(it: &Settled<'_>, channel: Channel) -> Decision<Result<(), RequestRefusal>> {
    let (mut account, now) = (it.account().clone(), it.now());
    match challenged(&account, it.platform(), channel, Source::default(), now) {
        Ok(()) | Err(NotChallenged::Refused(SignInRefusal::Locked(_))) => {}
        Err(refusal) => return Decision::refused(RequestRefusal::NotChallenged(refusal)),
    }
    account.requests.retain(|at| is_today(*at, now));
    if account.requests.len() >= REQUESTS_A_DAY {
        let first = account.requests.iter().min().copied().unwrap_or(now);
        return Decision::refused(RequestRefusal::TooMany(first.plus(DAY)));
    }
    account.requests.push(now);
    Decision::changed(Ok(()), account)
}
