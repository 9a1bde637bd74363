//! Answers to a challenge: a code, a security key's response, a code to the contact address.

use super::ask::{NotChallenged, NotUnusual, SignInRefusal, challenged, unusual_contact};
use super::browsers;
use super::code::{Accepted, CodeRefusal, Spent, Typed, failed, is_slip, missed, spend};
use crate::browser::Known;
use crate::decision::{Decision, Settled};
use crate::factor::{CONTACT, Kind};
use crate::sent::{ChallengeId, Purpose};
use crate::source::Source;
use crate::time::CLOCK_TOLERANCE;
use crate::{Account, Channel, Time};

/// A sign-in that is answered.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The front's channel.
    pub channel: Channel,
    /// The source of the sign-in.
    pub source: Source<'a>,
    /// Whether the user trusts that browser.
    pub trust: bool,
}

/// A code that answers a sign-in.
#[derive(Clone, Copy)]
pub struct Code<'a> {
    /// A factor's id, [`BACKUP`](crate::factor::BACKUP), [`CONTACT`], or `None` for any method that matches.
    pub method: Option<&'a str>,
    /// What the user typed.
    pub code: &'a str,
    /// TOTP steps that are accepted before and after the current one.
    pub window: u32,
    /// For a code that was sent: the challenge that it was sent for.
    pub session: Option<ChallengeId>,
}

/// A security key's response, which the daemon has checked.
#[derive(Clone, Copy)]
pub struct KeyResponse<'a> {
    /// The credential and its counter; `None`: the signature is wrong.
    pub key: Option<(&'a [u8], u32)>,
    /// The challenge that it answers: each is answered once.
    pub session: ChallengeId,
    /// The expiry of the challenge.
    pub until: Time,
}

/// Why an answer is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerRefusal {
    /// No factor is checked.
    NotChallenged(NotChallenged),
    /// The sign-in is unusual, and there is no contact address.
    NoContact,
    /// The input cannot be a code of the requested method: a typing error, which is not a guess and is not counted.
    NotACode,
    /// The code or the response is wrong, or was used before.
    Code(CodeRefusal),
    /// The security key's counter has decreased, now or earlier: the key was copied, and is refused.
    Copied {
        /// The factor's id.
        method: String,
    },
}

impl From<NotChallenged> for AnswerRefusal {
    fn from(why: NotChallenged) -> Self {
        Self::NotChallenged(why)
    }
}

impl From<NotUnusual> for AnswerRefusal {
    fn from(why: NotUnusual) -> Self {
        match why {
            NotUnusual::NotChallenged(why) => Self::NotChallenged(why),
            NotUnusual::NoContact => Self::NoContact,
        }
    }
}

/// The result of an answer.
pub type AnswerVerdict = Result<Accepted, AnswerRefusal>;

/// Checks a code.
pub fn answer(it: &Settled<'_>, sign_in: SignIn<'_>, typed: &Code<'_>) -> Decision<AnswerVerdict> {
    if typed.method == Some(CONTACT) {
        return answer_unusual(it, sign_in, typed);
    }
    let SignIn { channel, source, .. } = sign_in;
    let (mut account, now, readings) = (it.account().clone(), it.now(), [typed.code]);
    let refusal = challenged(&account, it.platform(), channel, source, now).err();
    let typed = Typed { method: typed.method, readings: &readings, window: typed.window, session: typed.session };
    // Also while the channel is locked: the result depends only on what was typed.
    if matches!(refusal, None | Some(NotChallenged::Refused(SignInRefusal::Locked(_)))) && is_slip(&account, &typed) {
        return Decision::refused(AnswerRefusal::NotACode);
    }
    if let Some(refusal) = refusal {
        return Decision::refused(refusal);
    }
    match spend(&mut account, channel, &typed, now) {
        Some(Spent { at, accepted }) => {
            account.note_code(channel, readings[at]);
            admit(it, account, accepted, sign_in)
        }
        None => wrong(missed(account, channel, &readings, now)),
    }
}

/// Checks a security key's response. Its challenge is answered once, whatever the counter is: some keys have none. A
/// key whose counter decreased is refused from then on: otherwise a copy with a lower counter would be accepted at its
/// next attempt.
pub fn answer_key(it: &Settled<'_>, sign_in: SignIn<'_>, response: &KeyResponse<'_>) -> Decision<AnswerVerdict> {
    let (mut account, now, channel) = (it.account().clone(), it.now(), sign_in.channel);
    let KeyResponse { key, session, until } = *response;
    if let Err(refusal) = challenged(&account, it.platform(), channel, sign_in.source, now) {
        return Decision::refused(refusal);
    }
    account.answered.retain(|(_, until)| now < *until);
    if now >= until || account.answered.iter().any(|(answered, _)| *answered == session) {
        return Decision::refused(NotChallenged::Stale);
    }
    // Kept for longer than it can be answered: the clock may be set back.
    account.answered.push((session, until.plus(CLOCK_TOLERANCE)));
    let Some((id, counter)) = key else { return wrong(failed(account, channel, now)) };
    for factor in &mut account.factors {
        if let Kind::Key(key) = &mut factor.kind
            && key.id == id
        {
            if key.copied || !key.has_grown_to(counter) {
                let (is_news, method) = (!std::mem::replace(&mut key.copied, true), factor.id.clone());
                // It is not known which of the two has signed in before: the sessions of both end.
                account.epoch += u64::from(is_news);
                return Decision::changed(Err(AnswerRefusal::Copied { method }), account);
            }
            key.counter = counter;
            factor.last_used = Some(now);
            let accepted = Accepted { method: factor.id.clone(), backup_codes_left: None };
            return admit(it, account, accepted, sign_in);
        }
    }
    wrong(failed(account, channel, now))
}

/// Checks the code that was sent because a sign-in is unusual. It is bound to the address to which it was sent.
fn answer_unusual(it: &Settled<'_>, sign_in: SignIn<'_>, typed: &Code<'_>) -> Decision<AnswerVerdict> {
    let SignIn { channel, source, .. } = sign_in;
    let (mut account, now) = (it.account().clone(), it.now());
    let address = match unusual_contact(it, (channel, source)) {
        Ok(address) => address,
        Err(refusal) => return Decision::refused(refusal),
    };
    let (purpose, code) = (Purpose::SignIn(address), typed.code);
    if !typed.session.is_some_and(|session| account.outbox.spend(&purpose, &session, code, now)) {
        return wrong(missed(account, channel, &[code], now));
    }
    account.note_code(channel, code);
    let accepted = Accepted { method: CONTACT.to_owned(), backup_codes_left: None };
    admit(it, account, accepted, SignIn { trust: false, ..sign_in })
}

fn wrong(decision: Decision<CodeRefusal>) -> Decision<AnswerVerdict> {
    decision.map(|refusal| Err(AnswerRefusal::Code(refusal)))
}

/// Resets the count of wrong codes, and makes the browser known.
fn admit(
    it: &Settled<'_>,
    mut account: Account,
    accepted: Accepted,
    SignIn { channel, source, trust }: SignIn<'_>,
) -> Decision<AnswerVerdict> {
    account.throttles.remove(&channel.budget());
    browsers::note(&mut account, it.platform(), channel, (source, Known::Anywhere), it.now());
    if trust && channel == Channel::Webmail {
        browsers::trust(&mut account, it.platform(), source, it.now());
    }
    Decision::changed(Ok(accepted), account)
}
