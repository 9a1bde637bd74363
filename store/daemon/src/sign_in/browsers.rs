//! Browsers at the webmail: a code to the contact address where a sign-in is unusual, and the noting of those that were
//! let in.

use crate::clock;
use crate::daemon::{Actor, Daemon};
use crate::sign_in::signin::{Owner, actor, channel, is_over, journal, owner, refused, source, unavailable};
use postern_rules::browser::Named;
use postern_rules::contact::Address;
use postern_rules::factor::{CONTACT, KindName};
use postern_rules::{Account, Event, Platform, Standing, Verdict, offers, sent};
use postern_wire::auth::{self, AskVerdict, Offer, Reason, Session, SignedIn};
use postern_wire::security::{BrowserName, OwnBrowser};

/// The address to which a code goes when a sign-in is unusual.
///
/// # Errors
/// [`Reason::Unusual`] where none can be sent: no mail leaves here, or the address leads into the mailbox by now.
pub async fn contact<'a>(daemon: &Daemon, account: &'a Account) -> Result<&'a Address, auth::Refusal> {
    let leads_into = match &account.contact {
        Some(address) => daemon.leads_into(address, &account.mailbox).await,
        None => Ok(false),
    };
    let leads_into = leads_into.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    offers::unusual_contact(account, daemon.senders.sendable(), leads_into).map_err(|refusal| refused(&refusal))
}

/// The one thing that an unusual sign-in may be answered with.
pub async fn challenge(daemon: &Daemon, account: &Account) -> AskVerdict {
    let offer = |address: &Address| Offer {
        id: CONTACT.to_owned(),
        kind: KindName::Email.as_str().to_owned(),
        description: String::new(),
        digits: Some(sent::DIGITS),
        hint: Some(address.masked()),
    };
    match contact(daemon, account).await {
        Ok(address) => AskVerdict::Challenge {
            mailbox: account.mailbox.to_string(),
            methods: vec![offer(address)],
            trust_days: None,
        },
        Err(refusal) => AskVerdict::Refused(refusal),
    }
}

/// A front has released a session without an answer. Where that cannot be noted, the journal says so: the session stands.
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
    let applied =
        daemon.apply(&account.mailbox, Some(&platform), &actor, || Ok(Event::SignedIn { channel, source })).await;
    match applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?.map(|applied| applied.verdict) {
        Some(Verdict::Refused(refusal)) => Err(refused(&refusal)),
        _ => Ok(()),
    }
}

/// The browsers as their owner sees them, the one used last first.
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

/// A browser's name as the wire has it.
pub fn name(named: Named) -> BrowserName {
    BrowserName { browser: named.browser.map(str::to_owned), system: named.system.map(str::to_owned) }
}
