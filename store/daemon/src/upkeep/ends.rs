//! Expiry of everything that admits users until a given time: a suspension, an app password, the trust in a browser. An
//! index by time names the accounts. Fronts are told about users whose sign-in rests on what has expired, and then ask
//! again.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::verb::Verb;
use postern_engine::{CHANGES_MAX, Change};
use postern_rules::time::CLOCK_TOLERANCE;
use postern_rules::{Account, Decision, Mailbox, Settled, Time};
use postern_vault::RecordError;
use postern_vault::keys::{self, ACCOUNT, SUSPENDED, sessions_key};
use postern_vault::records::{Ended, PAGE};
use std::collections::BTreeSet;
use std::time::Duration;

/// Interval between two searches for what has expired. The wall clock decides, and it may step, so no timer can be set
/// to the exact moment.
const EVERY: Duration = Duration::from_secs(1);
/// Delay before a failed update of the index is repeated.
const AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;

/// Ends what has expired. Runs until it is dropped.
pub async fn run(daemon: &Daemon) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut latest = clock::now();
    // Entries whose end could not be written: logged, and reported to the fronts, once and not each second.
    let mut troubled = BTreeSet::new();
    loop {
        tick.tick().await;
        latest = look_at_the_clock(daemon, latest);
        troubled = end_what_is_due(daemon, troubled).await;
    }
}

/// Tells the fronts when the clock has stepped back: what had not begun at that time admits no user, and no expiry time
/// shows it.
fn look_at_the_clock(daemon: &Daemon, latest: Time) -> Time {
    let now = clock::now();
    if now < latest.plus(-CLOCK_TOLERANCE) {
        tracing::warn!("the clock stepped back by {} s: every session is looked at", latest.0 - now.0);
        daemon.announce(None);
        return now;
    }
    latest.max(now)
}

async fn end_what_is_due(daemon: &Daemon, mut troubled: BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    let (mut after, mut still) = (None, BTreeSet::new());
    loop {
        let due = match daemon.records.ended(clock::now(), after.as_deref()).await {
            Ok(due) => due,
            Err(error) => {
                if troubled.insert(Vec::new()) {
                    tracing::error!("what has ended cannot be looked for: {error}");
                }
                return troubled;
            }
        };
        let Some(last) = due.last() else { return still };
        after = Some(last.key.clone());
        still.append(&mut end_page(daemon, due, &troubled).await);
    }
}

/// Ends these entries, and returns those whose end could not be written.
async fn end_page(daemon: &Daemon, due: Vec<Ended>, troubled: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    let mut still = BTreeSet::new();
    for Ended { key, mailbox } in due {
        let (outcome, mailbox) = match mailbox {
            Ok(mailbox) => (end(daemon, &key, &mailbox).await, Some(mailbox)),
            Err(error) => (Err(error), None),
        };
        if let Err(error) = outcome {
            if !troubled.contains(&key) {
                tracing::error!("that something has ended cannot be written: {error}");
                // It has expired all the same: sessions that rest on it are over.
                daemon.announce(mailbox.as_ref());
            }
            still.insert(key);
        }
    }
    still
}

async fn end(daemon: &Daemon, key: &[u8], mailbox: &Mailbox) -> Result<(), RecordError> {
    daemon.settle_stored(mailbox).await?;
    // The index entry is removed together with what it refers to. An entry that is left refers to something that was
    // removed in another way, or that has not expired: the clock may have stepped back since the search.
    let left = daemon.records.load_sealed(key).await?;
    let account = daemon.records.account(mailbox).await?;
    let has_ended = account.is_none_or(|stored| !keys::is_end_of(key, &stored.value));
    if let Some((_, revision)) = left.filter(|_| has_ended) {
        let sessions = daemon.records.next_revision(&sessions_key(mailbox)).await?;
        daemon.records.commit(vec![Change::delete(key, revision), sessions]).await?;
    }
    Ok(())
}

/// Brings the index up to date: at the start, since an earlier version had none; after an import; and when a policy
/// makes trust expire earlier. Runs until it is dropped.
pub async fn keep_index(daemon: &Daemon) {
    loop {
        match bring_up_to_date(daemon).await {
            Ok(()) => daemon.effects.ends_moved.notified().await,
            Err(error) => {
                tracing::error!("the index of what ends is not up to date: {error}");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn bring_up_to_date(daemon: &Daemon) -> Result<(), RecordError> {
    forget_the_old_index(daemon).await?;
    let (mut after, mut count): (Option<Vec<u8>>, usize) = (None, 0);
    loop {
        let page = daemon.records.scan(ACCOUNT, after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else {
            tracing::debug!("the index of what ends is up to date: {count} accounts were written to it");
            return Ok(());
        };
        after = Some(last.key.clone());
        for entry in &page {
            // An account that cannot be opened is denied anyway, and does not hide others.
            if let Ok(account) = daemon.records.open::<Account>(&entry.key, &entry.value) {
                count += usize::from(index(daemon, &account).await?);
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Indexes an account. Returns whether something had to be written.
async fn index(daemon: &Daemon, account: &Account) -> Result<bool, RecordError> {
    if account.ends().is_empty() {
        return Ok(false);
    }
    let has_settled = daemon.settle(account).await?;
    let Some(stored) = daemon.records.account(&account.mailbox).await? else { return Ok(has_settled) };
    let missing = daemon.records.missing_ends(&stored.value).await?;
    if missing.is_empty() {
        return Ok(has_settled);
    }
    // If a concurrent write came first, the entry exists.
    daemon.records.commit(missing).await?;
    Ok(true)
}

async fn forget_the_old_index(daemon: &Daemon) -> Result<(), RecordError> {
    loop {
        let page = daemon.records.scan(SUSPENDED, None, CHANGES_MAX).await?;
        if page.is_empty() {
            return Ok(());
        }
        let gone = page.into_iter().map(|entry| Change::delete(entry.key, entry.revision)).collect();
        daemon.records.commit(gone).await?;
    }
}

impl Daemon {
    /// Writes what has expired in an account, if anything has: it must not become valid again if the clock steps back.
    /// Returns whether something had expired.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn settle(&self, account: &Account) -> Result<bool, RecordError> {
        let platforms = self.platforms();
        let platform = platforms.iter().find(|platform| platform.name == account.platform);
        let has_ended =
            platform.is_some_and(|platform| Settled::of(account, platform, clock::now()).expired().is_some());
        if has_ended {
            self.settle_stored(&account.mailbox).await?;
        }
        Ok(has_ended)
    }

    /// Writes what has expired in a mailbox's account as it is stored. The expiry has its own audit entry.
    async fn settle_stored(&self, mailbox: &Mailbox) -> Result<(), RecordError> {
        let unchanged = |_: &Settled<'_>| Ok(Decision { verdict: (), next: None });
        self.apply(mailbox, None, &Actor::new("posternd", ""), &Verb::new("tick"), unchanged).await.map(drop)
    }

    /// Does the same as [`Self::settle`], for requests that only read: an answer based on an expiry is valid whether
    /// that expiry can be written or not.
    pub(crate) async fn settle_if_possible(&self, account: &Account) {
        if let Err(error) = self.settle(account).await {
            tracing::error!("that something has ended cannot be written: {error}");
        }
    }
}
