//! Imports secrets that users already have, from the files of other programs.

use super::accounts::Order;
use super::{mailbox, refuse};
use crate::actor::Actor;
use crate::daemon::{Daemon, draw};
use crate::verb::{Said, Verb};
use postern_rules::decide::import::{Import, ImportRefusal, Imported, import};
use postern_rules::totp::{self, Algorithm, Totp};
use postern_rules::{Account, Decision, Seed, Settled};
use postern_vault::RecordError;
use postern_wire::Secret;
use postern_wire::admin::{Changed, ImportTotp, Refused};

/// Protects an account with a secret that its owner already has.
///
/// # Errors
/// [`Refused`]; nothing was changed.
pub async fn import_totp(daemon: &Daemon, actor: &str, wanted: &ImportTotp) -> Result<Changed, Refused> {
    let (mailbox, platform) = mailbox(daemon, &wanted.mailbox).await?;
    let totp = held(&wanted.secret, wanted.digits, wanted.period)?;
    let codes: Vec<&str> = wanted.backup_codes.iter().map(Secret::reveal).collect();
    let wanted_import = || {
        let (totp, description) = (totp.clone(), wanted.description.as_str());
        let (spent, beside) = (wanted.spent_step, wanted.beside);
        Ok::<_, RecordError>(Import { totp, spent, codes: &codes, beside, description, random: draw()? })
    };
    let earlier = wanted.earlier.iter().filter(|_| wanted.dry_run).map(|it| held(&it.secret, it.digits, it.period));
    let earlier: Vec<Totp> = earlier.collect::<Result<_, _>>()?;
    let decide = |it: &Settled<'_>| match wanted.dry_run {
        false => Ok(import(it, wanted_import()?)),
        true => after_earlier(it, &earlier, wanted_import()?),
    };
    let actor = &Actor::new(actor, "");
    let order = Order { daemon, mailbox: &mailbox, platform: &platform, actor, dry_run: wanted.dry_run };
    order.give(&Verb::new("import method").saying(said), decide).await
}

fn said(verdict: &Result<Imported, ImportRefusal>, _: &Account) -> Said {
    match verdict {
        Ok(Imported::Added { method }) => Said::added(method),
        // Nothing is written.
        Ok(Imported::Already) | Err(_) => Said::default(),
    }
}

/// What an import would come to after those of these secrets, which are earlier in the same file.
fn after_earlier(
    it: &Settled<'_>,
    earlier: &[Totp],
    wanted: Import<'_>,
) -> Result<Decision<Result<Imported, ImportRefusal>>, RecordError> {
    let (platform, now) = (it.platform(), it.now());
    let mut account = it.account().clone();
    for totp in earlier {
        let totp = totp.clone();
        let earlier = Import { totp, spent: None, codes: &[], beside: true, description: "", random: draw()? };
        account = import(&Settled::of(&account, platform, now), earlier).next.unwrap_or(account);
    }
    let Decision { verdict, next } = import(&Settled::of(&account, platform, now), wanted);
    Ok(Decision { verdict, next: next.or(Some(account)) })
}

/// Builds the TOTP secret from the given values.
fn held(secret: &Secret, digits: Option<u32>, period: Option<u64>) -> Result<Totp, Refused> {
    let seed = Seed::parse(secret.reveal()).map_err(|error| refuse("bad_secret", format!("{error}.")))?;
    let (digits, period) = (digits.unwrap_or(totp::DIGITS), period.unwrap_or(totp::PERIOD));
    Totp::with(seed, Algorithm::Sha1, digits, period).map_err(|error| refuse("bad_totp", format!("{error}.")))
}
