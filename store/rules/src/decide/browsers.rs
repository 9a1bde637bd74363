//! Records browsers that sign in, and trust in them.

use super::ask::ask_for;
use super::outcome::{already, done, refused};
use crate::browser::{Browser, Browsers, Known};
use crate::event::{Decision, Verdict};
use crate::platform::UnusualSignIn;
use crate::source::{Source, Token};
use crate::{Account, Channel, Platform, Proof, Refusal, Stage, State, Time};

/// A session was admitted without an answer. A front can only report browsers that it may admit anyway.
pub(super) fn signed_in(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
    now: Time,
) -> Decision {
    match ask_for(&account, platform, channel, source, now) {
        Verdict::NotRequired | Verdict::Trusted { .. } => {}
        Verdict::Refused(refusal) => return refused(refusal),
        _ => return refused(Refusal::Stale),
    }
    let is_asked = account.state(now) == State::Off && platform.policy.unusual_sign_in == UnusualSignIn::Ask;
    let known = if is_asked { Known::AsBefore } else { Known::Anywhere };
    if note(&mut account, platform, channel, (source, known), now) { done(account) } else { already() }
}

/// Records the browser that signs in: at the webmail, for protected accounts, and for accounts that are off if the
/// platform checks for unusual sign-ins. Returns whether there is a change to write.
pub(super) fn note(
    account: &mut Account,
    platform: &Platform,
    channel: Channel,
    (source, known): (Source<'_>, Known),
    now: Time,
) -> bool {
    let is_noted = match account.state(now) {
        State::Protected | State::Locked(_) => true,
        State::Off => platform.policy.unusual_sign_in != UnusualSignIn::Off,
        State::Enrolling | State::Suspended(_) => false,
    };
    platform.enabled
        && channel == Channel::Webmail
        && is_noted
        && with_trust(account, platform, now, |browsers, is_trusted| browsers.note(&source, known, is_trusted, now))
}

/// Changes the browsers of an account, with access to which of them are trusted now.
fn with_trust<T>(
    account: &mut Account,
    platform: &Platform,
    now: Time,
    change: impl FnOnce(&mut Browsers, &dyn Fn(&Browser) -> bool) -> T,
) -> T {
    let mut browsers = std::mem::take(&mut account.browsers);
    let changed = change(&mut browsers, &|it| account.trusted_until(it, &platform.policy, now).is_some());
    account.browsers = browsers;
    changed
}

/// Trusts the browser that has just answered, if the platform allows it.
pub(super) fn trust(account: &mut Account, platform: &Platform, source: Source<'_>, now: Time) {
    if account.stage == Stage::Protected
        && platform.policy.trusted_browsers > 0
        && let Some(token) = source.browser
    {
        let by = (account.epoch, &platform.policy);
        with_trust(account, platform, now, |browsers, is_trusted| browsers.trust(&token, by, is_trusted, now));
    }
}

pub(super) fn revoke(mut account: Account, id: &str, proof: &Proof, now: Time) -> Decision {
    if let Err(refusal) = proof.check(&account, now) {
        return refused(refusal);
    }
    if account.browsers.end_trust(|browser| browser.id == id) { done(account) } else { already() }
}

pub(super) fn revoke_others(mut account: Account, own: Option<Token>, proof: &Proof, now: Time) -> Decision {
    if let Err(refusal) = proof.check(&account, now) {
        return refused(refusal);
    }
    let is_other = |browser: &Browser| !own.is_some_and(|own| browser.is(&own));
    if account.browsers.end_trust(is_other) { done(account) } else { already() }
}
