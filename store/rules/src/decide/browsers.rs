//! What a sign-in needs of a browser that is known, trusted or neither, and what is noted of it.

use super::{Answered, already, ask, done, refused};
use crate::browser::{Browser, Browsers, Known, Token};
use crate::event::{CONTACT, Decision, Refusal, Source, Verdict};
use crate::platform::UnusualSignIn;
use crate::sent::{Purpose, Session};
use crate::throttle::Lock;
use crate::{Account, Channel, Platform, Proof, Stage, State, Time};

/// What a sign-in needs of whoever comes from there: a trusted browser is not asked for a code, and an account that has
/// no second factor is when nothing of the sign-in is known.
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

/// A code to the contact address, or nothing: there is no way around it.
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
    browser.trusted_until(account, &platform.policy, now).map(|_| browser)
}

/// Looks at the code that was sent because a sign-in is unusual. It is bound to the address that it went to.
pub(super) fn answer_unusual(
    mut account: Account,
    platform: &Platform,
    (channel, source): (Channel, Source<'_>),
    (session, code): (Option<Session>, &str),
    now: Time,
) -> Decision {
    match ask_for(&account, platform, channel, source, now) {
        Verdict::Unusual => {}
        Verdict::Refused(refusal) => return refused(refusal),
        _ => return refused(Refusal::Stale),
    }
    let sent = account.contact.clone().map(Purpose::SignIn).zip(session);
    if !sent.is_some_and(|(purpose, session)| account.outbox.spend(&purpose, &session, code, now)) {
        return super::missed(account, channel, &[code], now);
    }
    account.note_code(channel, code);
    let answered = Answered { method: CONTACT.to_owned(), backup_codes_left: None };
    super::accepted(account, platform, channel, answered, (source, false), now)
}

/// A session was released without an answer. A front can have noted only what it may let pass anyway.
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

/// Notes the browser that signs in, where there is something to note: at the webmail, of accounts that are protected, and
/// of those that are off where the platform looks at unusual sign-ins. Whether there is something to write.
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

/// Changes the browsers of an account by the look of which of them are trusted now.
fn with_trust<T>(
    account: &mut Account,
    platform: &Platform,
    now: Time,
    change: impl FnOnce(&mut Browsers, &dyn Fn(&Browser) -> bool) -> T,
) -> T {
    let mut browsers = std::mem::take(&mut account.browsers);
    let changed = change(&mut browsers, &|it| it.trusted_until(account, &platform.policy, now).is_some());
    account.browsers = browsers;
    changed
}

/// The person trusts the browser that has just answered, if the platform allows that.
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
