//! Counts the messages sent today (UTC). The count is kept in the store, and updated before a message is sent, so that
//! neither a restart nor a second daemon on the same store begins at zero.

use crate::clock;
use postern_engine::Change;
use postern_rules::Time;
use postern_rules::message_cap::{Medium, one_more};
use postern_vault::RecordError;
use postern_vault::records::Records;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use tokio::sync::Mutex;

/// The prefix of every daily count's key; the day follows: `meta/sent/2026-11-22`. Records under `meta/` are in no
/// export.
const SENT: &[u8] = b"meta/sent/";
/// Seconds for which a daily count is kept: if the clock steps back by some days, the counts of those days are still
/// there.
const KEPT: i64 = 7 * 24 * 3600;
/// Maximum number of old counts that are deleted at once.
const FORGOTTEN_AT_ONCE: usize = 16;
/// The length of a date, as in `2026-11-22`.
const DATE_LEN: usize = 10;

/// The messages sent on one day.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
struct Sent {
    texts: u32,
    mails: u32,
}

impl Sent {
    fn of(&mut self, kind: Medium) -> &mut u32 {
        match kind {
            Medium::Text => &mut self.texts,
            Medium::Mail => &mut self.mails,
        }
    }
}

/// The daily counts.
pub(super) struct Budget {
    records: Records,
    /// Serializes the updates of this process, so that they do not conflict.
    counting: Mutex<()>,
}

impl Budget {
    pub(super) fn new(records: Records) -> Self {
        Self { records, counting: Mutex::new(()) }
    }

    /// Counts one message on the day of `now`. Returns `false` if that day has reached `most` already.
    pub(super) async fn take(&self, now: Time, kind: Medium, most: NonZeroU32) -> Result<bool, RecordError> {
        self.count(now, kind, |sent| one_more(sent, most.get())).await
    }

    /// Uncounts a message that was counted and has certainly not been sent.
    pub(super) async fn give_back(&self, now: Time, kind: Medium) -> Result<(), RecordError> {
        self.count(now, kind, |sent| sent.checked_sub(1)).await.map(drop)
    }

    /// Returns how many of `most` messages are left on the day of `now`.
    pub(super) async fn left(&self, now: Time, kind: Medium, most: NonZeroU32) -> Result<u32, RecordError> {
        let stored = self.records.load::<Sent>(&day_key(now)).await?;
        let mut sent = stored.map_or_else(Sent::default, |stored| stored.value);
        Ok(most.get().saturating_sub(*sent.of(kind)))
    }

    /// Updates a count. Returns `false` if `next` returns none, which means that nothing is written.
    async fn count(&self, now: Time, kind: Medium, next: impl Fn(u32) -> Option<u32>) -> Result<bool, RecordError> {
        let _counting = self.counting.lock().await;
        let key = day_key(now);
        loop {
            let stored = self.records.load::<Sent>(&key).await?;
            let mut sent = stored.as_ref().map_or_else(Sent::default, |stored| stored.value);
            let Some(count) = next(*sent.of(kind)) else { return Ok(false) };
            *sent.of(kind) = count;
            let mut changes =
                vec![self.records.put(key.clone(), stored.as_ref().map(|stored| stored.revision), &sent)?];
            if stored.is_none() {
                changes.extend(self.forget_before(now.plus(-KEPT)).await?);
            }
            if self.records.commit(changes).await? {
                return Ok(true);
            }
        }
    }

    async fn forget_before(&self, time: Time) -> Result<impl Iterator<Item = Change>, RecordError> {
        let (days, end) = (self.records.scan(SENT, None, FORGOTTEN_AT_ONCE).await?, day_key(time));
        let old = days.into_iter().filter(move |entry| entry.key < end);
        Ok(old.map(|entry| Change::delete(entry.key, entry.revision)))
    }
}

fn day_key(now: Time) -> Vec<u8> {
    let moment = clock::rfc3339(now);
    [SENT, moment.get(..DATE_LEN).unwrap_or(&moment).as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_engine::MemoryEngine;
    use postern_vault::master_key::MasterKeys;
    use postern_vault::seal::Sealer;
    use std::sync::Arc;

    /// 2026-11-22T00:00:00Z.
    const MIDNIGHT: Time = Time(1_795_305_600);
    const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();

    fn records() -> Records {
        Records::new(Arc::new(MemoryEngine::new()), Arc::new(Sealer::new(MasterKeys::generate().unwrap())))
    }

    #[tokio::test]
    async fn each_kind_has_its_own_count_and_each_day() {
        let budget = Budget::new(records());
        assert_eq!(day_key(MIDNIGHT), b"meta/sent/2026-11-22");
        for (kind, now, wanted) in [
            (Medium::Text, MIDNIGHT, [true, true, false]),
            (Medium::Mail, MIDNIGHT, [true, true, false]),
            (Medium::Text, MIDNIGHT.plus(24 * 3600 - 1), [false; 3]),
            (Medium::Text, MIDNIGHT.plus(24 * 3600), [true, true, false]),
            // A clock that steps back does not give a day its budget again.
            (Medium::Text, MIDNIGHT.plus(60), [false; 3]),
        ] {
            for wanted in wanted {
                assert_eq!(budget.take(now, kind, TWO).await.unwrap(), wanted, "{kind:?} {now:?}");
            }
        }
        budget.give_back(MIDNIGHT, Medium::Text).await.unwrap();
        let left = async |now| budget.left(now, Medium::Text, TWO).await.unwrap();
        assert_eq!((left(MIDNIGHT).await, left(MIDNIGHT.plus(48 * 3600)).await), (1, 2));
        assert!(budget.take(MIDNIGHT, Medium::Text, TWO).await.unwrap());
        assert!(!budget.take(MIDNIGHT, Medium::Text, TWO).await.unwrap());
    }

    #[tokio::test]
    async fn it_outlives_a_restart_and_holds_for_many_at_once() {
        let records = records();
        let most = NonZeroU32::new(20).unwrap();
        let mut tries = tokio::task::JoinSet::new();
        // Two daemons on one store.
        for budget in [Budget::new(records.clone()), Budget::new(records.clone())].map(Arc::new) {
            for _ in 0..25 {
                let budget = budget.clone();
                tries.spawn(async move { budget.take(MIDNIGHT, Medium::Text, most).await.unwrap() });
            }
        }
        assert_eq!(tries.join_all().await.into_iter().filter(|taken| *taken).count(), 20);
        assert!(!Budget::new(records).take(MIDNIGHT, Medium::Text, most).await.unwrap());
    }

    #[tokio::test]
    async fn old_days_go() {
        let records = records();
        let budget = Budget::new(records.clone());
        for day in 0..30 {
            assert!(budget.take(MIDNIGHT.plus(day * 24 * 3600), Medium::Mail, TWO).await.unwrap());
        }
        let left = records.scan(SENT, None, 100).await.unwrap();
        assert_eq!(left.len(), 8);
        assert_eq!(left.last().unwrap().key, b"meta/sent/2026-12-21");
    }
}
