//! What a sign-in requires. Every failure is a refusal: only [`ask`] returns "not required", and only because the
//! rules, or the administrator's policy for unlisted and foreign names, say so.

use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::METRICS;
use crate::sign_in::context::{Owner, channel, journal, owner_by_all, source};
use crate::sign_in::offers::{kinds, methods};
use crate::sign_in::refusals::refused;
use crate::sign_in::unusual;
use postern_rules::decide::ask as rules;
use postern_rules::session_life::{self, Lives};
use postern_rules::source::Source;
use postern_rules::standing::Standing;
use postern_rules::{Account, Channel, Platform, offers};
use postern_wire::auth::{self, Ask, AskVerdict, Asked, Reason};

/// Returns what a sign-in requires. Nothing is written, except that something has expired.
pub async fn ask(daemon: &Daemon, ask: &Ask) -> Asked {
    let asked = asked(daemon, ask).await;
    METRICS.asked.count((channel(ask.channel).into(), (&asked.verdict).into()));
    if let AskVerdict::Refused(refusal) = &asked.verdict {
        journal("ask", &ask.name, ask.channel, &ask.origin, refusal);
    }
    asked
}

async fn asked(daemon: &Daemon, Ask { name, also, channel, origin }: &Ask) -> Asked {
    let (channel, source) = (self::channel(*channel), source(origin));
    let (mut app_passwords_of, mut browser_known) = (None, false);
    let verdict = match owner_by_all(daemon, channel, name, also).await {
        Err(reason) => AskVerdict::Refused(auth::Refusal::new(reason)),
        Ok(Owner::Foreign(mailbox)) => not_required(mailbox.as_str(), &Standing::NotRequired(channel, 0)),
        Ok(Owner::Ours(account, platform)) => {
            app_passwords_of = (!account.app_passwords.is_empty()).then(|| account.mailbox.to_string());
            browser_known = source.browser.is_some_and(|token| account.browsers.remember(&token, clock::now()));
            let needed = needed(daemon, &account, &platform, channel, source).await;
            daemon.settle_if_possible(&account).await;
            needed
        }
    };
    let lives = session_life::lives(channel).map(|Lives { sign_in, saving, idle, whole }| auth::Lives {
        sign_in,
        saving,
        idle,
        whole,
    });
    Asked { verdict, app_passwords_of, browser_known, also_judged: !also.is_empty(), lives }
}

async fn needed(
    daemon: &Daemon,
    account: &Account,
    platform: &Platform,
    channel: Channel,
    source: Source<'_>,
) -> AskVerdict {
    let mailbox = account.mailbox.as_str();
    match rules::ask(account, platform, channel, source, clock::now()) {
        rules::AskVerdict::NotRequired => not_required(mailbox, &Standing::NotRequired(channel, account.epoch)),
        rules::AskVerdict::Trusted { browser } => {
            not_required(mailbox, &Standing::Trusted { epoch: account.epoch, browser })
        }
        rules::AskVerdict::Challenge => {
            let trust_days = offers::trust_days(platform, channel);
            AskVerdict::Challenge {
                mailbox: mailbox.to_owned(),
                methods: methods(daemon, account, channel),
                trust_days,
            }
        }
        rules::AskVerdict::Unusual => unusual::challenge(daemon, account).await,
        rules::AskVerdict::NoContact => {
            let refusal = auth::Refusal::new(Reason::Unusual);
            AskVerdict::Refused(auth::Refusal { mailbox: Some(mailbox.to_owned()), ..refusal })
        }
        rules::AskVerdict::Enrol => {
            AskVerdict::Enrol { mailbox: mailbox.to_owned(), kinds: kinds(platform, daemon.senders.sendable()) }
        }
        rules::AskVerdict::Refused(refusal) => {
            AskVerdict::Refused(auth::Refusal { mailbox: Some(mailbox.to_owned()), ..refused(refusal) })
        }
    }
}

fn not_required(mailbox: &str, standing: &Standing) -> AskVerdict {
    AskVerdict::NotRequired { mailbox: mailbox.to_owned(), standing: standing.to_string() }
}
