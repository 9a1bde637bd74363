//! The verbs of the admin socket, one file for each noun. A refusal states the problem, the reason and what to do.

pub mod accounts;
pub mod app_passwords;
pub mod audit;
pub mod check;
pub mod contact;
pub mod export;
pub mod import;
pub mod keys;
pub mod log;
pub mod methods;
pub mod platforms;
pub mod requests;
pub mod status;
mod verdicts;

#[cfg(test)]
mod tests;

use crate::administer::audit::shown_state;
use crate::apply::Applied;
use crate::clock;
use crate::daemon::{Daemon, ResolveError, Resolved, backup_codes_left};
use postern_rules::name::LookupName;
use postern_rules::{Account, Mailbox, Platform, State, Time, text};
use postern_vault::RecordError;
use postern_vault::audit::Record;
use postern_vault::keys::ACCOUNT;
use postern_vault::records::{PAGE, Stored};
use postern_wire::admin::{self, Refused};

/// Maximum edit distance between a mistyped name and a suggestion.
const NEAR: usize = 3;
/// How often a change is decided again because of a concurrent write.
const ATTEMPTS: usize = 20;
/// The reason of a refusal because a mailbox has no account.
pub const UNKNOWN_MAILBOX: &str = "unknown_mailbox";
/// Maximum number of accounts that are searched for a similar name.
const LOOKED_THROUGH: usize = 20_000;

/// Creates a refusal with its reason, a single word for programs.
pub fn refuse(reason: &str, message: impl Into<String>) -> Refused {
    Refused { reason: reason.to_owned(), message: message.into() }
}

/// The refusal for a store that cannot be read or written.
pub fn unstored(error: RecordError) -> Refused {
    match &error {
        RecordError::Changed(_) => return refuse("busy", format!("{error}.")),
        RecordError::Astray(_) => return refuse("hidden_names", format!("{error}.")),
        _ => {}
    }
    tracing::error!("an administrator is refused: {error}");
    refuse("store", error.to_string())
}

/// Repeats a change that returns none if there was a concurrent write and nothing was done. Each attempt has to read and
/// judge everything anew.
///
/// # Errors
/// [`Refused`]: by the change, or because there was a concurrent write of `what` each time.
pub async fn until_unchanged<T, F>(what: &str, change: impl Fn() -> F) -> Result<T, Refused>
where
    F: Future<Output = Result<Option<T>, Refused>>,
{
    for _ in 0..ATTEMPTS {
        if let Some(done) = change().await? {
            return Ok(done);
        }
    }
    Err(refuse("busy", format!("{what} was changed meanwhile. Try again.")))
}

/// Returns the account that a name resolves to.
///
/// # Errors
/// [`Refused`].
pub async fn account(daemon: &Daemon, typed: &str) -> Result<(Stored<Account>, Platform), Refused> {
    match resolve(daemon, typed).await? {
        Resolved::Account(stored, platform) => Ok((*stored, platform)),
        Resolved::Unlisted(mailbox, _) => {
            let message = format!("{mailbox} has no account. `postern account enable {mailbox}` makes one.");
            Err(refuse(UNKNOWN_MAILBOX, message))
        }
        Resolved::Foreign(mailbox) => Err(foreign(daemon, &mailbox)),
    }
}

/// Returns the mailbox of a name in a platform's domain, whether it has an account or not.
///
/// # Errors
/// [`Refused`].
pub async fn mailbox(daemon: &Daemon, typed: &str) -> Result<(Mailbox, Platform), Refused> {
    match resolve(daemon, typed).await? {
        Resolved::Account(stored, platform) => Ok((stored.value.mailbox, platform)),
        Resolved::Unlisted(mailbox, platform) => Ok((mailbox, platform)),
        Resolved::Foreign(mailbox) => Err(foreign(daemon, &mailbox)),
    }
}

/// Removes invisible characters, which a name from a list or copied from a page may contain.
fn visible(typed: &str) -> String {
    text::visible(typed).collect()
}

async fn resolve(daemon: &Daemon, typed: &str) -> Result<Resolved, Refused> {
    daemon.look_up(LookupName::new(&visible(typed))).await.map_err(|error| match error {
        ResolveError::Name(error) => refuse("bad_name", format!("{typed:?} is not a mailbox: {error}.")),
        ResolveError::Record(error) => unstored(error),
    })
}

fn foreign(daemon: &Daemon, mailbox: &Mailbox) -> Refused {
    let platforms = daemon.platforms();
    let domains: Vec<&str> = platforms.iter().flat_map(|platform| &platform.domains).map(String::as_str).collect();
    let message = if domains.is_empty() {
        format!(
            "{mailbox} is outside every platform's domains, since there is no platform yet. \
             `postern platform create NAME --domain {}` makes one.",
            mailbox.domain()
        )
    } else {
        let near = nearest(mailbox.domain(), domains.iter().copied());
        let hint = near.map_or(String::new(), |near| format!(" Did you mean {near}?"));
        format!("{mailbox} is outside every platform's domains, which are: {}.{hint}", domains.join(", "))
    };
    refuse("foreign_mailbox", message)
}

/// Returns the account name that is most similar to the input, if one is similar enough. Meant for a single name typed
/// by hand. It reads page by page, and yields to other tasks in between.
pub async fn nearest_account(daemon: &Daemon, typed: &str) -> Option<String> {
    let mailbox = match daemon.look_up(LookupName::new(typed)).await {
        Ok(Resolved::Unlisted(mailbox, _)) => mailbox.to_string(),
        _ => return None,
    };
    let (mut after, mut looked, mut best): (Option<Vec<u8>>, usize, Option<(usize, String)>) = (None, 0, None);
    while looked < LOOKED_THROUGH {
        let page = daemon.records.scan(ACCOUNT, after.as_deref(), PAGE).await.ok()?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        looked += page.len();
        for entry in &page {
            let name = String::from_utf8_lossy(&entry.key[ACCOUNT.len()..]);
            let closest = best.as_ref().map_or(NEAR + 1, |(far, _)| *far);
            // The distance is at least the difference in length.
            if name.len().abs_diff(mailbox.len()) < closest {
                let far = strsim::damerau_levenshtein(&mailbox, &name);
                if far < closest {
                    best = Some((far, name.into_owned()));
                }
            }
        }
        tokio::task::yield_now().await;
    }
    best.map(|(_, name)| name)
}

/// Returns the known name that is most similar to the input, if one is similar enough.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = known.map(|known| (strsim::damerau_levenshtein(typed, known), known)).min();
    far.filter(|(far, _)| *far <= NEAR).map(|(_, known)| known)
}

/// Returns an account as the administrator sees it.
pub fn shown(account: &Account, now: Time) -> admin::Account {
    let state = account.state(now);
    let until = match state {
        State::Suspended(until) | State::Locked(Some(until)) => Some(clock::rfc3339(until)),
        State::Off | State::Enrolling | State::Protected | State::Locked(None) => None,
    };
    let method = |factor: &postern_rules::Factor| admin::Method {
        id: factor.id.clone(),
        kind: factor.kind.as_str().to_owned(),
        description: factor.description.clone(),
        created: clock::rfc3339(factor.created),
        last_used: factor.last_used.map(clock::rfc3339),
        copied: factor.is_copied(),
    };
    admin::Account {
        mailbox: account.mailbox.to_string(),
        platform: account.platform.clone(),
        state: shown_state(state),
        until,
        methods: account.factors.iter().map(method).collect(),
        aliases: account.aliases.iter().map(ToString::to_string).collect(),
        backup_codes_left: backup_codes_left(account),
        contact: account.contact.as_ref().map(|address| address.as_str().to_owned()),
        browsers: u32::try_from(account.browsers.iter().len()).unwrap_or(u32::MAX),
        failures: account.throttles.iter().map(|(budget, t)| (budget.as_str().to_owned(), t.failures)).collect(),
    }
}

/// Returns the result of a change, for the client that requested it.
pub fn changed<V>(applied: &Applied<V>, changed: bool) -> admin::Changed {
    admin::Changed {
        before: applied.before.map(shown_state),
        after: shown(&applied.account, applied.now),
        changed,
        enrolment_code: None,
    }
}

/// Creates an audit entry about something other than an account's state.
pub fn entry(actor: &str, action: &str, mailbox: Option<&Mailbox>, detail: String) -> Record {
    Record {
        time: clock::now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        mailbox: mailbox.map(ToString::to_string),
        address: None,
        before: None,
        after: None,
        outcome: "done".to_owned(),
        detail,
    }
}
