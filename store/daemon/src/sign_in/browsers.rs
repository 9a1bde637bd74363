//! The browsers of an account: recorded at a sign-in without an answer, and shown to their owner.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::sign_in::context::{Owner, actor, channel, journal, owner, source, unavailable};
use crate::sign_in::recheck::is_over;
use crate::sign_in::refusals::refused;
use crate::verb::Verb;
use postern_rules::browser::Named;
use postern_rules::decide::browsers;
use postern_rules::{Account, Platform, Settled, Standing};
use postern_wire::auth::{self, Reason, Session, SignedIn};
use postern_wire::security::{BrowserName, OwnBrowser};

/// Records that a front has started a session without an answer. If that fails, the journal says so, and the session
/// stays valid.
pub async fn signed_in(daemon: &Daemon, told: &SignedIn) {
    if let Err(refusal) = noted(daemon, told).await {
        journal("note a browser", &told.name, told.channel, &told.origin, &refusal);
    }
}

async fn noted(daemon: &Daemon, told: &SignedIn) -> Result<(), auth::Refusal> {
    let stale = || auth::Refusal::new(Reason::Stale);
    let (channel, source) = (channel(told.channel), source(&told.origin));
    let standing = Standing::parse(&told.standing).filter(|it| it.may_be_noted_at(channel)).ok_or_else(stale)?;
    let detail = match standing {
        Standing::Trusted { browser, .. } => format!("trusted browser {browser}"),
        _ => String::new(),
    };
    if is_over(daemon, &Session { mailbox: told.name.clone(), standing: told.standing.clone() }).await {
        return Err(stale());
    }
    let Owner::Ours(account, platform) = owner(daemon, channel, &told.name).await.map_err(auth::Refusal::new)? else {
        return Ok(());
    };
    let actor = Actor { detail, language: told.language.clone(), ..actor(told.channel, &told.origin) };
    let decide = |it: &Settled<'_>| Ok(browsers::signed_in(it, channel, source));
    let applied = daemon.apply(&account.mailbox, Some(&platform), &actor, &Verb::new("signed in"), decide).await;
    match applied.map_err(|error| auth::Refusal::new(unavailable(&error)))? {
        Some(applied) => applied.verdict.map(drop).map_err(refused),
        None => Ok(()),
    }
}

/// Returns the browsers as their owner sees them, the most recently used first.
pub fn shown(account: &Account, platform: &Platform, origin: &auth::Origin) -> Vec<OwnBrowser> {
    let (now, own) = (clock::now(), source(origin).browser);
    let here = origin.address.and_then(postern_rules::source::network);
    let shown = account.browsers.iter().map(|browser| OwnBrowser {
        id: browser.id.clone(),
        description: browser.description.clone(),
        named: name(browser.named()),
        network: browser.network.map_or(String::new(), |network| network.to_string()),
        created: browser.created.0,
        last_used: browser.last_used.0,
        trusted_until: account.trusted_until(browser, &platform.policy, now).map(|until| until.0),
        here: here.is_some() && browser.network == here,
        this: own.is_some_and(|own| browser.is(&own)),
    });
    let mut shown: Vec<OwnBrowser> = shown.collect();
    shown.sort_by_key(|browser| std::cmp::Reverse((browser.last_used, browser.created)));
    shown
}

/// Returns a browser's name in the wire format.
pub fn name(named: Named) -> BrowserName {
    BrowserName { browser: named.browser.map(str::to_owned), system: named.system.map(str::to_owned) }
}
