//! Requests for a reset, by people who know the password and have lost every method. An administrator decides.

use crate::administer::accounts::make_enrolment_code;
use crate::administer::unstored;
use crate::administer::{self, explain, refuse};
use crate::clock;
use crate::daemon::{Actor, Also, Daemon, Sealed};
use crate::sign_in::signin::{self, account, channel, journal, refused, unavailable};
use postern_engine::{Change, Revision};
use postern_rules::platform::Policy;
use postern_rules::request::{NotApproved, Opened};
use postern_rules::{Account, Event, Mailbox, Time, Verdict, enrolment_code, text};
use postern_vault::RecordError;
use postern_vault::audit;
use postern_vault::keys::REQUEST;
use postern_vault::records::Stored;
use postern_wire::Secret;
use postern_wire::admin::{self, Refused};
use postern_wire::auth::{self, Reason};
use postern_wire::security::{MAX_REQUEST_TEXT, OpenRequest, RequestVerdict};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A request that an administrator has not decided about.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Request {
    mailbox: Mailbox,
    opened: Time,
    /// The account's epoch then.
    epoch: u64,
    address: Option<IpAddr>,
    #[serde(deserialize_with = "text::read_paragraphs")]
    contact: String,
    #[serde(deserialize_with = "text::read_paragraphs")]
    reason: String,
    #[serde(deserialize_with = "text::read_paragraphs")]
    evidence: String,
}

impl Request {
    /// As the rules look at it.
    fn rules(&self) -> Opened {
        Opened { at: self.opened, epoch: self.epoch }
    }
}

fn key(mailbox: &Mailbox) -> Vec<u8> {
    [REQUEST, mailbox.as_str().as_bytes()].concat()
}

/// Opens one.
pub async fn open(daemon: &Daemon, wanted: &OpenRequest) -> RequestVerdict {
    opened(daemon, wanted).await.unwrap_or_else(|refusal| {
        journal("open request", &wanted.name, wanted.channel, &wanted.origin, &refusal);
        RequestVerdict::Refused(refusal)
    })
}

async fn opened(daemon: &Daemon, wanted: &OpenRequest) -> Result<RequestVerdict, auth::Refusal> {
    let (account, _) = account(daemon, wanted.channel, &wanted.name).await.map_err(auth::Refusal::new)?;
    let text = |typed: &str| text::paragraphs(typed, MAX_REQUEST_TEXT);
    let contact = Some(text(&wanted.contact)).filter(|contact| !contact.is_empty());
    let contact = contact.ok_or(auth::Refusal::new(Reason::Unfit))?;
    let request = |account: &Account, opened: Opened| Request {
        mailbox: account.mailbox.clone(),
        opened: opened.at,
        epoch: opened.epoch,
        address: wanted.origin.address,
        contact: contact.clone(),
        reason: text(&wanted.reason),
        evidence: text(&wanted.evidence),
    };
    let key = key(&account.mailbox);
    let make = |account: &Account, there: Option<&Sealed>| {
        let there =
            there.map(|(sealed, revision)| Ok::<_, RecordError>((daemon.records.open(&key, sealed)?, *revision)));
        let there: Option<(Request, Revision)> = there.transpose()?;
        if there.as_ref().is_some_and(|(there, _)| there.rules().is_open(account)) {
            return Ok(None);
        }
        let over = there.map(|(_, revision)| revision);
        let change = daemon.records.put(key.clone(), over, &request(account, Opened::now(account, clock::now())))?;
        let also = Also { changes: vec![change], ..Also::default() };
        Ok(Some((Event::OpenRequest(channel(wanted.channel)), also)))
    };
    let actor = Actor { language: wanted.language.clone(), ..signin::actor(wanted.channel, &wanted.origin) };
    let applied = daemon.apply_with(&account.mailbox, (None, Some(&key)), &actor, make).await;
    match applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?.map(|applied| applied.verdict) {
        Some(Verdict::Refused(refusal)) => Err(refused(&refusal)),
        Some(_) => Ok(RequestVerdict::Opened),
        None => Ok(RequestVerdict::OpenAlready),
    }
}

/// Every open request, without what the person has written beside how to be reached.
///
/// # Errors
/// [`Refused`].
pub async fn list(daemon: &Daemon) -> Result<Vec<admin::Request>, Refused> {
    let mut requests = Vec::new();
    daemon
        .records
        .each(REQUEST, |stored: Stored<Request>| {
            let request = shown(daemon, &stored.value);
            requests.push(admin::Request { reason: String::new(), evidence: String::new(), ..request });
            true
        })
        .await
        .map_err(unstored)?;
    Ok(requests)
}

/// One.
///
/// # Errors
/// [`Refused`].
pub async fn show(daemon: &Daemon, mailbox: &str) -> Result<admin::Requests, Refused> {
    Ok(admin::Requests { requests: vec![shown(daemon, &find(daemon, mailbox).await?.value)] })
}

/// Resets the account, or does not. After a reset the first method takes an enrolment code: whoever has asked knows the
/// password, and so may a thief.
///
/// # Errors
/// [`Refused`], when there is none, it is over, or it has not waited long enough.
pub async fn decide_about(
    daemon: &Daemon,
    actor: &str,
    wanted: &admin::DecideRequest,
) -> Result<admin::Decided, Refused> {
    let stored = find(daemon, &wanted.mailbox).await?;
    let mailbox = stored.value.mailbox.clone();
    let action = if wanted.approve { "approve request" } else { "refuse request" };
    let entry = administer::entry(actor, action, Some(&mailbox), String::new());
    let enrolment_code = match wanted.approve {
        true => Some(approve(daemon, actor, &stored, &entry).await?),
        false => {
            let gone = vec![Change::delete(stored.key, stored.revision)];
            let done = daemon.effects.commit(gone, vec![entry], |_| ()).await.map_err(unstored)?;
            done.ok_or_else(|| decided_meanwhile(&mailbox))?;
            None
        }
    };
    Ok(admin::Decided { mailbox: mailbox.to_string(), enrolment_code })
}

/// The reset, the enrolment code that it takes from then on, the end of the request and its entry in the audit log are
/// one commit: between two of them the password alone would be enough to set up the first method.
async fn approve(
    daemon: &Daemon,
    actor: &str,
    stored: &Stored<Request>,
    entry: &audit::Record,
) -> Result<Secret, Refused> {
    let (request, mailbox) = (&stored.value, &stored.value.mailbox);
    let (account, _) = administer::account(daemon, mailbox.as_str()).await?;
    let judged = request.rules().may_be_approved(&account.value, &policy(daemon, mailbox), clock::now());
    judged.map_err(|why| not_approved(mailbox, why))?;
    let code = make_enrolment_code()?;
    let enrolment_code = Some(enrolment_code::hash(code.reveal()));
    let actor = Actor::new(actor, "a request was approved");
    let make = |account: &Account, there: Option<&Sealed>| {
        if there.is_none_or(|(_, revision)| *revision != stored.revision) || !request.rules().is_open(account) {
            return Ok(None);
        }
        let gone = vec![Change::delete(stored.key.clone(), stored.revision)];
        let also = Also { changes: gone, entries: vec![entry.clone()] };
        Ok(Some((Event::Reset { enrolment_code }, also)))
    };
    match daemon
        .apply_with(mailbox, (None, Some(&stored.key)), &actor, make)
        .await
        .map_err(unstored)?
        .map(|applied| applied.verdict)
    {
        Some(Verdict::Done) => Ok(code),
        Some(Verdict::Refused(refusal)) => Err(explain(mailbox, &refusal)),
        _ => Err(decided_meanwhile(mailbox)),
    }
}

fn not_approved(mailbox: &Mailbox, why: NotApproved) -> Refused {
    match why {
        NotApproved::Over => refuse(
            "over",
            format!(
                "{mailbox} was opened with a second factor, or changed, since the request was made: nothing is lost. \
                 `postern request refuse {mailbox}` takes it away."
            ),
        ),
        NotApproved::TooSoon(ready) => refuse(
            "too_soon",
            format!(
                "the platform has requests wait (request-wait): this one can be approved from {} on. `postern account \
                 reset {mailbox}` does not wait.",
                clock::rfc3339(ready)
            ),
        ),
    }
}

fn decided_meanwhile(mailbox: &Mailbox) -> Refused {
    let message = format!(
        "{mailbox} was changed, or somebody else has decided about its request, at this moment: nothing was done. \
         `postern request list` shows what is open."
    );
    refuse("no_request", message)
}

async fn find(daemon: &Daemon, typed: &str) -> Result<Stored<Request>, Refused> {
    let (mailbox, _) = administer::mailbox(daemon, typed).await?;
    daemon.records.load(&key(&mailbox)).await.map_err(unstored)?.ok_or_else(|| {
        refuse(
            "no_request",
            format!("{mailbox} has no open request. `postern request list` shows those that there are."),
        )
    })
}

/// The policy of the mailbox's platform.
fn policy(daemon: &Daemon, mailbox: &Mailbox) -> Policy {
    let platforms = daemon.platforms();
    let platform = platforms.iter().find(|platform| platform.domains.iter().any(|it| it == mailbox.domain()));
    platform.map_or_else(Policy::default, |platform| platform.policy.clone())
}

fn shown(daemon: &Daemon, request: &Request) -> admin::Request {
    admin::Request {
        mailbox: request.mailbox.to_string(),
        opened: clock::rfc3339(request.opened),
        ready: clock::rfc3339(request.rules().ready(&policy(daemon, &request.mailbox))),
        address: request.address.map(|address| address.to_string()),
        contact: request.contact.clone(),
        reason: request.reason.clone(),
        evidence: request.evidence.clone(),
    }
}
