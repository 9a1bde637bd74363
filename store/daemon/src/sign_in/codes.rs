//! Codes that the daemon sends: generated, recorded with the account, and sent.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::notify::texts::{self, MessageLanguage};
use crate::sign_in::context::unavailable;
use crate::sign_in::refusals::{ToFront, refused};
use crate::verb::Verb;
use postern_rules::contact::Destination;
use postern_rules::decide::sent::{Draft, Send};
use postern_rules::sent::{ChallengeId, DIGITS};
use postern_rules::{Account, Decision, Mailbox, Platform, Settled, Time};
use postern_vault::RecordError;
use postern_wire::auth::{self, Reason};
use zeroize::Zeroizing;

/// A code that was sent.
pub struct Sent {
    /// The session that must answer with it.
    pub session: ChallengeId,
    /// When another code may be sent.
    pub again: Time,
    /// The recipient.
    pub to: Destination,
}

/// A request for a code.
pub struct Wanted<'a> {
    /// The account's mailbox.
    pub mailbox: &'a Mailbox,
    /// Its platform.
    pub platform: &'a Platform,
    /// For the audit log.
    pub actor: &'a Actor,
    /// The session whose code becomes invalid.
    pub replaces: Option<ChallengeId>,
    /// The language of the pages.
    pub language: Option<&'a str>,
    /// The origin of the pages.
    pub site: Option<&'a str>,
}

/// Generates a code, records it as `decide` says, and sends it.
///
/// # Errors
/// A refusal; [`Reason::NotSent`] if the code was recorded but could not be sent, which the journal explains.
pub(crate) async fn send<R: ToFront>(
    daemon: &Daemon,
    wanted: &Wanted<'_>,
    decide: impl Fn(&Settled<'_>, &Draft<'_>) -> Decision<Result<Send, R>>,
) -> Result<Sent, auth::Refusal> {
    let unavailable = |error: RecordError| auth::Refusal::new(unavailable(&error));
    let code = draw().map_err(unavailable)?;
    let mut session: ChallengeId = [0; 16];
    getrandom::fill(&mut session).map_err(|_| unavailable(RecordError::Random))?;
    let draft = Draft { session, replaces: wanted.replaces, code: &code };
    let decide = |it: &Settled<'_>| Ok(decide(it, &draft));
    let applied = daemon.apply(wanted.mailbox, None, wanted.actor, &Verb::new("send code"), decide).await;
    let applied = applied.map_err(unavailable)?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let Send { to, again } = applied.verdict.map_err(refused)?;
    deliver(daemon, &applied.account, &to, &code, wanted).await?;
    Ok(Sent { session, again, to })
}

async fn deliver(
    daemon: &Daemon,
    account: &Account,
    to: &Destination,
    code: &str,
    wanted: &Wanted<'_>,
) -> Result<(), auth::Refusal> {
    let language = MessageLanguage::of(account, wanted.language);
    let (place, now) = (texts::place(account, wanted.platform), clock::now());
    let sent = match to {
        Destination::Number(number) => {
            let text = texts::sms(language, place, code, wanted.site.and_then(host));
            daemon.senders.text(now, number.as_str(), &text).await
        }
        Destination::Address(address) => {
            let (subject, text) = texts::mail(language, place, account.mailbox.as_str(), code);
            daemon.senders.mail(now, address.as_str(), &subject, &text).await
        }
    };
    sent.map_err(|error| {
        tracing::error!(mailbox = account.mailbox.as_str(), "a code is not sent: {error}");
        auth::Refusal::new(Reason::NotSent)
    })
}

/// Returns the host of an origin.
fn host(site: &str) -> Option<&str> {
    let host = site.strip_prefix("https://")?.split(['/', ':']).next()?;
    // No other characters are copied into a message.
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (!host.is_empty() && host.bytes().all(is_host)).then_some(host)
}

/// Generates six digits, each code with the same probability.
fn draw() -> Result<Zeroizing<String>, RecordError> {
    const CODES: u32 = 10u32.pow(DIGITS);
    /// Values at or above this limit would make small codes more likely.
    const FAIR: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|_| RecordError::Random)?;
        let drawn = u32::from_le_bytes(bytes);
        if drawn < FAIR {
            return Ok(Zeroizing::new(format!("{:01$}", drawn % CODES, DIGITS as usize)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_digits_and_differ() {
        let codes: std::collections::BTreeSet<String> = (0..100).map(|_| draw().unwrap().to_string()).collect();
        assert!(codes.len() > 95 && codes.iter().all(|code| code.len() == 6 && code.parse::<u32>().is_ok()));
    }

    #[test]
    fn the_host_of_an_origin_is_for_phones() {
        assert_eq!(host("https://webmail.example.com"), Some("webmail.example.com"));
        assert_eq!(host("https://localhost:18451"), Some("localhost"));
        assert_eq!(host("http://x"), None);
        assert_eq!(host("https://a\n@evil.example #1"), None);
    }
}
