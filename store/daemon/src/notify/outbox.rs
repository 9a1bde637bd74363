//! The queue of notices. A notice is written in the same commit as the change that it reports. It stays in the queue
//! until a mail server has accepted it or has rejected it permanently, or until its lifetime is over. So a notice is
//! lost neither through a temporary rejection nor through a restart.
//!
//! Before each attempt, the time of the next attempt is written, and after the mail server has accepted the notice it
//! is deleted. So a notice is delivered once, unless this process or the server's reply is lost in between. In that
//! case it is sent again under the same Message-ID.

use crate::clock;
use crate::metrics::METRICS;
use crate::notify::letter::Letter;
use crate::notify::senders::{MessageId, SendError, Senders};
use postern_engine::{Change, Entry, Key};
use postern_rules::{Time, retry};
use postern_vault::RecordError;
use postern_vault::records::{Records, Stored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The prefix of every notice's key; the time follows. Records under `meta/` are in no export: a restored export does
/// not send old notices.
const NOTICE: &[u8] = b"meta/notice/";
/// Interval between two searches for due notices. The wall clock decides what is due, and it may step.
const EVERY: Duration = Duration::from_secs(1);
/// Maximum number of notices that are read together.
const BATCH: usize = 64;
/// Maximum number of notices that are sent concurrently.
const AT_ONCE: usize = 8;
/// Maximum number of notices that are counted; more are reported as this number.
const COUNTED: usize = 10_000;

/// A notice that no mail server has accepted yet.
#[derive(Serialize, Deserialize)]
struct Queued {
    letter: Letter,
    id: MessageId,
    /// When the reported change was made.
    since: Time,
    /// Number of attempts that were started.
    tries: u32,
}

/// Returns the changes that queue these notices, for the commit that they report.
///
/// # Errors
/// [`RecordError`].
pub fn queue(records: &Records, letters: Vec<Letter>, now: Time) -> Result<Vec<Change>, RecordError> {
    let letters = letters.into_iter().map(|letter| {
        let mut id = MessageId::default();
        getrandom::fill(&mut id).map_err(|_| RecordError::Random)?;
        records.put(key(now, &id), None, &Queued { letter, id, since: now, tries: 0 })
    });
    letters.collect()
}

/// Returns the number of queued notices, at most [`COUNTED`].
///
/// # Errors
/// [`RecordError`].
pub async fn waiting(records: &Records) -> Result<usize, RecordError> {
    Ok(records.scan(NOTICE, None, COUNTED).await?.len())
}

/// Sends due notices. Runs until it is dropped.
pub async fn run(records: &Records, senders: &Arc<Senders>, queued: &Notify) {
    // Notices that are finished but could not be deleted: they are not sent again while this process runs.
    let mut taken = BTreeSet::new();
    let mut is_troubled = false;
    loop {
        match send_what_is_due(records, senders, &mut taken).await {
            Ok(0) => {
                is_troubled = false;
                let _ = tokio::time::timeout(EVERY, queued.notified()).await;
            }
            Ok(_) => is_troubled = false,
            Err(error) => {
                if !is_troubled {
                    tracing::error!("notices wait until the store is there again: {error}");
                }
                is_troubled = true;
                tokio::time::sleep(EVERY).await;
            }
        }
    }
}

/// Sends due notices, and returns how many were due.
async fn send_what_is_due(
    records: &Records,
    senders: &Arc<Senders>,
    taken: &mut BTreeSet<MessageId>,
) -> Result<usize, RecordError> {
    let due = due(records, clock::now()).await?;
    let count = due.len();
    let mut due = due.into_iter();
    loop {
        let few: Vec<Entry> = due.by_ref().take(AT_ONCE).collect();
        if few.is_empty() {
            return Ok(count);
        }
        let mut claimed = Vec::new();
        for entry in few {
            claimed.extend(claim(records, entry, taken).await?);
        }
        let mut tries = JoinSet::new();
        for Stored { key, value, .. } in claimed {
            let senders = Arc::clone(senders);
            tries.spawn(async move { hand_over(&senders, &value).await.then_some((key, value.id)) });
        }
        take_out_all(records, tries.join_all().await.into_iter().flatten().collect(), taken).await?;
    }
}

/// Returns the notices that are due, and those that were scheduled too late because the clock was ahead.
async fn due(records: &Records, now: Time) -> Result<Vec<Entry>, RecordError> {
    let mut due = records.scan(NOTICE, None, BATCH).await?;
    due.extend(records.scan(NOTICE, Some(&key_prefix(now.plus(retry::LONGEST + 1))), BATCH).await?);
    due.retain(|entry| time_of(&entry.key).is_none_or(|time| retry::is_due(time, now)));
    due.dedup_by(|one, other| one.key == other.key);
    Ok(due)
}

/// Writes the time of the next attempt, so that no other task makes this attempt; none: no attempt is to be made.
async fn claim(
    records: &Records,
    entry: Entry,
    taken: &mut BTreeSet<MessageId>,
) -> Result<Option<Stored<Queued>>, RecordError> {
    let now = clock::now();
    let Ok(queued) = records.open::<Queued>(&entry.key, &entry.value) else {
        tracing::error!("a notice cannot be read, and is not sent");
        records.commit(vec![Change::delete(entry.key, entry.revision)]).await?;
        return Ok(None);
    };
    if taken.contains(&queued.id) {
        if records.commit(vec![Change::delete(entry.key, entry.revision)]).await? {
            taken.remove(&queued.id);
        }
        return Ok(None);
    }
    let Some(again) = retry::again(queued.since, queued.tries, now) else {
        records.commit(vec![Change::delete(entry.key, entry.revision)]).await?;
        METRICS.notices_given_up.count(());
        let (mailbox, tries) = (&queued.letter.mailbox, queued.tries);
        tracing::error!(mailbox, tries, "a notice is given up: no mail server has taken it. See what was said before");
        return Ok(None);
    };
    let queued = Queued { tries: queued.tries + 1, ..queued };
    let key = key(again, &queued.id);
    // The new time may be the same as the old one.
    let changes = if key == entry.key {
        vec![records.put(key.clone(), Some(entry.revision), &queued)?]
    } else {
        vec![Change::delete(entry.key, entry.revision), records.put(key.clone(), None, &queued)?]
    };
    if !records.commit(changes).await? {
        return Ok(None);
    }
    Ok(records.load(&key).await?.map(|stored: Stored<Queued>| stored))
}

/// Sends a notice. Returns whether it is finished: accepted, or rejected permanently.
async fn hand_over(senders: &Senders, queued: &Queued) -> bool {
    let Queued { letter, id, since, tries } = queued;
    let sent = senders.notice(clock::now(), id, letter).await;
    let (mailbox, tries) = (&letter.mailbox, *tries);
    match sent {
        Ok(()) => true,
        Err(error @ SendError::Refused(_)) => {
            METRICS.notices_given_up.count(());
            tracing::error!(mailbox, "a notice is not sent: {error}");
            true
        }
        Err(error) => {
            let until = clock::rfc3339(since.plus(retry::LIFE));
            tracing::warn!(mailbox, tries, "a notice is not sent yet, and is tried again until {until}: {error}");
            false
        }
    }
}

/// Deletes finished notices. Each one stays in `taken` until the store confirms that it was deleted.
async fn take_out_all(
    records: &Records,
    over: Vec<(Key, MessageId)>,
    taken: &mut BTreeSet<MessageId>,
) -> Result<(), RecordError> {
    taken.extend(over.iter().map(|(_, id)| *id));
    for (key, id) in over {
        if take_out(records, &key).await? {
            taken.remove(&id);
        }
    }
    Ok(())
}

/// Deletes a notice. Returns whether it was deleted; it was not if it was resealed in the meantime.
async fn take_out(records: &Records, key: &[u8]) -> Result<bool, RecordError> {
    match records.load_sealed(key).await? {
        Some((_, revision)) => records.commit(vec![Change::delete(key.to_vec(), revision)]).await,
        None => Ok(true),
    }
}

fn key(time: Time, id: &MessageId) -> Vec<u8> {
    let id = u128::from_be_bytes(*id);
    [&key_prefix(time)[..], format!("/{id:032x}").as_bytes()].concat()
}

/// Returns the key prefix for a time; keys sort by time.
fn key_prefix(time: Time) -> Vec<u8> {
    [NOTICE, format!("{:016x}", time.unsigned()).as_bytes()].concat()
}

fn time_of(key: &[u8]) -> Option<Time> {
    let digits = key.get(NOTICE.len()..NOTICE.len() + 16)?;
    i64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().map(Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_engine::{Engine, EngineError, MemoryEngine, Pending, Revision, Swap, Visitor, Watch};
    use postern_vault::master_key::MasterKeys;
    use postern_vault::seal::Sealer;
    use std::sync::Mutex;

    /// How the store responds to a commit.
    #[derive(Clone, Copy, Debug)]
    enum Mood {
        Takes,
        Fails,
        /// The record was resealed after it was read.
        IsLate,
    }

    /// Simulates a disk that is full for a moment, and a key rotation at a given moment; neither can be produced
    /// reliably.
    struct Store {
        records: Arc<MemoryEngine>,
        mood: Mutex<Mood>,
    }

    impl Engine for Store {
        fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
            self.records.load(key)
        }

        fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>> {
            self.records.scan(prefix, after, limit)
        }

        fn commit(&self, changes: Vec<Change>) -> Pending<Swap> {
            match *self.mood.lock().unwrap() {
                Mood::Takes => self.records.commit(changes),
                Mood::Fails => Box::pin(std::future::ready(Err(EngineError::Closed))),
                Mood::IsLate => {
                    let (there, key) = (self.records.load(&changes[0].key), changes[0].key.clone());
                    let late = self.records.clone();
                    Box::pin(async move {
                        let (value, revision) = there.await?.unwrap();
                        drop(late.commit(vec![Change::update(key, revision, value)]).await?);
                        late.commit(changes).await
                    })
                }
            }
        }

        fn snapshot(&self, visit: Visitor) -> Pending<u64> {
            self.records.snapshot(visit)
        }

        fn watch(&self) -> Pending<Watch> {
            self.records.watch()
        }

        fn health(&self) -> Result<(), EngineError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_was_taken_is_not_sent_again_whatever_the_store_says() {
        let store = Arc::new(Store { records: Arc::new(MemoryEngine::new()), mood: Mutex::new(Mood::Takes) });
        let records = Records::new(Arc::clone(&store) as _, Arc::new(Sealer::new(MasterKeys::generate().unwrap())));
        let letter = |number: u32| Letter {
            mailbox: format!("user{number}@example.com"),
            to: format!("user{number}@elsewhere.example"),
            subject: String::new(),
            text: String::new().into(),
        };
        assert!(records.commit(queue(&records, (0..3).map(letter).collect(), clock::now()).unwrap()).await.unwrap());
        let entries = async || due(&records, clock::now()).await.unwrap();
        let over = async || -> Vec<(Key, MessageId)> {
            let all = entries().await.into_iter();
            all.map(|entry| (entry.key.clone(), records.open::<Queued>(&entry.key, &entry.value).unwrap().id)).collect()
        };
        for mood in [Mood::Fails, Mood::IsLate] {
            let mut taken = BTreeSet::new();
            *store.mood.lock().unwrap() = mood;
            let done = take_out_all(&records, over().await, &mut taken).await;
            assert_eq!((done.is_err(), taken.len()), (matches!(mood, Mood::Fails), 3), "{mood:?}");
            for entry in entries().await {
                assert!(claim(&records, entry, &mut taken).await.map_or(true, |claimed| claimed.is_none()), "{mood:?}");
            }
            assert_eq!((taken.len(), entries().await.len()), (3, 3), "{mood:?}");
        }
        *store.mood.lock().unwrap() = Mood::Takes;
        let mut taken: BTreeSet<MessageId> = over().await.iter().take(1).map(|(_, id)| *id).collect();
        assert!(claim(&records, entries().await.remove(0), &mut taken).await.unwrap().is_none());
        take_out_all(&records, over().await, &mut taken).await.unwrap();
        assert_eq!((taken.len(), entries().await.len()), (0, 0));
    }
}
