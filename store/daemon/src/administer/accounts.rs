//! Accounts and their aliases.

use super::{account, changed, entry, explain, mailbox, platforms, refuse, shown, until_unchanged};
use crate::actor::Actor;
use crate::administer::audit::shown_state;
use crate::administer::unstored;
use crate::clock;
use crate::daemon::{Applied, Daemon};
use postern_engine::Change;
use postern_rules::alias::{self, ALIASES_MAX, Added, AliasRefusal, Known};
use postern_rules::name::{LookupName, Named};
use postern_rules::{Account, Event, Mailbox, Verdict, decide, enrolment_code};
use postern_vault::RecordError;
use postern_vault::keys::{ACCOUNT, account_key, alias_key};
use postern_vault::records::{PlatformSet, Stored};
use postern_wire::Secret;
use postern_wire::admin::{Accounts, Action, Aliases, ChangeAccount, Changed, ListAccounts, Refused};

/// Returns the next accounts after the key `after`, and the key to continue from; that key is none when no accounts are
/// left. Records that only hold data noted about names that were never enabled are left out.
///
/// # Errors
/// [`Refused`].
pub async fn list(
    daemon: &Daemon,
    wanted: &ListAccounts,
    after: Option<&[u8]>,
) -> Result<(Accounts, Option<Vec<u8>>), Refused> {
    if let Some(name) = &wanted.platform
        && !daemon.platforms().iter().any(|platform| platform.name == *name)
    {
        return Err(platforms::unknown(daemon, name));
    }
    let now = clock::now();
    let page: Vec<Stored<Account>> = daemon.records.page(ACCOUNT, after).await.map_err(unstored)?;
    let last = page.last().map(|stored| stored.key.clone());
    let fits = |account: &Account| {
        !account.unlisted
            && wanted.platform.as_ref().is_none_or(|name| *name == account.platform)
            && wanted.state.is_none_or(|state| state == shown_state(account.state(now)))
    };
    let accounts = page.into_iter().map(|stored| stored.value);
    Ok((Accounts { accounts: accounts.filter(fits).map(|account| shown(&account, now)).collect() }, last))
}

/// Returns one account.
///
/// # Errors
/// [`Refused`].
pub async fn show(daemon: &Daemon, typed: &str) -> Result<Accounts, Refused> {
    let (stored, _) = account(daemon, typed).await?;
    Ok(Accounts { accounts: vec![shown(&stored.value, clock::now())] })
}

/// Changes an account: enable, suspend, resume, reset, remove or unlock.
///
/// # Errors
/// [`Refused`].
pub async fn change(daemon: &Daemon, actor: &str, wanted: &ChangeAccount) -> Result<Changed, Refused> {
    let (mailbox, platform) = match wanted.action {
        Action::Add | Action::Enable => mailbox(daemon, &wanted.mailbox).await?,
        _ => account(daemon, &wanted.mailbox).await.map(|(stored, platform)| (stored.value.mailbox, platform))?,
    };
    let code = match (wanted.enrolment_code, wanted.action) {
        (false, _) => None,
        (true, Action::Enable) => Some(make_enrolment_code()?),
        (true, _) => return Err(refuse("enrolment_code", "only enabling takes an enrolment code.")),
    };
    let hash = code.as_ref().map(|code| enrolment_code::hash(code.reveal()));
    let event = event(wanted, hash)?;
    if wanted.dry_run {
        return tried(daemon, &mailbox, &platform, Vec::new(), event).await;
    }
    let actor = Actor::new(actor, wanted.hours.map_or(String::new(), |hours| format!("{hours} h")));
    // The event was checked above, so creating it again cannot fail.
    let make = || Ok(self::event(wanted, hash).unwrap_or(Event::Tick));
    let applied = daemon.apply(&mailbox, Some(&platform), &actor, make).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    let changed = judge(&mailbox, &applied)?;
    // An account that was enabled before and has its method does not need a code.
    let enrolment_code = code.filter(|_| changed.changed);
    Ok(Changed { enrolment_code, ..changed })
}

/// Creates a new enrolment code.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn make_enrolment_code() -> Result<Secret, Refused> {
    let mut random = [0; enrolment_code::CODE_RANDOM];
    getrandom::fill(&mut random).map_err(|_| RecordError::Random).map_err(unstored)?;
    Ok(Secret::from(enrolment_code::make(&random).as_str()))
}

fn event(wanted: &ChangeAccount, enrolment_code: Option<[u8; 32]>) -> Result<Event<'static>, Refused> {
    Ok(match (wanted.action, wanted.hours) {
        (Action::Suspend, Some(hours)) => Event::Suspend(hours),
        (Action::Suspend, None) => return Err(refuse("hours", "a suspension needs its hours: --hours 1 to 720.")),
        (_, Some(_)) => return Err(refuse("hours", "only a suspension takes hours.")),
        (Action::Add, None) => Event::Add,
        (Action::Enable, None) => Event::Enable { enrolment_code },
        (Action::Resume, None) => Event::Resume,
        (Action::Reset, None) => Event::Reset { enrolment_code: None },
        (Action::Remove, None) => Event::Remove,
        (Action::Unlock, None) => Event::Unlock,
    })
}

/// Returns the outcome of `event`, assuming that `earlier` happened before.
pub(super) async fn tried(
    daemon: &Daemon,
    mailbox: &Mailbox,
    platform: &postern_rules::Platform,
    earlier: Vec<Event<'_>>,
    event: Event<'_>,
) -> Result<Changed, Refused> {
    let stored = daemon.records.account(mailbox).await.map_err(unstored)?;
    let now = clock::now();
    let before = stored.as_ref().filter(|stored| !stored.value.unlisted).map(|stored| stored.value.state(now));
    let mut account = stored.map_or_else(|| Account::new(mailbox.clone(), &platform.name), |stored| stored.value);
    for event in earlier {
        account = decide(&account, platform, event, now).next.unwrap_or(account);
    }
    let decision = decide(&account, platform, event, now);
    let account = decision.next.unwrap_or(account);
    judge(mailbox, &Applied { verdict: decision.verdict, before, account, now })
}

pub(super) fn judge(mailbox: &Mailbox, applied: &Applied) -> Result<Changed, Refused> {
    match &applied.verdict {
        Verdict::Refused(refusal) => Err(explain(mailbox, refusal)),
        Verdict::Already => Ok(changed(applied, false)),
        _ => Ok(changed(applied, true)),
    }
}

/// Adds aliases to a mailbox.
///
/// # Errors
/// [`Refused`]; no alias was added.
pub async fn add_aliases(daemon: &Daemon, actor: &str, wanted: &Aliases) -> Result<Accounts, Refused> {
    until_unchanged(&wanted.mailbox, || async {
        let (stored, _) = account(daemon, &wanted.mailbox).await?;
        let platforms = daemon.effects.platform_set();
        let mut next = stored.value.clone();
        let mut changes = Vec::new();
        for typed in &wanted.aliases {
            let alias = alias_name(daemon, &platforms, typed)?;
            let other = daemon.records.alias(&alias).await.map_err(unstored)?;
            let own = daemon.records.account(&alias).await.map_err(unstored)?;
            let known = match (&other, &own) {
                (Some(other), _) => Known::AliasOf(&other.value),
                (None, Some(own)) => Known::Account(&own.value),
                (None, None) => Known::Nothing,
            };
            match alias::add(&mut next, alias.clone(), known).map_err(|why| explain_alias(&next, &alias, &why))? {
                Added::Already => continue,
                Added::Now => changes.push(Change::expect(account_key(&alias), None)),
                Added::NowWithoutNotes => changes.extend(own.map(|notes| Change::delete(notes.key, notes.revision))),
            }
            changes.push(daemon.records.put(alias_key(&alias), None, &next.mailbox).map_err(unstored)?);
        }
        write_aliases(daemon, (actor, "add alias"), &platforms, (&stored, &next), changes, &wanted.aliases).await
    })
    .await
}

/// Removes aliases from a mailbox.
///
/// # Errors
/// [`Refused`]; no alias was removed.
pub async fn remove_aliases(daemon: &Daemon, actor: &str, wanted: &Aliases) -> Result<Accounts, Refused> {
    until_unchanged(&wanted.mailbox, || async {
        let (stored, _) = account(daemon, &wanted.mailbox).await?;
        let platforms = daemon.effects.platform_set();
        let mut next = stored.value.clone();
        let mut changes = Vec::new();
        for typed in &wanted.aliases {
            let alias = alias_name(daemon, &platforms, typed)?;
            alias::remove(&mut next, &alias).map_err(|why| explain_alias(&next, &alias, &why))?;
            if let Some(record) = daemon.records.alias(&alias).await.map_err(unstored)? {
                changes.push(Change::delete(alias_key(&alias), record.revision));
            }
        }
        write_aliases(daemon, (actor, "remove alias"), &platforms, (&stored, &next), changes, &wanted.aliases).await
    })
    .await
}

/// Describes a refusal of an alias by the rules in words.
fn explain_alias(account: &Account, alias: &Mailbox, why: &AliasRefusal) -> Refused {
    match why {
        AliasRefusal::AliasOf(other) => refuse("alias_taken", format!("{alias} is an alias of {other} already.")),
        AliasRefusal::HasAccount => {
            let advice = "An account cannot be another's alias: remove and rename it in the mail server first.";
            refuse("alias_taken", format!("{alias} has an account of its own. {advice}"))
        }
        AliasRefusal::TooMany => refuse("too_many", format!("a mailbox has at most {ALIASES_MAX} aliases.")),
        AliasRefusal::Unknown => {
            let known = account.aliases.iter().map(Mailbox::as_str).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "It has none".to_owned() } else { format!("It has {known}") };
            refuse("unknown_alias", format!("{alias} is no alias of {}. {known}.", account.mailbox))
        }
    }
}

/// Writes an account with its changed aliases. Returns none if there was a concurrent write and nothing was done.
async fn write_aliases(
    daemon: &Daemon,
    (actor, action): (&str, &str),
    platforms: &PlatformSet,
    (before, next): (&Stored<Account>, &Account),
    mut changes: Vec<Change>,
    aliases: &[String],
) -> Result<Option<Accounts>, Refused> {
    if !changes.is_empty() {
        changes.extend(daemon.records.put_account(platforms, Some(before), next).await.map_err(unstored)?);
        let entry = entry(actor, action, Some(&next.mailbox), aliases.join(", "));
        if daemon.effects.commit(changes, vec![entry], |_| ()).await.map_err(unstored)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(Accounts { accounts: vec![shown(next, clock::now())] }))
}

/// Returns the canonical spelling of an alias, without resolving it.
fn alias_name(daemon: &Daemon, platforms: &PlatformSet, typed: &str) -> Result<Mailbox, Refused> {
    match LookupName::new(&super::visible(typed)).read(&platforms.all, &daemon.config.names.default_domain) {
        Ok(Named::Ours(alias, _)) => Ok(alias),
        Ok(Named::Foreign(alias)) => Err(super::foreign(daemon, &alias)),
        Err(error) => Err(refuse("bad_name", format!("{typed:?} cannot be an alias: {error}."))),
    }
}
