//! The effects of a commit. Fronts are told that sessions may be over, and the platforms are read again, when the engine's
//! watch reports the commit, whichever process has made it. The log lines of a commit that was made here are written as
//! soon as its outcome is known, even if the caller no longer waits for it: a commit that completes after its deadline
//! revokes as much as one that completes before.

use postern_engine::{Change, EngineError, Key, Next, Pending, Revision, Swap, Told, Watch};
use postern_rules::{Mailbox, Platform};
use postern_vault::audit;
use postern_vault::export::ExportError;
use postern_vault::import::{self, Found};
use postern_vault::keys::{ALIAS, IMPORTING, PLATFORM, PLATFORMS, SESSIONS};
use postern_vault::records::{PlatformSet, Records};
use postern_vault::{COMMIT_DEADLINE, RecordError};
use postern_wire::auth::WatchEvent;
use std::collections::BTreeSet;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, broadcast, mpsc, watch};
use tokio::time::Instant;

/// How many changes a front may lag behind before it is told to check everything again.
const WATCH_BACKLOG: usize = 1024;
/// Maximum number of mailboxes that fronts are told of one by one for the writes that are processed together. If there are
/// more, fronts check all their sessions once.
const MAILBOXES_MAX: usize = 8;
/// Maximum number of commits in progress whose outcome is awaited. Further callers wait for a slot until the deadline,
/// and are then refused without a commit.
const UNDER_WAY_MAX: usize = 512;
/// How long an administrator's call waits until this daemon uses the changed platforms.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(2);
/// What is left of a commit's deadline when its caller stops waiting for fronts: a change that is made is not answered
/// with an error because they are told late.
const MARGIN: Duration = Duration::from_millis(250);
/// Delay before a store that could not be read is read again.
const AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
pub(crate) mod tests;

/// The state of the daemon that changes with a commit, except the records.
pub struct Effects {
    records: Records,
    /// Read at start, and again after each change: every sign-in needs them.
    platforms: RwLock<Arc<PlatformSet>>,
    /// Held while platforms are read, so that an older result never replaces a newer one.
    reading: tokio::sync::Mutex<()>,
    /// Notified when there is a notice to send.
    pub queued: Notify,
    /// Notified when the index of expiry times may be incomplete: see [`crate::upkeep::ends`].
    pub ends_moved: Notify,
    /// Commits made here or elsewhere, until [`Self::run`] takes this receiver.
    written: Mutex<Option<Watch>>,
    /// The newest revision of a platform that sign-ins use here, set after fronts have been told.
    taken_up: watch::Sender<Option<Revision>>,
    /// The newest revision of a write of which fronts have been told.
    announced: watch::Sender<Option<Revision>>,
    under_way: Arc<Semaphore>,
    watchers: broadcast::Sender<WatchEvent>,
}

impl Effects {
    /// Creates the effects of commits to these records.
    ///
    /// # Errors
    /// When the platforms cannot be read.
    pub async fn new(records: Records) -> Result<Self, RecordError> {
        // Subscribe before the first read, so that no change is missed.
        let written = records.engine().watch().await?;
        let effects = Self {
            records,
            platforms: RwLock::default(),
            reading: tokio::sync::Mutex::new(()),
            queued: Notify::new(),
            ends_moved: Notify::new(),
            written: Mutex::new(Some(written)),
            taken_up: watch::Sender::new(None),
            announced: watch::Sender::new(None),
            under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            watchers: broadcast::Sender::new(WATCH_BACKLOG),
        };
        effects.taken_up.send_replace(effects.reload_platforms().await?);
        Ok(effects)
    }

    /// Every platform, as last read here.
    pub fn platforms(&self) -> Arc<Vec<Platform>> {
        self.platform_set().all.clone()
    }

    /// The platforms as last read here, with the revision that a commit expects which depends on them.
    pub fn platform_set(&self) -> Arc<PlatformSet> {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The platforms as they are stored now. They are read only if they have changed.
    ///
    /// # Errors
    /// [`RecordError`]; [`RecordError::Importing`] while an import is written, or if one was interrupted.
    pub async fn current_platforms(&self) -> Result<Arc<Vec<Platform>>, RecordError> {
        if !self.is_current().await? {
            self.catch_up().await?;
        }
        let platforms = self.platform_set();
        if platforms.is_importing { Err(RecordError::Importing) } else { Ok(platforms.all.clone()) }
    }

    /// Whether the platforms as last read here are those that are stored.
    async fn is_current(&self) -> Result<bool, RecordError> {
        Ok(self.platform_set().revision == self.records.revision(PLATFORMS).await?)
    }

    /// Reads the platforms, unless another caller has read them meanwhile: after a change of platforms every sign-in
    /// arrives here at once.
    async fn catch_up(&self) -> Result<(), RecordError> {
        let _reading = self.reading.lock().await;
        if !self.is_current().await? {
            self.read_platforms().await?;
        }
        Ok(())
    }

    /// Reads the platforms from the store, and returns the newest of their revisions.
    ///
    /// # Errors
    /// [`RecordError`]; the platforms are unchanged.
    pub async fn reload_platforms(&self) -> Result<Option<Revision>, RecordError> {
        let _reading = self.reading.lock().await;
        self.read_platforms().await
    }

    /// Must be called with [`Self::reading`] locked.
    async fn read_platforms(&self) -> Result<Option<Revision>, RecordError> {
        let platforms = self.records.platforms().await?;
        let newest = platforms.newest;
        let shortens_trust = shortens_trust(&self.platforms(), &platforms.all);
        *self.platforms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(platforms);
        if shortens_trust {
            // Only now: the index is updated by the platforms as they are read here.
            self.ends_moved.notify_one();
        }
        Ok(newest)
    }

    /// Makes the daemon and every front use the platforms as they are stored.
    ///
    /// # Errors
    /// [`RecordError`]; the platforms are unchanged.
    pub async fn look_at_platforms(&self) -> Result<(), RecordError> {
        self.reload_platforms().await?;
        self.announce(None);
        Ok(())
    }

    /// Removes the records of an import that has stood still for the time `stalled`, and reads the platforms again.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn clear_broken_import(&self, stalled: Duration) -> Result<Found, ExportError> {
        let found = import::clear_broken_import(&self.records, stalled).await?;
        if let Found::Removed(count) = &found {
            tracing::warn!("an import was broken off: {count} records of it were taken out. Import again");
            self.reload_platforms().await?;
        }
        Ok(found)
    }

    /// Tells every watching front that sessions may be over: those of one mailbox, or of any mailbox.
    pub fn announce(&self, mailbox: Option<&Mailbox>) {
        // An error means that there are no watchers.
        let _ = self.watchers.send(WatchEvent { mailbox: mailbox.map(|mailbox| mailbox.as_str().to_owned()) });
    }

    /// Subscribes to changes from now on.
    pub fn watch(&self) -> broadcast::Receiver<WatchEvent> {
        self.watchers.subscribe()
    }

    /// Writes changes together with entries of the audit log, all or nothing, and returns the result of `follow`; none
    /// if there was a concurrent write and nothing was done; if it was one of platforms, they are read again. Once the
    /// changes are written, the entries are logged and `follow` is called, whether the caller still waits or not. Then
    /// it waits until fronts have been told.
    ///
    /// # Errors
    /// [`RecordError`]: no change is known to have been made, unless it is [`RecordError::NotTakenUp`].
    pub async fn commit<T: Send + 'static>(
        self: &Arc<Self>,
        mut changes: Vec<Change>,
        entries: Vec<audit::Record>,
        follow: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<Option<T>, RecordError> {
        let keys = || changes.iter().filter(|change| change.next != Next::Same).map(|change| &change.key);
        let told = Tells { platforms: keys().any(is_about_platforms), sessions: keys().any(is_about_sessions) };
        for entry in &entries {
            changes.push(self.records.put_entry(entry)?);
        }
        let until = Instant::now() + COMMIT_DEADLINE - MARGIN;
        let outcome = async {
            let place = self.under_way.clone().acquire_owned().await;
            let pending = self.records.begin(changes);
            let effects = Arc::clone(self);
            let followed = tokio::spawn(async move {
                let _place = place;
                effects.follow(pending, &entries, (told, until), follow).await
            });
            // If that task has not ended normally, the daemon stops.
            followed.await.unwrap_or(Err(RecordError::Engine(EngineError::Closed)))
        };
        tokio::time::timeout(COMMIT_DEADLINE, outcome).await.unwrap_or(Err(RecordError::Slow(COMMIT_DEADLINE)))
    }

    async fn follow<T>(
        &self,
        pending: Pending<Swap>,
        entries: &[audit::Record],
        (told, until): (Tells, Instant),
        follow: impl FnOnce(&Self) -> T,
    ) -> Result<Option<T>, RecordError> {
        match pending.await {
            Ok(Swap::Conflict { key }) if key == IMPORTING => Err(RecordError::Importing),
            Ok(Swap::Conflict { key }) => {
                if key == PLATFORMS {
                    self.catch_up().await?;
                }
                Ok(None)
            }
            Ok(Swap::Done(revision)) => {
                entries.iter().for_each(audit::Record::log);
                let followed = follow(self);
                if told.sessions {
                    // Where that takes too long, they are told later: the watch misses nothing.
                    reached(&self.announced, revision, until).await;
                }
                if told.platforms && !reached(&self.taken_up, revision, until).await {
                    return Err(RecordError::NotTakenUp);
                }
                Ok(Some(followed))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Processes commits made here or elsewhere: fronts are told of sessions that may be over, and the platforms are read
    /// again. If writes may have been missed, everything is checked. Runs until it is dropped or the store is closed.
    /// Call it once only.
    pub async fn run(&self) {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(written) = written else { return };
        let (platforms, changed) = mpsc::unbounded_channel();
        tokio::join!(self.process(written, platforms), self.keep_platforms(changed));
    }

    /// Tells fronts of sessions that may be over, and hands over which writes are about platforms; none: writes may have
    /// been missed.
    async fn process(&self, mut writes: Watch, platforms: mpsc::UnboundedSender<Option<Revision>>) {
        while let Ok(told) = writes.next().await {
            // What is already reported is processed together: fronts check sessions one after the other, and a sequence of
            // writes, as when records are resealed, must not delay a revocation.
            let all: Vec<Told> = iter::once(told).chain(iter::from_fn(|| writes.ready())).take(WATCH_BACKLOG).collect();
            self.announce_sessions(&all);
            for told in all {
                let Told::Written(written) = told else {
                    self.queued.notify_one();
                    let _ = platforms.send(None);
                    continue;
                };
                self.announced.send_replace(Some(written.revision));
                if written.keys.iter().any(is_about_platforms) {
                    let _ = platforms.send(Some(written.revision));
                }
            }
        }
    }

    /// Tells fronts of the sessions that these writes may have ended: of all sessions at most once.
    fn announce_sessions(&self, all: &[Told]) {
        let (mut mailboxes, mut any) = (BTreeSet::new(), false);
        for told in all {
            let Told::Written(written) = told else {
                any = true;
                continue;
            };
            let keys = &written.keys;
            // The records of an import: there are no sessions yet, and the end of an import is about the platforms.
            if keys.iter().any(|key| key == IMPORTING) {
                continue;
            }
            // A user may be signed in under a name that now resolves to another account.
            any |= keys.iter().any(|key| key.starts_with(ALIAS));
            mailboxes.extend(keys.iter().filter_map(|key| key.strip_prefix(SESSIONS)));
        }
        if any || mailboxes.len() > MAILBOXES_MAX {
            return self.announce(None);
        }
        for mailbox in mailboxes {
            let mailbox = Some(String::from_utf8_lossy(mailbox).into_owned());
            let _ = self.watchers.send(WatchEvent { mailbox });
        }
    }

    /// Reads the platforms after each write that is about them, and then tells fronts.
    async fn keep_platforms(&self, mut changed: mpsc::UnboundedReceiver<Option<Revision>>) {
        while let Some(mut written) = changed.recv().await {
            let mut has_missed = written.is_none();
            while let Ok(later) = changed.try_recv() {
                has_missed |= later.is_none();
                written = written.max(later);
            }
            let Some(newest) = self.reload_until_it_succeeds().await else { return };
            self.announce(None);
            if has_missed {
                self.ends_moved.notify_one();
            }
            // A removed record has no revision that a read could return.
            self.taken_up.send_replace(newest.max(written));
        }
    }

    /// Returns the newest revision of a platform, as soon as the platforms could be read; none if the store is closed.
    /// Each series of failures is one line in the log: until it ends, names are refused that were to be read with the
    /// changed platforms.
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
                tracing::error!(error = %failed, "the platforms cannot be read anew: until then, names are refused");
                is_logged = true;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// What fronts are told of after a commit, before it is answered.
#[derive(Clone, Copy)]
struct Tells {
    platforms: bool,
    sessions: bool,
}

/// Waits until this revision is reached; not for longer than [`TAKEN_UP_WITHIN`], and not later than `until`.
async fn reached(revisions: &watch::Sender<Option<Revision>>, revision: Revision, until: Instant) -> bool {
    let mut revisions = revisions.subscribe();
    let done = revisions.wait_for(|newest| newest.is_some_and(|newest| newest >= revision));
    let until = until.min(Instant::now() + TAKEN_UP_WITHIN);
    matches!(tokio::time::timeout_at(until, done).await, Ok(Ok(_)))
}

fn is_about_platforms(key: &Key) -> bool {
    key.starts_with(PLATFORM) || key == PLATFORMS
}

fn is_about_sessions(key: &Key) -> bool {
    key.starts_with(SESSIONS) || key.starts_with(ALIAS)
}

/// Whether the trust in a browser may end earlier by the policies of `after` than by those of `before`.
fn shortens_trust(before: &[Platform], after: &[Platform]) -> bool {
    after.iter().any(|after| {
        let before = before.iter().find(|before| before.name == after.name);
        before.is_some_and(|before| after.policy.shortens_trust(&before.policy))
    })
}
