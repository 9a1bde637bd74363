//! Completes the setup of a method.

use crate::clock;
use crate::daemon::{Daemon, draw};
use crate::enrol::ticket::{Begun, Ticket};
use crate::notify::texts;
use crate::security_keys;
use crate::sign_in::context::{account, actor, channel, journal, source, unavailable};
use crate::sign_in::proof;
use crate::sign_in::refusals::refused;
use crate::verb::{Said, Verb};
use postern_rules::decide::entitlement::By;
use postern_rules::decide::methods::{self, Added, ConfirmRefusal, Confirmation, Confirmed, Offered};
use postern_rules::factor::CONTACT;
use postern_rules::totp::Totp;
use postern_rules::{Account, Platform, Settled, Standing};
use postern_vault::RecordError;
use postern_wire::auth::{Confirm, ConfirmVerdict, Reason};
use postern_wire::{Secret, auth};

/// Completes the setup of a method that was begun.
pub async fn confirm(daemon: &Daemon, confirm: &Confirm) -> ConfirmVerdict {
    let verdict = confirmed(daemon, confirm).await.unwrap_or_else(ConfirmVerdict::Refused);
    if let ConfirmVerdict::Refused(refusal) = &verdict {
        journal("confirm", &confirm.name, confirm.channel, &confirm.origin, refusal);
    }
    verdict
}

async fn confirmed(daemon: &Daemon, confirm: &Confirm) -> Result<ConfirmVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, confirm.channel, &confirm.name).await.map_err(auth::Refusal::new)?;
    let now = clock::now();
    let ticket = Ticket::open(daemon, &confirm.ticket, &account, now)?;
    let by = match &ticket.proof {
        Some(proof) => By::Proof(proof),
        None => By::Enrolment { channel: channel(confirm.channel), epoch: ticket.epoch, code: ticket.code },
    };
    let code = confirm.code.reveal();
    let offered = match &ticket.begun {
        Begun::Key { challenge, site } => Offered::Key(made_key(&account, &platform, challenge, site, confirm)?),
        Begun::Sent { session, .. } => Offered::Sent { session: *session, code },
        Begun::Totp(seed) => Offered::Totp { totp: Totp::new(seed.clone()), code, window: daemon.config.totp.window },
    };
    let decide = |it: &Settled<'_>| {
        let (offered, description, random) = (offered.clone(), confirm.description.as_str(), draw()?);
        Ok(methods::confirm(it, Confirmation { by, offered, description, random, source: source(&confirm.origin) }))
    };
    let (actor, verb) = (actor(confirm.channel, &confirm.origin), Verb::new("enrol").saying(said));
    let applied = daemon.apply(&account.mailbox, None, &actor, &verb, decide).await;
    let applied = applied.map_err(|error| match error {
        // WebAuthn Level 3, section 7.1, step 26: a credential belongs to one account.
        RecordError::Taken => auth::Refusal::new(Reason::InUse),
        error => auth::Refusal::new(unavailable(&error)),
    })?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let (method, backup_codes) = match applied.verdict.map_err(refused)? {
        Confirmed::Method(Added { method, backup_codes }) => (method, backup_codes),
        Confirmed::Contact => (CONTACT.to_owned(), None),
    };
    let proof = match &ticket.proof {
        Some(proof) => proof::seal(daemon, &proof.carried_over(&applied.account)),
        None => proof::make(daemon, &applied.account, None, applied.now),
    };
    Ok(ConfirmVerdict::Accepted {
        standing: Standing::verified(&applied.account).to_string(),
        mailbox: applied.account.mailbox.to_string(),
        method,
        backup_codes: backup_codes.iter().flatten().map(|code| Secret::from(code.as_str())).collect(),
        // The setup is complete, with or without a proof of it.
        proof: proof.ok(),
    })
}

fn said(verdict: &Result<Confirmed, ConfirmRefusal>, _: &Account) -> Said {
    match verdict {
        Ok(Confirmed::Method(added)) => Said::added(&added.method),
        Ok(Confirmed::Contact) => Said::default(),
        Err(ConfirmRefusal::Wrong) => Said::wrong_code(0),
        // Nothing is written.
        Err(
            ConfirmRefusal::Stale
            | ConfirmRefusal::NotEntitled(_)
            | ConfirmRefusal::NotOffered
            | ConfirmRefusal::Full
            | ConfirmRefusal::SameSecret,
        ) => Said::default(),
    }
}

fn made_key(
    account: &Account,
    platform: &Platform,
    challenge: &[u8; 32],
    site: &str,
    confirm: &Confirm,
) -> Result<postern_rules::factor::Key, auth::Refusal> {
    let party = security_keys::relying_party(Some(site), texts::place(account, platform));
    let key = party.and_then(|party| security_keys::registered(&party, challenge, confirm.code.reveal()));
    key.ok_or(auth::Refusal { failures: Some(0), ..auth::Refusal::new(Reason::Wrong) })
}
