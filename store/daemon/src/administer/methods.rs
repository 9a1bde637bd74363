//! The methods of an account.

use super::verdicts::Explain;
use super::{account, refuse, shown};
use crate::actor::Actor;
use crate::administer::unstored;
use crate::daemon::{Daemon, draw};
use crate::metrics::Change;
use crate::notify::texts::place;
use crate::verb::{Said, Verb};
use postern_rules::decide::methods::{self, Added};
use postern_rules::totp::{self, Algorithm, Totp};
use postern_rules::{Seed, Settled, seed};
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
    let verb = Verb::new("add method").saying(|added: &Result<Added, _>, _| match added {
        Ok(added) => Said::added(&added.method),
        Err(_) => Said::default(),
    });
    let decide = |it: &Settled<'_>| Ok(methods::add_totp(it, totp.clone(), &wanted.description, draw()?));
    let applied = daemon.apply(&mailbox, None, &actor, &verb, decide).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    let Added { method, backup_codes } = applied.verdict.map_err(|refusal| refusal.explain(&mailbox))?;
    Ok(TotpAdded {
        id: method,
        secret: Secret::from(secret.as_str()),
        uri: Secret::from(uri.as_str()),
        backup_codes: backup_codes.map(|codes| codes.iter().map(|code| Secret::from(code.as_str())).collect()),
    })
}

/// Removes a method.
///
/// # Errors
/// [`Refused`].
pub async fn remove(daemon: &Daemon, actor: &str, wanted: &RemoveMethod) -> Result<Accounts, Refused> {
    let (stored, _) = account(daemon, &wanted.mailbox).await?;
    let mailbox = stored.value.mailbox;
    let actor = Actor::new(actor, format!("method {}", wanted.id));
    let verb = Verb::new("remove method").counted(Change::MethodRemoved);
    let decide = |it: &Settled<'_>| Ok(methods::remove_factor(it, &wanted.id));
    let applied = daemon.apply(&mailbox, None, &actor, &verb, decide).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    applied.verdict.map_err(|refusal| refusal.explain(&mailbox))?;
    Ok(Accounts { accounts: vec![shown(&applied.account, applied.now)] })
}
