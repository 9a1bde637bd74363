//! Accounts and their aliases.

use super::verdicts::Verdict;
use super::{account, changed, entry, mailbox, platforms, refuse, shown, until_unchanged};
use crate::actor::Actor;
use crate::administer::audit::shown_state;
use crate::administer::unstored;
use crate::apply::Applied;
use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::Change as Counted;
use crate::verb::Verb;
use postern_engine::{CHANGES_MAX, Change, Next};
use postern_rules::alias::{self, ALIASES_MAX, Added, AliasRefusal, Known};
use postern_rules::decide::administer::{self, Off};
use postern_rules::name::{LookupName, Named};
use postern_rules::{Account, Decision, Mailbox, Platform, Settled, enrolment_code};
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
    let actor = &Actor::new(actor, wanted.hours.map_or(String::new(), |hours| format!("{hours} h")));
    let order = Order { daemon, mailbox: &mailbox, platform: &platform, actor, dry_run: wanted.dry_run };
    let changed = match (wanted.action, wanted.hours) {
        (Action::Suspend, Some(hours)) => {
            order
                .give(&Verb::new("suspend").counted(Counted::Suspended), |it| Ok(administer::suspend(it, hours)))
                .await?
        }
        (Action::Suspend, None) => return Err(refuse("hours", "a suspension needs its hours: --hours 1 to 720.")),
        (_, Some(_)) => return Err(refuse("hours", "only a suspension takes hours.")),
        (Action::Add, None) => order.give(&Verb::new("add"), |it| Ok(administer::add(it))).await?,
        (Action::Enable, None) => {
            order.give(&Verb::new("enable").counted(Counted::Enabled), |it| Ok(administer::enable(it, hash))).await?
        }
        (Action::Resume, None) => {
            order.give(&Verb::new("resume").counted(Counted::Resumed), |it| Ok(administer::resume(it))).await?
        }
        (Action::Reset, None) => order.give(&reset(), |it| Ok(administer::reset(it, None))).await?,
        (Action::Remove, None) => {
            order.give(&Verb::new("remove").counted(Counted::Removed), |it| Ok(administer::remove(it))).await?
        }
        (Action::Unlock, None) => {
            order.give(&Verb::new("unlock").counted(Counted::Unlocked), |it| Ok(administer::unlock(it))).await?
        }
    };
    // An account that was enabled before and has its method does not need a code.
    let enrolment_code = code.filter(|_| changed.changed);
    Ok(Changed { enrolment_code, ..changed })
}

/// A reset, also by the approval of a request.
pub(super) fn reset() -> Verb<Result<(), Off>> {
    Verb::new("reset").counted(Counted::Reset)
}

/// A change that an administrator makes, or tries.
pub(super) struct Order<'a> {
    pub(super) daemon: &'a Daemon,
    pub(super) mailbox: &'a Mailbox,
    pub(super) platform: &'a Platform,
    pub(super) actor: &'a Actor,
    pub(super) dry_run: bool,
}

impl Order<'_> {
    /// Makes the change that `decide` decides about, or returns what it would come to.
    pub(super) async fn give<V: Verdict>(
        &self,
        verb: &Verb<V>,
        decide: impl Fn(&Settled<'_>) -> Result<Decision<V>, RecordError>,
    ) -> Result<Changed, Refused> {
        let Self { daemon, mailbox, platform, actor, dry_run } = *self;
        if dry_run {
            return tried(daemon, mailbox, platform, decide).await;
        }
        let applied = daemon.apply(mailbox, Some(platform), actor, verb, decide).await.map_err(unstored)?;
        let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
        Ok(changed(&applied, applied.verdict.changes(mailbox)?))
    }
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

/// Returns what a change would come to: the change without its commit.
async fn tried<V: Verdict>(
    daemon: &Daemon,
    mailbox: &Mailbox,
    platform: &Platform,
    decide: impl Fn(&Settled<'_>) -> Result<Decision<V>, RecordError>,
) -> Result<Changed, Refused> {
    let stored = daemon.records.account(mailbox).await.map_err(unstored)?;
    let now = clock::now();
    let before = stored.as_ref().filter(|stored| !stored.value.unlisted).map(|stored| stored.value.state(now));
    let new = || Account::new(mailbox.clone(), &platform.name);
    let account = stored.as_ref().map_or_else(new, |stored| stored.value.clone());
    let settled = Settled::of(&account, platform, now);
    let Decision { verdict, next } = decide(&settled).map_err(unstored)?;
    if let Some(next) = &next {
        // What the commit would be refused for.
        let platforms = daemon.effects.platform_set();
        daemon.records.put_account(&platforms, stored.as_ref(), next).await.map_err(unstored)?;
    }
    let account = next.unwrap_or_else(|| settled.account().clone());
    let applied = Applied { verdict, before, account, now };
    Ok(changed(&applied, applied.verdict.changes(mailbox)?))
}

/// Adds aliases to a mailbox.
///
/// # Errors
/// [`Refused`]; no alias was added.
pub async fn add_aliases(daemon: &Daemon, actor: &str, wanted: &Aliases) -> Result<Accounts, Refused> {
    change_aliases(daemon, actor, wanted, AliasChange::Add).await
}

/// Removes aliases from a mailbox.
///
/// # Errors
/// [`Refused`]; no alias was removed.
pub async fn remove_aliases(daemon: &Daemon, actor: &str, wanted: &Aliases) -> Result<Accounts, Refused> {
    change_aliases(daemon, actor, wanted, AliasChange::Remove).await
}

/// A change of a mailbox's aliases.
#[derive(Clone, Copy)]
enum AliasChange {
    Add,
    Remove,
}

/// Makes this change with each of the aliases, or with none.
async fn change_aliases(
    daemon: &Daemon,
    actor: &str,
    wanted: &Aliases,
    change: AliasChange,
) -> Result<Accounts, Refused> {
    until_unchanged(&wanted.mailbox, || async {
        let (stored, _) = account(daemon, &wanted.mailbox).await?;
        let platforms = daemon.effects.platform_set();
        let mut next = stored.value.clone();
        let mut changes = Vec::new();
        for typed in &wanted.aliases {
            let alias = alias_name(daemon, &platforms, typed)?;
            match change {
                AliasChange::Add => add_alias(daemon, &mut next, &alias, &mut changes).await?,
                AliasChange::Remove => remove_alias(daemon, &mut next, &alias, &mut changes).await?,
            }
        }
        let action = match change {
            AliasChange::Add => "add alias",
            AliasChange::Remove => "remove alias",
        };
        write_aliases(daemon, (actor, action), &platforms, (&stored, &next), changes, &wanted.aliases).await
    })
    .await
}

async fn add_alias(
    daemon: &Daemon,
    next: &mut Account,
    alias: &Mailbox,
    changes: &mut Vec<Change>,
) -> Result<(), Refused> {
    let other = daemon.records.alias(alias).await.map_err(unstored)?;
    let own = daemon.records.account(alias).await.map_err(unstored)?;
    let known = match (&other, &own) {
        (Some(other), _) => Known::AliasOf(&other.value),
        (None, Some(own)) => Known::Account(&own.value),
        (None, None) => Known::Nothing,
    };
    match alias::add(next, alias.clone(), known).map_err(|why| explain_alias(next, alias, &why))? {
        Added::Already => return Ok(()),
        Added::Now => changes.push(Change::expect(account_key(alias), None)),
        Added::NowWithoutNotes => changes.extend(own.map(|notes| Change::delete(notes.key, notes.revision))),
    }
    changes.push(daemon.records.put(alias_key(alias), None, &next.mailbox).map_err(unstored)?);
    Ok(())
}

async fn remove_alias(
    daemon: &Daemon,
    next: &mut Account,
    alias: &Mailbox,
    changes: &mut Vec<Change>,
) -> Result<(), Refused> {
    alias::remove(next, alias).map_err(|why| explain_alias(next, alias, &why))?;
    if let Some(record) = daemon.records.alias(alias).await.map_err(unstored)? {
        changes.push(Change::delete(alias_key(alias), record.revision));
    }
    Ok(())
}

/// Describes a refusal of an alias by the rules in words.
fn explain_alias(account: &Account, alias: &Mailbox, why: &AliasRefusal) -> Refused {
    match why {
        AliasRefusal::AliasOf(other) => refuse("alias_taken", format!("{alias} is an alias of {other} already.")),
        AliasRefusal::HasAccount => {
            let advice = "An account cannot be another's alias: remove and rename it in the mail server first.";
            refuse("alias_taken", format!("{alias} has an account of its own. {advice}"))
        }
        AliasRefusal::HasAliases => {
            let advice = "An alias of an alias leads nowhere: remove those first (`postern account alias remove`).";
            refuse("alias_taken", format!("{alias} has aliases of its own. {advice}"))
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
        let written = changes.iter().filter(|change| change.next != Next::Same).count();
        // The entry of the audit log is one more.
        if written >= CHANGES_MAX {
            let why = "these aliases are too many for one command, as there are notes of most of them";
            return Err(refuse("too_many", format!("{why}. Name half of them, then the others.")));
        }
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
