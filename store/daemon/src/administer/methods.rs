//! The methods of an account.

use super::{account, explain, refuse, shown};
use crate::actor::Actor;
use crate::administer::unstored;
use crate::daemon::{Daemon, draw};
use crate::notify::texts::place;
use postern_rules::totp::{self, Algorithm, Totp};
use postern_rules::{Event, Seed, Verdict, seed};
use postern_wire::Secret;
use postern_wire::admin::{Accounts, AddTotp, Refused, RemoveMethod, TotpAdded};

/// Adds a secret: one that the administrator gives, or a new one.
///
/// # Errors
/// [`Refused`].
pub async fn add_totp(daemon: &Daemon, actor: &str, wanted: &AddTotp) -> Result<TotpAdded, Refused> {
    let (stored, platform) = account(daemon, &wanted.mailbox).await?;
    let mailbox = stored.value.mailbox.clone();
    let seed = match &wanted.secret {
        Some(text) => Seed::parse(text.reveal()).map_err(|error| refuse("bad_secret", format!("{error}.")))?,
        None => {
            let mut random = [0; seed::SEED_LEN];
            getrandom::fill(&mut random).map_err(|_| postern_vault::RecordError::Random).map_err(unstored)?;
            Seed::made_of(random)
        }
    };
    let algorithm = match &wanted.algorithm {
        None => Algorithm::Sha1,
        Some(name) => Algorithm::parse(name)
            .ok_or_else(|| refuse("bad_algorithm", format!("{name:?} is none of SHA1, SHA256, SHA512.")))?,
    };
    let digits = wanted.digits.unwrap_or(totp::DIGITS);
    let totp = Totp::with(seed, algorithm, digits, wanted.period.unwrap_or(totp::PERIOD));
    let totp = totp.map_err(|error| refuse("bad_totp", format!("{error}.")))?;
    let uri = totp.uri(place(&stored.value, &platform), mailbox.as_str());
    let secret = totp.seed().to_base32();
    let actor = Actor::new(actor, "");
    let make = || Ok(Event::AddTotp { totp: totp.clone(), description: &wanted.description, random: draw()? });
    let applied = daemon.apply(&mailbox, None, &actor, make).await.map_err(unstored)?;
    match applied.map(|applied| applied.verdict) {
        Some(Verdict::Added { method, backup_codes }) => Ok(TotpAdded {
            id: method,
            secret: Secret::from(secret.as_str()),
            uri: Secret::from(uri.as_str()),
            backup_codes: backup_codes.map(|codes| codes.iter().map(|code| Secret::from(code.as_str())).collect()),
        }),
        Some(Verdict::Refused(refusal)) => Err(explain(&mailbox, &refusal)),
        _ => Err(refuse("unknown_mailbox", format!("{mailbox} has no account."))),
    }
}

/// Removes a method.
///
/// # Errors
/// [`Refused`].
pub async fn remove(daemon: &Daemon, actor: &str, wanted: &RemoveMethod) -> Result<Accounts, Refused> {
    let (stored, _) = account(daemon, &wanted.mailbox).await?;
    let mailbox = stored.value.mailbox;
    let actor = Actor::new(actor, format!("method {}", wanted.id));
    let applied =
        daemon.apply(&mailbox, None, &actor, || Ok(Event::RemoveFactor(&wanted.id))).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    match &applied.verdict {
        Verdict::Refused(refusal) => Err(explain(&mailbox, refusal)),
        _ => Ok(Accounts { accounts: vec![shown(&applied.account, applied.now)] }),
    }
}
