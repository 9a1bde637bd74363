//! Records browsers that sign in, and trust in them.

use super::ask::{AskVerdict, NotChallenged, NotUnusual, ask};
use crate::browser::{Browser, Browsers, Known};
use crate::decision::{Decision, Outcome, Settled};
use crate::platform::UnusualSignIn;
use crate::proof::Stale;
use crate::source::{Source, Token};
use crate::{Account, Channel, Platform, Proof, Stage, State, Time};

/// A front has admitted a session without an answer. A front can only report browsers that it may admit anyway.
pub fn signed_in(it: &Settled<'_>, channel: Channel, source: Source<'_>) -> Decision<Result<Outcome, NotUnusual>> {
    let (mut account, platform, now) = (it.account().clone(), it.platform(), it.now());
    match ask(&account, platform, channel, source, now) {
        AskVerdict::NotRequired | AskVerdict::Trusted { .. } => {}
        AskVerdict::Refused(refusal) => {
            return Decision::refused(NotUnusual::NotChallenged(NotChallenged::Refused(refusal)));
        }
        AskVerdict::NoContact => return Decision::refused(NotUnusual::NoContact),
        AskVerdict::Challenge | AskVerdict::Unusual | AskVerdict::Enrol => {
            return Decision::refused(NotUnusual::NotChallenged(NotChallenged::Stale));
        }
    }
    let is_asked = account.state(now) == State::Off && platform.policy.unusual_sign_in == UnusualSignIn::Ask;
    let known = if is_asked { Known::AsBefore } else { Known::Anywhere };
    if note(&mut account, platform, channel, (source, known), now) {
        Decision::changed(Ok(Outcome::Done), account)
    } else {
        Decision::unchanged(Ok(Outcome::Already))
    }
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

/// The user ends the trust in a browser. It requires only the sign-in.
pub fn revoke(it: &Settled<'_>, id: &str, proof: &Proof) -> Decision<Result<Outcome, Stale>> {
    end_trust(it, proof, |browser| browser.id == id).into()
}

/// The user ends the trust in every browser except this one. It requires only the sign-in.
pub fn revoke_others(it: &Settled<'_>, own: Option<Token>, proof: &Proof) -> Decision<Result<Outcome, Stale>> {
    end_trust(it, proof, |browser| !own.is_some_and(|own| browser.is(&own))).into()
}

fn end_trust(it: &Settled<'_>, proof: &Proof, is_it: impl Fn(&Browser) -> bool) -> Result<Decision<Outcome>, Stale> {
    proof.check(it.account(), it.now())?;
    let mut account = it.account().clone();
    let has_ended = account.browsers.end_trust(is_it);
    Ok(if has_ended { Decision::done(account) } else { Decision::already() })
}
