//! The index of expiry times when the clock steps back, and with invalid entries.

use super::*;
use crate::effects::tests::{ALICE, alice, apply, daemon};
use postern_engine::MemoryEngine;
use postern_rules::decide::administer;
use postern_vault::keys::ENDS;
use std::sync::Arc;

/// In seconds.
const HOUR: i64 = 3600;

async fn index_of(daemon: &Daemon) -> Vec<Vec<u8>> {
    let entries = daemon.records.scan(ENDS, None, 2 * PAGE).await.unwrap();
    entries.into_iter().map(|entry| entry.key).collect()
}

/// It was due at the search, and then the clock stepped back: it expires when its time comes again.
#[tokio::test]
async fn what_has_not_ended_keeps_its_place_in_the_index() {
    let daemon = daemon(Arc::new(MemoryEngine::new())).await;
    apply(&daemon, administer::add).await.unwrap();
    let until = clock::now().plus(HOUR);
    let stored = daemon.records.account(&alice()).await.unwrap().unwrap();
    let suspension = postern_rules::account::Suspension { since: clock::now(), until };
    let account = Account { suspension: Some(suspension), ..stored.value.clone() };
    let changes = daemon.records.put_account(&daemon.effects.platform_set(), Some(&stored), &account).await.unwrap();
    assert!(daemon.records.commit(changes).await.unwrap());
    let index = index_of(&daemon).await;
    let mut watch = daemon.watch();
    end(&daemon, &index[0], &alice()).await.unwrap();
    assert_eq!(index_of(&daemon).await, index);
    assert!(watch.try_recv().is_err());
}

#[tokio::test]
async fn entries_that_do_not_open_hide_no_other() {
    let daemon = daemon(Arc::new(MemoryEngine::new())).await;
    apply(&daemon, administer::add).await.unwrap();
    let damaged = |number: usize| Change::create(format!("ends/0000000000000001/n{number:03}@example.com"), b"damaged");
    for number in 0..=PAGE {
        assert!(daemon.records.commit(vec![damaged(number)]).await.unwrap());
    }
    let left = format!("ends/0000000000000002/{ALICE}").into_bytes();
    let change = daemon.records.put(left.clone(), None, &alice()).unwrap();
    assert!(daemon.records.commit(vec![change]).await.unwrap());
    let troubled = end_what_is_due(&daemon, BTreeSet::new()).await;
    assert_eq!(troubled.len(), PAGE + 1);
    assert!(!index_of(&daemon).await.contains(&left));
}
