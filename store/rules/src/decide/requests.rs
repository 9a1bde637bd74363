//! Requests for a reset, by whoever knows the password and says that every method is lost.

use super::ask::ask;
use super::outcome::{done, refused};
use crate::event::{Decision, Verdict};
use crate::proof::{DAY, is_today};
use crate::request::REQUESTS_A_DAY;
use crate::source::Source;
use crate::{Account, Channel, Platform, Refusal, Time};

/// Who is locked out may have lost everything, too.
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
