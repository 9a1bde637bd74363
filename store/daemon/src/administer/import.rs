//! Imports secrets that users already have, from the files of other programs.

use super::accounts::{judge, tried};
use super::{mailbox, refuse};
use crate::actor::Actor;
use crate::administer::unstored;
use crate::daemon::{Daemon, draw};
use postern_rules::event::Import;
use postern_rules::totp::{self, Algorithm, Totp};
use postern_rules::{Event, Seed};
use postern_wire::Secret;
use postern_wire::admin::{Changed, HeldTotp, ImportTotp, Refused};

/// Protects an account with a secret that its owner already has.
///
/// # Errors
/// [`Refused`]; nothing was changed.
pub async fn import_totp(daemon: &Daemon, actor: &str, wanted: &ImportTotp) -> Result<Changed, Refused> {
    let (mailbox, platform) = mailbox(daemon, &wanted.mailbox).await?;
    let totp = held(&wanted.secret, wanted.digits, wanted.period)?;
    let codes: Vec<&str> = wanted.backup_codes.iter().map(Secret::reveal).collect();
    let make = || {
        let (totp, description) = (totp.clone(), wanted.description.as_str());
        let (spent, beside) = (wanted.spent_step, wanted.beside);
        Ok(Event::ImportTotp(Import { totp, spent, codes: &codes, beside, description, random: draw()? }))
    };
    if wanted.dry_run {
        let mut earlier = Vec::new();
        for HeldTotp { secret, digits, period } in &wanted.earlier {
            let (totp, random) = (held(secret, *digits, *period)?, draw().map_err(unstored)?);
            let import = Import { totp, spent: None, codes: &[], beside: true, description: "", random };
            earlier.push(Event::ImportTotp(import));
        }
        return tried(daemon, &mailbox, &platform, earlier, make().map_err(unstored)?).await;
    }
    let actor = Actor::new(actor, "");
    let applied = daemon.apply(&mailbox, Some(&platform), &actor, make).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    judge(&mailbox, &applied)
}

/// Builds the TOTP secret from the given values.
fn held(secret: &Secret, digits: Option<u32>, period: Option<u64>) -> Result<Totp, Refused> {
    let seed = Seed::parse(secret.reveal()).map_err(|error| refuse("bad_secret", format!("{error}.")))?;
    let (digits, period) = (digits.unwrap_or(totp::DIGITS), period.unwrap_or(totp::PERIOD));
    Totp::with(seed, Algorithm::Sha1, digits, period).map_err(|error| refuse("bad_totp", format!("{error}.")))
}
