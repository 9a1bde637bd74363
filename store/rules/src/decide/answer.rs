//! Answers to a challenge: a code, a security key's response, a code to the contact address.

use super::ask::{ask_for, not_asked, stale_if_not_required};
use super::browsers;
use super::code::{Spent, Typed, failed, is_slip, missed, spend};
use super::outcome::refused;
use crate::browser::Known;
use crate::event::{Decision, Verdict};
use crate::factor::{CONTACT, Kind};
use crate::sent::{ChallengeId, Purpose};
use crate::source::Source;
use crate::time::CLOCK_TOLERANCE;
use crate::{Account, Channel, Platform, Refusal, Time};

/// The source of an answer, and whether the user trusts that browser.
pub(super) type Visit<'a> = (Source<'a>, bool);

/// Checks a code.
pub(super) fn answer(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    typed: &Typed<'_>,
    visit: Visit<'_>,
    now: Time,
) -> Decision {
    let refusal = not_asked(&account, platform, channel, visit.0, now);
    // Also while the channel is locked: the result depends only on what was typed.
    if matches!(refusal, None | Some(Verdict::Refused(Refusal::Locked(_)))) && is_slip(&account, typed) {
        return refused(Refusal::NotACode);
    }
    if let Some(verdict) = refusal {
        return stale_if_not_required(verdict);
    }
    match spend(&mut account, channel, typed, now) {
        Some(Spent { at, method, backup_codes_left }) => {
            account.note_code(channel, typed.readings[at]);
            accepted(account, platform, channel, Answered { method, backup_codes_left }, visit, now)
        }
        None => missed(account, channel, typed.readings, now),
    }
}

/// Checks a security key's response. Its challenge is answered once, whatever the counter is: some keys have none. A
/// key whose counter decreased is refused from then on: otherwise a copy with a lower counter would be accepted at its
/// next attempt.
pub(super) fn answer_key(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    key: Option<(&[u8], u32)>,
    (session, until): (ChallengeId, Time),
    visit: Visit<'_>,
    now: Time,
) -> Decision {
    if let Some(verdict) = not_asked(&account, platform, channel, visit.0, now) {
        return stale_if_not_required(verdict);
    }
    account.answered.retain(|(_, until)| now < *until);
    if now >= until || account.answered.iter().any(|(answered, _)| *answered == session) {
        return refused(Refusal::Stale);
    }
    // Kept for longer than it can be answered: the clock may be set back.
    account.answered.push((session, until.plus(CLOCK_TOLERANCE)));
    let Some((id, counter)) = key else { return failed(account, channel, now) };
    for factor in &mut account.factors {
        if let Kind::Key(key) = &mut factor.kind
            && key.id == id
        {
            if key.copied || !key.has_grown_to(counter) {
                let (is_news, method) = (!std::mem::replace(&mut key.copied, true), factor.id.clone());
                // It is not known which of the two has signed in before: the sessions of both end.
                account.epoch += u64::from(is_news);
                return Decision { verdict: Verdict::Refused(Refusal::Copied { method }), next: Some(account) };
            }
            key.counter = counter;
            factor.last_used = Some(now);
            let answered = Answered { method: factor.id.clone(), backup_codes_left: None };
            return accepted(account, platform, channel, answered, visit, now);
        }
    }
    failed(account, channel, now)
}

/// Checks the code that was sent because a sign-in is unusual. It is bound to the address to which it was sent.
pub(super) fn answer_unusual(
    mut account: Account,
    platform: &Platform,
    (channel, source): (Channel, Source<'_>),
    (session, code): (Option<ChallengeId>, &str),
    now: Time,
) -> Decision {
    match ask_for(&account, platform, channel, source, now) {
        Verdict::Unusual => {}
        Verdict::Refused(refusal) => return refused(refusal),
        _ => return refused(Refusal::Stale),
    }
    let sent = account.contact.clone().map(Purpose::SignIn).zip(session);
    if !sent.is_some_and(|(purpose, session)| account.outbox.spend(&purpose, &session, code, now)) {
        return missed(account, channel, &[code], now);
    }
    account.note_code(channel, code);
    let answered = Answered { method: CONTACT.to_owned(), backup_codes_left: None };
    accepted(account, platform, channel, answered, (source, false), now)
}

/// What was accepted.
struct Answered {
    method: String,
    backup_codes_left: Option<u32>,
}

/// Resets the count of wrong codes, and makes the browser known.
fn accepted(
    mut account: Account,
    platform: &Platform,
    channel: Channel,
    answered: Answered,
    (source, trust): Visit<'_>,
    now: Time,
) -> Decision {
    account.throttles.remove(&channel);
    browsers::note(&mut account, platform, channel, (source, Known::Anywhere), now);
    if trust && channel == Channel::Webmail {
        browsers::trust(&mut account, platform, source, now);
    }
    let Answered { method, backup_codes_left } = answered;
    Decision { verdict: Verdict::Accepted { method, backup_codes_left }, next: Some(account) }
}
