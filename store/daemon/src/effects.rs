//! What follows a commit: fronts are told that sessions may be over, the platforms are read anew, the log gets its lines.
//! It follows as soon as the outcome of the commit is known, also where whoever asked for the commit waits no longer: a
//! commit that comes after its deadline revokes as much as one that comes before.

use postern_engine::{Change, EngineError, Pending, Revision, Swap, Told, Watch};
use postern_rules::{Mailbox, Platform};
use postern_vault::audit;
use postern_vault::export::{self, ExportError};
use postern_vault::keys::PLATFORM;
use postern_vault::records::Records;
use postern_vault::{COMMIT_DEADLINE, RecordError};
use postern_wire::auth::WatchEvent;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, broadcast, watch};

/// Changes that a front may be behind before it is told to look at everything anew.
const WATCH_BACKLOG: usize = 1024;
/// Commits under way whose outcome is waited for, at most. Who comes later waits for a place until the deadline, and is
/// then refused without a commit.
const UNDER_WAY_MAX: usize = 512;
/// How long an administrator's call waits until its platforms are gone by here.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(2);
/// After which a store that could not be read is looked at again.
const AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
pub(crate) mod tests;

/// What of the daemon changes with a commit, beside the records.
pub struct Effects {
    records: Records,
    /// Read at start, and anew after each change: every sign-in needs them.
    platforms: RwLock<Arc<Vec<Platform>>>,
    /// Held while platforms are read, so that no older reading replaces a newer one.
    reading: tokio::sync::Mutex<()>,
    /// There is a notice to send.
    pub queued: Notify,
    /// The index of what ends may lack something: see [`crate::upkeep::ends`].
    pub ends_moved: Notify,
    /// What is committed, here or elsewhere, until [`Self::run`] takes it.
    written: Mutex<Option<Watch>>,
    /// The newest revision of a platform that sign-ins go by here, once fronts have been told.
    taken_up: watch::Sender<Option<Revision>>,
    under_way: Arc<Semaphore>,
    watchers: broadcast::Sender<WatchEvent>,
}

impl Effects {
    /// Of commits into these records.
    ///
    /// # Errors
    /// When the platforms cannot be read.
    pub async fn new(records: Records) -> Result<Self, RecordError> {
        // From before the first reading on, so that no change is missed.
        let written = records.engine().watch().await?;
        let effects = Self {
            records,
            platforms: RwLock::default(),
            reading: tokio::sync::Mutex::new(()),
            queued: Notify::new(),
            ends_moved: Notify::new(),
            written: Mutex::new(Some(written)),
            taken_up: watch::Sender::new(None),
            under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            watchers: broadcast::Sender::new(WATCH_BACKLOG),
        };
        effects.taken_up.send_replace(effects.reload_platforms().await?);
        Ok(effects)
    }

    /// Every platform.
    pub fn platforms(&self) -> Arc<Vec<Platform>> {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the platforms from the store, and answers with the newest of their revisions.
    ///
    /// # Errors
    /// [`RecordError`]; the platforms stay as they were.
    pub async fn reload_platforms(&self) -> Result<Option<Revision>, RecordError> {
        let _reading = self.reading.lock().await;
        let stored = self.records.platforms().await?;
        let newest = stored.iter().map(|stored| stored.revision).max();
        let platforms = stored.into_iter().map(|stored| stored.value).collect();
        *self.platforms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(platforms);
        Ok(newest)
    }

    /// Has the daemon and every front go by the platforms as they are stored.
    ///
    /// # Errors
    /// [`RecordError`]; the platforms stay as they were.
    pub async fn look_at_platforms(&self) -> Result<(), RecordError> {
        self.reload_platforms().await?;
        self.announce(None);
        Ok(())
    }

    /// Takes out what a broken import has left behind, and reads the platforms anew; how many records that were.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn clear_broken_import(&self) -> Result<u64, ExportError> {
        let cleared = export::clear_broken_import(&self.records).await?;
        if cleared.is_some() {
            self.reload_platforms().await?;
        }
        Ok(cleared.unwrap_or(0))
    }

    /// Tells every watching front that sessions may be over: of one mailbox, or of any.
    pub fn announce(&self, mailbox: Option<&Mailbox>) {
        // An error says that nobody watches.
        let _ = self.watchers.send(WatchEvent { mailbox: mailbox.map(|mailbox| mailbox.as_str().to_owned()) });
    }

    /// Changes from now on.
    pub fn watch(&self) -> broadcast::Receiver<WatchEvent> {
        self.watchers.subscribe()
    }

    /// Writes changes with entries of the audit log, all or nothing, and answers with what `follow` returns; none where
    /// something else was written meanwhile and nothing was done. Once the changes are written, the entries are logged and
    /// `follow` is called, whether this is still waited for or not.
    ///
    /// # Errors
    /// [`RecordError`]: nothing is known to have changed, unless it is [`RecordError::NotTakenUp`].
    pub async fn commit<T: Send + 'static>(
        self: &Arc<Self>,
        mut changes: Vec<Change>,
        entries: Vec<audit::Record>,
        follow: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<Option<T>, RecordError> {
        let is_about_platforms = changes.iter().any(|change| change.key.starts_with(PLATFORM));
        for entry in &entries {
            changes.push(self.records.put_entry(entry)?);
        }
        let outcome = async {
            let place = self.under_way.clone().acquire_owned().await;
            let pending = self.records.engine().commit(changes);
            let effects = Arc::clone(self);
            let followed = tokio::spawn(async move {
                let _place = place;
                effects.follow(pending, &entries, is_about_platforms, follow).await
            });
            // Where that task has not ended in order, the daemon stops.
            followed.await.unwrap_or(Err(RecordError::Engine(EngineError::Closed)))
        };
        tokio::time::timeout(COMMIT_DEADLINE, outcome).await.unwrap_or(Err(RecordError::Slow(COMMIT_DEADLINE)))
    }

    async fn follow<T>(
        &self,
        pending: Pending<Swap>,
        entries: &[audit::Record],
        is_about_platforms: bool,
        follow: impl FnOnce(&Self) -> T,
    ) -> Result<Option<T>, RecordError> {
        match pending.await {
            Ok(Swap::Conflict { .. }) => Ok(None),
            Ok(Swap::Done(revision)) => {
                entries.iter().for_each(audit::Record::log);
                let followed = follow(self);
                if is_about_platforms {
                    self.wait_for_platforms(revision).await?;
                }
                Ok(Some(followed))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until sign-ins here go by the platforms as they were written with this revision, and fronts have been told.
    async fn wait_for_platforms(&self, revision: Revision) -> Result<(), RecordError> {
        let mut taken_up = self.taken_up.subscribe();
        let done = taken_up.wait_for(|newest| newest.is_some_and(|newest| newest >= revision));
        match tokio::time::timeout(TAKEN_UP_WITHIN, done).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(RecordError::NotTakenUp),
        }
    }

    /// Goes by what is written, here or elsewhere: first the platforms are read anew, then fronts are told. Where writes may
    /// have been missed, everything is looked at. Runs until it is dropped, or the store is closed; once.
    pub async fn run(&self) {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut written) = written else { return };
        while let Ok(told) = written.next().await {
            // A record that was removed has no revision any more that reading could show.
            let written = match told {
                Told::Written(written) if !written.keys.iter().any(|key| key.starts_with(PLATFORM)) => continue,
                Told::Written(written) => Some(written.revision),
                Told::Missed => None,
            };
            let Some(newest) = self.reload_until_it_succeeds().await else { return };
            self.announce(None);
            if written.is_none() {
                self.queued.notify_one();
                self.ends_moved.notify_one();
            }
            self.taken_up.send_replace(newest.max(written));
        }
    }

    /// The newest revision of a platform, once they could be read; none where the store is closed. Each run of failures is
    /// one line in the log: until its end, sign-ins go by the platforms as they were.
    async fn reload_until_it_succeeds(&self) -> Option<Option<Revision>> {
        let mut is_logged = false;
        loop {
            let failed = match self.records.engine().health() {
                Ok(()) => match self.reload_platforms().await {
                    Ok(newest) => return Some(newest),
                    Err(error) => error,
                },
                Err(EngineError::Closed) => return None,
                Err(error) => error.into(),
            };
            if !is_logged {
                tracing::error!(error = %failed, "the platforms cannot be read anew: sign-ins go by them as they were");
                is_logged = true;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
