//! What follows a commit: fronts are told that sessions may be over, the platforms are read anew, the log gets its lines.
//! It follows as soon as the outcome of the commit is known, also where whoever asked for the commit waits no longer: a
//! commit that comes after its deadline revokes as much as one that comes before.

use postern_engine::{Change, EngineError, Pending, Swap};
use postern_rules::{Mailbox, Platform};
use postern_vault::audit;
use postern_vault::export::{self, ExportError};
use postern_vault::keys::PLATFORM;
use postern_vault::records::Records;
use postern_vault::{COMMIT_DEADLINE, RecordError};
use postern_wire::auth::WatchEvent;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, broadcast};

/// Changes that a front may be behind before it is told to look at everything anew.
const WATCH_BACKLOG: usize = 1024;
/// Commits under way owner outcome is waited for, at most. Who comes later waits for a place until the deadline, and is
/// then refused without a commit.
const UNDER_WAY_MAX: usize = 512;
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
    /// There was a commit owner outcome the store could not say.
    unknown: Notify,
    under_way: Arc<Semaphore>,
    watchers: broadcast::Sender<WatchEvent>,
}

impl Effects {
    /// Of commits into these records.
    ///
    /// # Errors
    /// When the platforms cannot be read.
    pub async fn new(records: Records) -> Result<Self, RecordError> {
        let effects = Self {
            records,
            platforms: RwLock::default(),
            reading: tokio::sync::Mutex::new(()),
            queued: Notify::new(),
            ends_moved: Notify::new(),
            unknown: Notify::new(),
            under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            watchers: broadcast::Sender::new(WATCH_BACKLOG),
        };
        effects.reload_platforms().await?;
        Ok(effects)
    }

    /// Every platform.
    pub fn platforms(&self) -> Arc<Vec<Platform>> {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the platforms from the store.
    ///
    /// # Errors
    /// [`RecordError`]; the platforms stay as they were.
    pub async fn reload_platforms(&self) -> Result<(), RecordError> {
        let _reading = self.reading.lock().await;
        let platforms = self.records.platforms().await?.into_iter().map(|stored| stored.value).collect();
        *self.platforms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(platforms);
        Ok(())
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
    /// [`RecordError`]: nothing is known to have changed, unless it is that the platforms cannot be read anew.
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
        let followed = match pending.await {
            Ok(Swap::Conflict { .. }) => return Ok(None),
            Ok(Swap::Done(_)) => {
                entries.iter().for_each(audit::Record::log);
                let followed = follow(self);
                match is_about_platforms {
                    true => self.look_at_platforms().await.map(|()| followed),
                    false => Ok(followed),
                }
            }
            // Such a commit is not tried at all.
            Err(error @ EngineError::Limit(_)) => return Err(error.into()),
            Err(error) => Err(error.into()),
        };
        if followed.is_err() {
            self.unknown.notify_one();
        }
        followed.map(Some)
    }

    /// Where the outcome of a commit is unknown, since the store has failed meanwhile: has everything looked at that may
    /// have changed, as soon as the store is whole again. Runs until it is dropped.
    pub async fn run(&self) {
        loop {
            self.unknown.notified().await;
            while !self.look_at_everything().await {
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Whether the store could be read.
    async fn look_at_everything(&self) -> bool {
        let is_read = self.records.engine().health().is_ok() && self.reload_platforms().await.is_ok();
        if is_read {
            self.announce(None);
            self.queued.notify_one();
            self.ends_moved.notify_one();
        }
        is_read
    }
}
