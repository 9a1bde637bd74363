//! Requests for a reset, by users who know the password and have lost every method. An administrator decides about
//! them.

use crate::actor::Actor;
use crate::apply::{Also, Sealed};
use crate::daemon::Daemon;
use crate::sign_in::context::{account, actor, channel, journal, unavailable};
use crate::sign_in::refusals::refused;
use crate::verb::Verb;
use postern_engine::Revision;
use postern_rules::decide::requests;
use postern_rules::request::Opened;
use postern_rules::{Account, Mailbox, Settled, Time, text};
use postern_vault::RecordError;
use postern_vault::keys::REQUEST;
use postern_wire::auth::{self, Reason};
use postern_wire::security::{MAX_REQUEST_TEXT, OpenRequest, RequestVerdict};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A request that an administrator has not decided about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) mailbox: Mailbox,
    pub(crate) opened: Time,
    /// The account's epoch when the request was opened.
    pub(crate) epoch: u64,
    pub(crate) address: Option<IpAddr>,
    #[serde(deserialize_with = "text::read_paragraphs")]
    pub(crate) contact: String,
    #[serde(deserialize_with = "text::read_paragraphs")]
    pub(crate) reason: String,
    #[serde(deserialize_with = "text::read_paragraphs")]
    pub(crate) evidence: String,
}

impl Request {
    /// Returns the request in the form that the rules use.
    pub(crate) fn rules(&self) -> Opened {
        Opened { at: self.opened, epoch: self.epoch }
    }
}

pub(crate) fn key(mailbox: &Mailbox) -> Vec<u8> {
    [REQUEST, mailbox.as_str().as_bytes()].concat()
}

/// Opens a request.
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
    let decide = |it: &Settled<'_>, there: Option<&Sealed>| {
        let there =
            there.map(|(sealed, revision)| Ok::<_, RecordError>((daemon.records.open(&key, sealed)?, *revision)));
        let there: Option<(Request, Revision)> = there.transpose()?;
        if there.as_ref().is_some_and(|(there, _)| there.rules().is_open(it.account())) {
            return Ok(None);
        }
        let (over, opened) = (there.map(|(_, revision)| revision), Opened::now(it.account(), it.now()));
        let change = daemon.records.put(key.clone(), over, &request(it.account(), opened))?;
        let also = Also { changes: vec![change], ..Also::default() };
        Ok(Some((requests::open(it, channel(wanted.channel)), also)))
    };
    let actor = Actor { language: wanted.language.clone(), ..actor(wanted.channel, &wanted.origin) };
    let verb = Verb::new("open request");
    let applied = daemon.apply_with(&account.mailbox, (None, Some(&key)), &actor, &verb, decide).await;
    match applied.map_err(|error| auth::Refusal::new(unavailable(&error)))? {
        Some(applied) => applied.verdict.map(|()| RequestVerdict::Opened).map_err(refused),
        None => Ok(RequestVerdict::OpenAlready),
    }
}
