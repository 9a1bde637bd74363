//! Requests for a reset, about which an administrator decides.

use crate::account::requests::{Request, key};
use crate::actor::Actor;
use crate::administer::accounts::{make_enrolment_code, reset};
use crate::administer::verdicts::Explain;
use crate::administer::{self, refuse, unstored};
use crate::apply::{Also, Sealed};
use crate::clock;
use crate::daemon::Daemon;
use postern_engine::Change;
use postern_rules::decide::administer as rules;
use postern_rules::platform::Policy;
use postern_rules::request::NotApproved;
use postern_rules::{Mailbox, Settled, enrolment_code};
use postern_vault::audit;
use postern_vault::keys::REQUEST;
use postern_vault::records::Stored;
use postern_wire::admin::Refused;
use postern_wire::{Secret, admin};

/// Lists every open request, without the texts that the user has written except the contact information.
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

/// Returns one request.
///
/// # Errors
/// [`Refused`].
pub async fn show(daemon: &Daemon, mailbox: &str) -> Result<admin::Requests, Refused> {
    Ok(admin::Requests { requests: vec![shown(daemon, &find(daemon, mailbox).await?.value)] })
}

/// Approves or rejects a request. After a reset, the first method needs an enrolment code: the user who opened the
/// request knows the password, and so may a thief.
///
/// # Errors
/// [`Refused`], if there is no such request, it has expired, or it has not waited long enough.
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

/// Approves a request. The reset, the enrolment code that is needed from then on, the end of the request and its audit
/// entry are one commit: between two commits, the password alone would be enough to set up the first method.
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
    let decide = |it: &Settled<'_>, there: Option<&Sealed>| {
        let is_there = there.is_some_and(|(_, revision)| *revision == stored.revision);
        if !is_there || !request.rules().is_open(it.account()) {
            return Ok(None);
        }
        let gone = vec![Change::delete(stored.key.clone(), stored.revision)];
        let also = Also { changes: gone, entries: vec![entry.clone()] };
        Ok(Some((rules::reset(it, enrolment_code), also)))
    };
    let applied = daemon.apply_with(mailbox, (None, Some(&stored.key)), &actor, &reset(), decide).await;
    match applied.map_err(unstored)? {
        Some(applied) => applied.verdict.map(|()| code).map_err(|refusal| refusal.explain(mailbox)),
        None => Err(decided_meanwhile(mailbox)),
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
        "{mailbox} was changed, or another administrator has decided about its request, at this moment: nothing was done. \
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

/// Returns the policy of the mailbox's platform.
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
