//! Requests for a reset, by a client that knows the password and reports that every method is lost.

use super::ask::ask;
use super::outcome::{done, refused};
use crate::event::{Decision, Verdict};
use crate::proof::{DAY, is_today};
use crate::request::REQUESTS_A_DAY;
use crate::source::Source;
use crate::{Account, Channel, Platform, Refusal, Time};

/// Also for a locked account: its user may have lost every method, too.
pub(super) fn open(mut account: Account, platform: &Platform, channel: Channel, now: Time) -> Decision {
    match ask(&account, platform, channel, Source::default(), now) {
        Verdict::Challenge | Verdict::Refused(Refusal::Locked(_)) => {}
        Verdict::Refused(refusal) => return refused(refusal),
        _ => return refused(Refusal::Stale),
    }
    account.requests.retain(|at| is_today(*at, now));
    if account.requests.len() >= REQUESTS_A_DAY {
        let first = account.requests.iter().min().copied().unwrap_or(now);
        return refused(Refusal::TooMany(first.plus(DAY)));
    }
    account.requests.push(now);
    done(account)
}
