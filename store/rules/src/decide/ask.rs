//! What a sign-in needs.

use super::outcome::refused;
use crate::browser::Browser;
use crate::event::{Decision, Verdict};
use crate::platform::UnusualSignIn;
use crate::source::Source;
use crate::throttle::Lock;
use crate::{Account, Channel, Platform, Refusal, State, Time};

/// What a sign-in at `channel` needs. Every rule that admits a sign-in without a second factor is here, except trusted
/// browsers: see [`ask_for`].
pub(super) fn ask(account: &Account, platform: &Platform, channel: Channel, source: Source<'_>, now: Time) -> Verdict {
    if !platform.enabled {
        return Verdict::NotRequired;
    }
    match account.state(now) {
        State::Off if account.unlisted && !platform.policy.unlisted.passes(source.before_exchange) => {
            Verdict::Refused(Refusal::Unlisted)
        }
        State::Off | State::Suspended(_) => Verdict::NotRequired,
        State::Enrolling if channel.can_enrol() => Verdict::Enrol,
        State::Enrolling if platform.policy.unenrolled_pass => Verdict::NotRequired,
        State::Enrolling => Verdict::Refused(Refusal::Unenrolled),
        State::Protected | State::Locked(_) => match account.throttle(channel).lock(channel, now) {
            None => Verdict::Challenge,
            Some(Lock::Until(until)) => Verdict::Refused(Refusal::Locked(Some(until))),
            Some(Lock::Administrator) => Verdict::Refused(Refusal::Locked(None)),
        },
    }
}

/// What a sign-in from this source needs: a trusted browser is not asked for a code; an account without a second factor
/// is, if the source is unknown.
pub(super) fn ask_for(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
    now: Time,
) -> Verdict {
    match ask(account, platform, channel, source, now) {
        Verdict::NotRequired if is_unusual(account, platform, channel, source, now) => unusual(account, channel, now),
        Verdict::Challenge if channel == Channel::Webmail => match trusted(account, platform, source, now) {
            Some(browser) => Verdict::Trusted { browser: browser.id.clone() },
            None => Verdict::Challenge,
        },
        verdict => verdict,
    }
}

fn is_unusual(account: &Account, platform: &Platform, channel: Channel, source: Source<'_>, now: Time) -> bool {
    let looks =
        platform.enabled && platform.policy.unusual_sign_in == UnusualSignIn::Ask && channel == Channel::Webmail;
    looks && account.state(now) == State::Off && !account.browsers.know(&source, now)
}

/// Requires a code to the contact address, or refuses: there is no exception.
fn unusual(account: &Account, channel: Channel, now: Time) -> Verdict {
    match (&account.contact, account.throttle(channel).lock(channel, now)) {
        (None, _) => Verdict::Refused(Refusal::Unusual),
        (Some(_), None) => Verdict::Unusual,
        (Some(_), Some(Lock::Until(until))) => Verdict::Refused(Refusal::Locked(Some(until))),
        (Some(_), Some(Lock::Administrator)) => Verdict::Refused(Refusal::Locked(None)),
    }
}

fn trusted<'a>(account: &'a Account, platform: &Platform, source: Source<'_>, now: Time) -> Option<&'a Browser> {
    let browser = account.browsers.find(&source.browser?)?;
    account.trusted_until(browser, &platform.policy, now).map(|_| browser)
}

/// The verdict that replaces a check of the code, if there is one. A locked channel checks no code at all, so a right
/// code reveals nothing and a wrong one is not counted.
pub(super) fn not_asked(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
    now: Time,
) -> Option<Verdict> {
    match ask(account, platform, channel, source, now) {
        Verdict::Challenge => None,
        verdict @ (Verdict::NotRequired | Verdict::Refused(_)) => Some(verdict),
        // The front had received a challenge, and the state has changed since: it must ask again.
        _ => Some(Verdict::Refused(Refusal::Stale)),
    }
}

/// A factor was required when the front asked, and is not any more: the front must ask again.
pub(super) fn stale_if_not_required(verdict: Verdict) -> Decision {
    match verdict {
        Verdict::NotRequired => refused(Refusal::Stale),
        verdict => Decision { verdict, next: None },
    }
}
