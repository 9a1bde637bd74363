//! The records of a store: reading, sealing, and writing by compare-and-swap.

use crate::audit;
use crate::error::{COMMIT_DEADLINE, READ_DEADLINE, RecordError};
use crate::keys::{
    ENDS, IMPORTING, PLATFORM, PLATFORMS, PLUS_NAMES, account_key, alias_key, credential_key, credentials, end_keys,
    end_prefix,
};
use crate::seal::Sealer;
use arc_swap::ArcSwap;
use postern_engine::{Change, Engine, Entry, Pending, Revision, Swap};
use postern_rules::alias::{self, Gained};
use postern_rules::{Account, Mailbox, Platform, Time};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use zeroize::Zeroizing;

/// The page size for reading many records.
pub const PAGE: usize = 256;
/// The most entries of the index of ends that one commit removes in addition to its change; the rest is removed when
/// its time comes. An account has at most 58 entries, and a commit at most 64 changes.
const ENDS_OUT: usize = 12;

/// How often the platforms are read because of concurrent writes.
const READINGS: usize = 20;

/// A record with its revision, which a swap must name.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// Its key.
    pub key: Vec<u8>,
    /// The record.
    pub value: T,
    /// Its revision.
    pub revision: Revision,
}

/// All platforms, as they are at one moment.
#[derive(Debug, Clone, Default)]
pub struct PlatformSet {
    /// The platforms.
    pub all: Arc<Vec<Platform>>,
    /// The revision of the set: that of [`PLATFORMS`]. None: no platform was written by this version.
    pub revision: Option<Revision>,
    /// The newest revision of a platform or of the set.
    pub newest: Option<Revision>,
    /// Whether an import is being written, or was interrupted: then there may be platforms without their accounts, and
    /// such accounts would need no second factor.
    pub is_importing: bool,
}

impl PlatformSet {
    /// Expects that the set has not changed since.
    pub fn expected(&self) -> Change {
        Change::expect(PLATFORMS, self.revision)
    }
}

/// An account with a grant that has expired.
pub struct Ended {
    /// Its key in the index.
    pub key: Vec<u8>,
    /// The mailbox of the account.
    pub mailbox: Result<Mailbox, RecordError>,
}

/// The records of one store.
#[derive(Clone)]
pub struct Records {
    engine: Arc<dyn Engine>,
    sealer: Arc<ArcSwap<Sealer>>,
}

impl Records {
    /// The records of an open engine.
    pub fn new(engine: Arc<dyn Engine>, sealer: Arc<Sealer>) -> Self {
        Self { engine, sealer: Arc::new(ArcSwap::new(sealer)) }
    }

    /// The engine below.
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// The sealer of the records.
    pub fn sealer(&self) -> Arc<Sealer> {
        self.sealer.load_full()
    }

    /// Seals with another key from now on. It must open all data that the previous one has sealed.
    pub fn seal_with(&self, sealer: Sealer) {
        self.sealer.store(Arc::new(sealer));
    }

    /// Reads one record.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn load<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<Stored<T>>, RecordError> {
        match self.load_sealed(key).await? {
            None => Ok(None),
            Some((sealed, revision)) => {
                Ok(Some(Stored { key: key.to_vec(), value: self.open(key, &sealed)?, revision }))
            }
        }
    }

    /// Reads one record without opening it, within [`READ_DEADLINE`].
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn load_sealed(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Revision)>, RecordError> {
        within(READ_DEADLINE, self.engine.load(key)).await
    }

    /// Reads at most `limit` records under `prefix` after the key `after` without opening them, within
    /// [`READ_DEADLINE`].
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, RecordError> {
        within(READ_DEADLINE, self.engine.scan(prefix, after, limit)).await
    }

    /// Reads the account of a mailbox.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn account(&self, mailbox: &Mailbox) -> Result<Option<Stored<Account>>, RecordError> {
        self.load(&account_key(mailbox)).await
    }

    /// Reads the mailbox of an alias.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn alias(&self, name: &Mailbox) -> Result<Option<Stored<Mailbox>>, RecordError> {
        self.load(&alias_key(name)).await
    }

    /// Reads the mailbox with the security key that has this credential id.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn key_holder(&self, credential: &[u8]) -> Result<Option<Stored<Mailbox>>, RecordError> {
        self.load(&credential_key(credential)).await
    }

    /// Reads the revision of a record; none if there is no such record.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn revision(&self, key: &[u8]) -> Result<Option<Revision>, RecordError> {
        Ok(self.load_sealed(key).await?.map(|(_, revision)| revision))
    }

    /// Reads all platforms, as they are at one moment.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn platforms(&self) -> Result<PlatformSet, RecordError> {
        for _ in 0..READINGS {
            let revision = self.revision(PLATFORMS).await?;
            let is_importing = self.revision(IMPORTING).await?.is_some();
            let (mut all, mut newest) = (Vec::new(), revision);
            self.each(PLATFORM, |stored| {
                newest = newest.max(Some(stored.revision));
                all.push(stored.value);
                true
            })
            .await?;
            // Written between two of these readings: they are not of one moment.
            if self.revision(PLATFORMS).await? == revision {
                return Ok(PlatformSet { all: Arc::new(all), revision, newest, is_importing });
            }
        }
        Err(RecordError::Contended)
    }

    /// Reads the next records under `prefix` after the key `after`, in the order of their keys. An empty result is the
    /// end.
    ///
    /// # Errors
    /// [`RecordError`], if one of them cannot be read.
    pub async fn page<T: DeserializeOwned>(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
    ) -> Result<Vec<Stored<T>>, RecordError> {
        let page = self.scan(prefix, after, PAGE).await?.into_iter();
        page.map(|entry| {
            let value = self.open(&entry.key, &entry.value)?;
            Ok(Stored { key: entry.key, value, revision: entry.revision })
        })
        .collect()
    }

    /// Passes every record under `prefix` to `each`, in the order of their keys, until it returns `false`.
    ///
    /// # Errors
    /// [`RecordError`], at the first record that cannot be read.
    pub async fn each<T: DeserializeOwned>(
        &self,
        prefix: &[u8],
        mut each: impl FnMut(Stored<T>) -> bool,
    ) -> Result<(), RecordError> {
        let mut after = None;
        loop {
            let page = self.page(prefix, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            for stored in page {
                if !each(stored) {
                    return Ok(());
                }
            }
        }
    }

    /// A change that writes `value` under `key`, over the record with that revision; `None`: there must be no record
    /// yet.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn put(&self, key: Vec<u8>, over: Option<Revision>, value: &impl Serialize) -> Result<Change, RecordError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(4096));
        serde_json::to_writer(&mut *plain, value)
            .map_err(|_| RecordError::Content(String::from_utf8_lossy(&key).into_owned()))?;
        let sealed = self.sealer.load().seal(&key, &plain)?;
        Ok(match over {
            Some(revision) => Change::update(key, revision, sealed),
            None => Change::create(key, sealed),
        })
    }

    /// The change that gives a record without content its next revision.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn next_revision(&self, key: &[u8]) -> Result<Change, RecordError> {
        self.put(key.to_vec(), self.revision(key).await?, &())
    }

    /// What must still be true of other records when an account is written that was decided about with these platforms:
    /// that they are unchanged, that the name of a new account is no alias, and that names which become protected mean
    /// the account.
    ///
    /// # Errors
    /// [`RecordError::Importing`], [`RecordError::Changed`], [`RecordError::Astray`] if it is not true now.
    async fn conditions(
        &self,
        platforms: &PlatformSet,
        before: Option<&Account>,
        next: &Account,
    ) -> Result<Vec<Change>, RecordError> {
        if platforms.is_importing {
            return Err(RecordError::Importing);
        }
        let mut conditions = vec![platforms.expected()];
        if before.is_none() {
            if self.alias(&next.mailbox).await?.is_some() {
                return Err(RecordError::Changed(next.mailbox.to_string()));
            }
            conditions.push(Change::expect(alias_key(&next.mailbox), None));
        }
        match alias::gained(before, next, &platforms.all) {
            Gained::Nothing => {}
            Gained::WithPlus => conditions.push(self.next_revision(PLUS_NAMES).await?),
            Gained::Astray(name) => return Err(RecordError::Astray(name.to_string())),
        }
        Ok(conditions)
    }

    /// The changes that write an account and update the indexes of ends and of security keys, and what they expect of
    /// other records. `platforms` are those that were decided with.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn put_account(
        &self,
        platforms: &PlatformSet,
        before: Option<&Stored<Account>>,
        next: &Account,
    ) -> Result<Vec<Change>, RecordError> {
        let key = account_key(&next.mailbox);
        let mut changes = vec![self.put(key, before.map(|stored| stored.revision), next)?];
        changes.extend(self.conditions(platforms, before.map(|stored| &stored.value), next).await?);
        let was = before.map(|stored| end_keys(&stored.value)).unwrap_or_default();
        let is = end_keys(next);
        for key in was.difference(&is).take(ENDS_OUT) {
            if let Some((_, revision)) = self.load_sealed(key).await? {
                changes.push(Change::delete(key.clone(), revision));
            }
        }
        changes.extend(self.index(is.difference(&was), &next.mailbox).await?);
        let had: BTreeSet<&[u8]> = before.iter().flat_map(|stored| credentials(&stored.value)).collect();
        let has: BTreeSet<&[u8]> = credentials(next).collect();
        for fresh in has.difference(&had) {
            if self.key_holder(fresh).await?.is_some() {
                return Err(RecordError::Taken);
            }
            changes.push(self.put(credential_key(fresh), None, &next.mailbox)?);
        }
        for gone in had.difference(&has) {
            if let Some((_, revision)) = self.load_sealed(&credential_key(gone)).await? {
                changes.push(Change::delete(credential_key(gone), revision));
            }
        }
        Ok(changes)
    }

    /// Begins a commit. It conflicts at [`IMPORTING`] while an import is written.
    pub fn begin(&self, mut changes: Vec<Change>) -> Pending<Swap> {
        changes.push(Change::expect(IMPORTING, None));
        self.engine.commit(changes)
    }

    /// Writes all changes, or none. Returns `false` if another commit was first: the caller must read again. When it
    /// returns `true`, the changes are on disk.
    ///
    /// # Errors
    /// [`RecordError`]; [`RecordError::Importing`] while an import is written.
    pub async fn commit(&self, changes: Vec<Change>) -> Result<bool, RecordError> {
        match within(COMMIT_DEADLINE, self.begin(changes)).await? {
            Swap::Done(_) => Ok(true),
            Swap::Conflict { key } if key == IMPORTING => Err(RecordError::Importing),
            Swap::Conflict { .. } => Ok(false),
        }
    }

    /// Writes changes with an entry of the audit log, all or none, like [`Self::commit`]. No state may depend on steps
    /// after it: posternd has effects for those.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn commit_with(&self, mut changes: Vec<Change>, entry: &audit::Record) -> Result<bool, RecordError> {
        changes.push(self.put_entry(entry)?);
        self.commit(changes).await
    }

    /// The change that writes an entry of the audit log.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn put_entry(&self, entry: &audit::Record) -> Result<Change, RecordError> {
        self.put(audit::next_key(entry.time), None, entry)
    }

    /// The accounts with grants that have expired at `now`, at most a page of them, after the index key `after`. An
    /// empty result is the end. An account that cannot be opened does not hide the others.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn ended(&self, now: Time, after: Option<&[u8]>) -> Result<Vec<Ended>, RecordError> {
        let end = end_prefix(now.plus(1));
        let due = self.scan(ENDS, after, PAGE).await?.into_iter().take_while(|entry| entry.key < end);
        Ok(due.map(|entry| Ended { mailbox: self.open(&entry.key, &entry.value), key: entry.key }).collect())
    }

    /// The changes that add the account's missing entries to the index of ends.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn missing_ends(&self, account: &Account) -> Result<Vec<Change>, RecordError> {
        self.index(end_keys(account).iter(), &account.mailbox).await
    }

    /// Makes the missing entries of the index of ends.
    async fn index<'k>(
        &self,
        keys: impl Iterator<Item = &'k Vec<u8>>,
        mailbox: &Mailbox,
    ) -> Result<Vec<Change>, RecordError> {
        let mut changes = Vec::new();
        for key in keys {
            if self.load_sealed(key).await?.is_none() {
                changes.push(self.put(key.clone(), None, mailbox)?);
            }
        }
        Ok(changes)
    }

    /// Opens a record that was stored under `key`.
    ///
    /// # Errors
    /// [`RecordError`], if it cannot be opened or has another content.
    pub fn open<T: DeserializeOwned>(&self, key: &[u8], sealed: &[u8]) -> Result<T, RecordError> {
        let plain = self.sealer.load().open(key, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| RecordError::Content(String::from_utf8_lossy(key).into_owned()))
    }
}

/// Waits for an answer of the engine, at most for `deadline`.
async fn within<T>(deadline: Duration, mut pending: Pending<T>) -> Result<T, RecordError> {
    // A store on this host has usually read before it returns: no timer is needed then.
    if let Poll::Ready(answer) = poll_fn(|context| Poll::Ready(pending.as_mut().poll(context))).await {
        return answer.map_err(RecordError::Engine);
    }
    let answer = tokio::time::timeout(deadline, pending).await;
    answer.map_err(|_| RecordError::Slow(deadline))?.map_err(RecordError::Engine)
}
