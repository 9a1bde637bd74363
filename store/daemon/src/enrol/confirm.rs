//! Completes the setup of a method.

use crate::clock;
use crate::daemon::{Daemon, draw};
use crate::enrol::ticket::{Begun, Ticket};
use crate::notify::texts;
use crate::security_keys;
use crate::sign_in::context::{account, actor, channel, journal, refused, source, unavailable};
use crate::sign_in::proof;
use postern_rules::event::{By, Offered};
use postern_rules::factor::CONTACT;
use postern_rules::totp::Totp;
use postern_rules::{Account, Event, Platform, Standing, Verdict};
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
    let key = match &ticket.begun {
        Begun::Key { challenge, site } => Some(made_key(&account, &platform, challenge, site, confirm)?),
        Begun::Totp(_) | Begun::Sent { .. } => None,
    };
    let code = confirm.code.reveal();
    let event = || {
        let offered = match (&ticket.begun, &key) {
            (_, Some(key)) => Offered::Key(key.clone()),
            (Begun::Sent { session, .. }, None) => Offered::Sent { session: *session, code },
            (Begun::Totp(seed), None) => {
                Offered::Totp { totp: Totp::new(seed.clone()), code, window: daemon.config.totp.window }
            }
            (Begun::Key { .. }, None) => return Err(RecordError::Content("a security key".to_owned())),
        };
        let source = source(&confirm.origin);
        Ok(Event::Confirm { by, offered, description: &confirm.description, random: draw()?, source })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor(confirm.channel, &confirm.origin), event).await;
    let applied = applied.map_err(|error| match error {
        // WebAuthn Level 3, section 7.1, step 26: a credential belongs to one account.
        RecordError::Taken => auth::Refusal::new(Reason::InUse),
        error => auth::Refusal::new(unavailable(&error)),
    })?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let (method, backup_codes) = match applied.verdict {
        Verdict::Added { method, backup_codes } => (method, backup_codes),
        Verdict::Done => (CONTACT.to_owned(), None),
        Verdict::Refused(refusal) => return Err(refused(&refusal)),
        _ => return Err(auth::Refusal::new(Reason::Unavailable)),
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
