//! Platforms.

use super::{entry, nearest, refuse, until_unchanged, visible};
use crate::administer::unstored;
use crate::daemon::Daemon;
use postern_engine::Change;
use postern_rules::alias::hidden_by_plus_addressing;
use postern_rules::name::{canonical_domain, canonical_netbios};
use postern_rules::platform::{DOMAINS_MAX, Policy, is_name};
use postern_rules::{Account, Platform};
use postern_vault::RecordError;
use postern_vault::audit;
use postern_vault::import::{Found, STALLED};
use postern_vault::keys::{ACCOUNT, PLATFORMS, PLUS_NAMES, platform_key};
use postern_vault::records::{PlatformSet, Stored};
use postern_wire::admin::{self, CreatePlatform, Platforms, Refused, SetPlatform, SwitchPlatform};
use std::collections::BTreeMap;

/// Maximum number of names that a refusal lists.
const NAMED_MAX: usize = 10;

/// Lists every platform.
///
/// # Errors
/// [`Refused`].
pub async fn list(daemon: &Daemon) -> Result<Platforms, Refused> {
    let counts = accounts_by_platform(daemon).await?;
    let platforms = daemon.platforms();
    Ok(Platforms { platforms: platforms.iter().map(|platform| shown(platform, &counts)).collect() })
}

/// Returns one platform.
///
/// # Errors
/// [`Refused`].
pub async fn show(daemon: &Daemon, name: &str) -> Result<Platforms, Refused> {
    let stored = find(daemon, name).await?;
    Ok(Platforms { platforms: vec![shown(&stored.value, &accounts_by_platform(daemon).await?)] })
}

/// Creates a platform, switched off.
///
/// # Errors
/// [`Refused`].
pub async fn create(daemon: &Daemon, actor: &str, wanted: &CreatePlatform) -> Result<Platforms, Refused> {
    until_unchanged(&named(&wanted.name), || async {
        // Read from the store: a name must not be used twice because this daemon has not yet applied the last change.
        let set = readable(daemon).await?;
        let platform = created(&set.all, wanted)?;
        let detail = format!("platform {}: {}", platform.name, platform.domains.join(", "));
        write(daemon, &set, None, &platform, (entry(actor, "create platform", None, detail), Vec::new())).await
    })
    .await?;
    show(daemon, &wanted.name).await
}

/// Judges what is wanted of a new platform, beside these.
fn created(platforms: &[Platform], wanted: &CreatePlatform) -> Result<Platform, Refused> {
    let name = &wanted.name;
    if !is_name(name) {
        let form = "1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit";
        return Err(refuse("bad_name", format!("{name:?} cannot name a platform: it takes {form}.")));
    }
    if platforms.iter().any(|platform| platform.name == *name) {
        return Err(refuse("exists", format!("there is a platform {name} already. `postern platform show {name}`.")));
    }
    if wanted.domains.is_empty() {
        return Err(refuse("bad_domain", "a platform has at least one domain: add --domain example.com."));
    }
    if wanted.domains.len().max(wanted.netbios.len()) > DOMAINS_MAX {
        return Err(refuse("bad_domain", format!("a platform has at most {DOMAINS_MAX} domains.")));
    }
    let mut domains = Vec::new();
    for typed in &wanted.domains {
        let domain = canonical_domain(visible(typed).trim());
        let domain = domain.map_err(|_| refuse("bad_domain", format!("{typed:?} cannot be a mail domain.")))?;
        if let Some(owner) = platforms.iter().find(|platform| platform.domains.contains(&domain)) {
            return Err(refuse("domain_taken", format!("{domain} belongs to the platform {}.", owner.name)));
        }
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    let mut netbios = Vec::new();
    for typed in &wanted.netbios {
        let name = canonical_netbios(typed);
        let name = name.ok_or_else(|| {
            refuse("bad_netbios", format!("{typed:?} cannot be a NetBIOS name: it has 1 to 15 letters, digits, '-'."))
        })?;
        if let Some(owner) = platforms.iter().find(|platform| platform.netbios.contains(&name)) {
            return Err(refuse("netbios_taken", format!("{name} belongs to the platform {}.", owner.name)));
        }
        if !netbios.contains(&name) {
            netbios.push(name);
        }
    }
    Ok(Platform { name: name.clone(), domains, netbios, enabled: false, policy: Policy::default() })
}

/// Sets one key of the policy.
///
/// # Errors
/// [`Refused`].
pub async fn set(daemon: &Daemon, actor: &str, set: &SetPlatform) -> Result<Platforms, Refused> {
    until_unchanged(&named(&set.name), || async {
        let platforms = readable(daemon).await?;
        let stored = find(daemon, &set.name).await?;
        let mut platform = stored.value.clone();
        platform.policy.set(&set.key, &set.value).map_err(|error| {
            let near = nearest(&set.key, postern_rules::platform::KEYS.into_iter());
            let hint =
                near.filter(|near| *near != set.key).map_or(String::new(), |near| format!(" Did you mean {near}?"));
            refuse("bad_policy", format!("{error}.{hint}"))
        })?;
        let mut conditions = Vec::new();
        if platform.policy.plus_addressing && !stored.value.policy.plus_addressing {
            conditions.push(refuse_hidden(daemon, &platform).await?);
        }
        if platform == stored.value {
            return repeated(daemon).await;
        }
        let detail = format!("platform {}: {} = {}", set.name, set.key, set.value);
        let entry = entry(actor, "set platform", None, detail);
        write(daemon, &platforms, Some(&stored), &platform, (entry, conditions)).await
    })
    .await?;
    show(daemon, &set.name).await
}

/// Refuses to switch plus-addressing on while it would hide names of accounts. Returns the expectation that no such name
/// has become protected since.
async fn refuse_hidden(daemon: &Daemon, platform: &Platform) -> Result<Change, Refused> {
    let expected = Change::expect(PLUS_NAMES, daemon.records.revision(PLUS_NAMES).await.map_err(unstored)?);
    let mut hidden = Vec::new();
    let mut look = |stored: Stored<Account>| {
        hidden.extend(hidden_by_plus_addressing(&stored.value, platform).map(ToString::to_string));
        hidden.truncate(NAMED_MAX);
        hidden.len() < NAMED_MAX
    };
    daemon.records.each(ACCOUNT, &mut look).await.map_err(unstored)?;
    if hidden.is_empty() {
        return Ok(expected);
    }
    let names = hidden.join(", ");
    let message = format!(
        "with plus addressing these could not be reached any more, and would not be asked for a code: {names}. \
         Remove them first (`postern account remove`, `postern account alias remove`) and rename them in the mail server."
    );
    Err(refuse("hidden_names", message))
}

/// Switches a platform on or off.
///
/// # Errors
/// [`Refused`].
pub async fn switch(daemon: &Daemon, actor: &str, switch: &SwitchPlatform) -> Result<Platforms, Refused> {
    until_unchanged(&named(&switch.name), || async {
        let platforms = readable(daemon).await?;
        let stored = find(daemon, &switch.name).await?;
        if stored.value.enabled == switch.enabled {
            return repeated(daemon).await;
        }
        let platform = Platform { enabled: switch.enabled, ..stored.value.clone() };
        let action = if switch.enabled { "enable platform" } else { "disable platform" };
        let entry = entry(actor, action, None, format!("platform {}", switch.name));
        write(daemon, &platforms, Some(&stored), &platform, (entry, Vec::new())).await
    })
    .await?;
    show(daemon, &switch.name).await
}

/// A platform, as a refusal calls it.
fn named(name: &str) -> String {
    format!("the platform {name}")
}

/// The platforms as they are stored, with what is left of an interrupted import removed: it must neither become active
/// together with a change, nor remove that when it is removed.
async fn readable(daemon: &Daemon) -> Result<PlatformSet, Refused> {
    let platforms = daemon.records.platforms().await.map_err(unstored)?;
    if !platforms.is_importing {
        return Ok(platforms);
    }
    match daemon.effects.clear_broken_import(STALLED).await {
        Ok(Found::Running) => Err(unstored(RecordError::Importing)),
        Ok(Found::Nothing | Found::Removed(_)) => daemon.records.platforms().await.map_err(unstored),
        Err(error) => Err(refuse("store", format!("{error}."))),
    }
}

/// A command that is repeated because its answer was late or lost must find the change made.
async fn repeated(daemon: &Daemon) -> Result<Option<()>, Refused> {
    daemon.effects.look_at_platforms().await.map(Some).map_err(unstored)
}

/// Writes a platform over what was read. Returns none if there was a concurrent write and nothing was done.
async fn write(
    daemon: &Daemon,
    platforms: &PlatformSet,
    before: Option<&Stored<Platform>>,
    platform: &Platform,
    (entry, mut changes): (audit::Record, Vec<Change>),
) -> Result<Option<()>, Refused> {
    let over = before.map(|stored| stored.revision);
    changes.push(daemon.records.put(platform_key(&platform.name), over, platform).map_err(unstored)?);
    changes.push(daemon.records.put(PLATFORMS.to_vec(), platforms.revision, &()).map_err(unstored)?);
    daemon.effects.commit(changes, vec![entry], |_| ()).await.map_err(unstored)
}

async fn find(daemon: &Daemon, name: &str) -> Result<Stored<Platform>, Refused> {
    let stored = daemon.records.load(&platform_key(name)).await.map_err(unstored)?;
    stored.ok_or_else(|| unknown(daemon, name))
}

/// The refusal for a platform that does not exist; it lists those that do.
pub fn unknown(daemon: &Daemon, name: &str) -> Refused {
    let platforms = daemon.platforms();
    let names: Vec<&str> = platforms.iter().map(|platform| platform.name.as_str()).collect();
    let advice = match (nearest(name, names.iter().copied()), names.is_empty()) {
        (_, true) => "There is none yet: `postern platform create NAME --domain DOMAIN`.".to_owned(),
        (Some(near), _) => format!("Did you mean {near}?"),
        (None, _) => format!("There are: {}.", names.join(", ")),
    };
    refuse("unknown_platform", format!("there is no platform {name:?}. {advice}"))
}

/// Visits every account that is listed.
///
/// # Errors
/// [`Refused`].
pub async fn each_listed(daemon: &Daemon, mut visit: impl FnMut(Account)) -> Result<(), Refused> {
    let visited = daemon.records.each(ACCOUNT, |stored: Stored<Account>| {
        if !stored.value.unlisted {
            visit(stored.value);
        }
        true
    });
    visited.await.map_err(unstored)
}

/// Counts the accounts of each platform.
///
/// # Errors
/// [`Refused`].
pub async fn accounts_by_platform(daemon: &Daemon) -> Result<BTreeMap<String, u64>, Refused> {
    let mut counts = BTreeMap::new();
    each_listed(daemon, |account| *counts.entry(account.platform).or_default() += 1).await?;
    Ok(counts)
}

/// Returns a platform as the administrator sees it.
pub fn shown(platform: &Platform, counts: &BTreeMap<String, u64>) -> admin::Platform {
    admin::Platform {
        name: platform.name.clone(),
        domains: platform.domains.clone(),
        netbios: platform.netbios.clone(),
        enabled: platform.enabled,
        settings: platform.policy.shown(),
        accounts: counts.get(&platform.name).copied().unwrap_or(0),
    }
}
