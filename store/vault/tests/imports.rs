//! An import, and another process that works on the same store at the same time. Whatever the order of their reads and
//! writes, the store holds the import completely, or nothing of it.

#[path = "../../engine/tests/engine/turns.rs"]
mod turns;

use postern_engine::{Change, Engine, MemoryEngine, SledEngine, Swap};
use postern_rules::platform::Policy;
use postern_rules::{Account, Mailbox, Platform, Time};
use postern_vault::export::{self, ExportError};
use postern_vault::import::{self, Found};
use postern_vault::keys::{IMPORTING, PLATFORMS, account_key, alias_key, platform_key};
use postern_vault::master_key::MasterKeys;
use postern_vault::records::Records;
use postern_vault::seal::Sealer;
use postern_vault::{RecordError, audit};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use turns::Turns;

/// Records of the export: several commits.
const RECORDS: usize = 130;
const NOW: Time = Time(1_800_000_000);

fn mailbox(number: usize) -> Mailbox {
    serde_json::from_value(format!("n{number}@example.com").into()).unwrap()
}

fn platform(name: &str) -> Platform {
    let domains = vec![format!("{name}.example.com")];
    Platform { name: name.to_owned(), domains, netbios: Vec::new(), enabled: true, policy: Policy::default() }
}

/// An export of a platform with one account, which has many aliases.
async fn exported(sealer: &Arc<Sealer>) -> File {
    let records = Records::new(Arc::new(MemoryEngine::new()), sealer.clone());
    let put = async |change: Result<Change, RecordError>| assert!(records.commit(vec![change.unwrap()]).await.unwrap());
    let own = mailbox(0);
    put(records.put(platform_key("imported"), None, &platform("imported"))).await;
    put(records.put(account_key(&own), None, &Account::new(own.clone(), "imported"))).await;
    for number in 2..RECORDS {
        put(records.put(alias_key(&mailbox(number)), None, &own)).await;
    }
    export::write(&records, NOW, tempfile::tempfile().unwrap()).await.unwrap()
}

fn entry(count: u64) -> audit::Record {
    audit::Record {
        time: NOW,
        actor: "a test".to_owned(),
        action: "import".to_owned(),
        mailbox: None,
        address: None,
        before: None,
        after: None,
        outcome: "done".to_owned(),
        detail: count.to_string(),
    }
}

async fn imported(records: &Records, export: &File) -> Result<u64, ExportError> {
    // A file of its own: both would read from one position otherwise.
    let mut text = vec![0; usize::try_from(export.metadata().unwrap().len()).unwrap()];
    export.read_exact_at(&mut text, 0).unwrap();
    let mut copy = tempfile::tempfile().unwrap();
    copy.write_all(&text).unwrap();
    import::import(records, &|| NOW, copy, entry).await
}

/// What the other process does meanwhile.
#[derive(Debug, Clone, Copy)]
enum Other {
    /// Takes the import for interrupted, and removes it.
    GivesUp,
    /// Creates a platform, because there is none.
    Creates,
    /// Imports the same.
    Imports,
}

/// What the other process has achieved.
#[derive(Debug, PartialEq, Eq)]
enum Done {
    Nothing,
    Created,
    Imported,
}

async fn other(records: &Records, what: Other, delay: u16, export: &File) -> Done {
    let wait = async || {
        let delay = if matches!(what, Other::Creates) { delay / 8 } else { delay };
        for _ in 0..delay {
            tokio::task::yield_now().await;
        }
    };
    match what {
        Other::GivesUp => {
            wait().await;
            import::clear_broken_import(records, Duration::ZERO).await.unwrap();
            Done::Nothing
        }
        // Only at the begin of the import the two can meet.
        Other::Creates => {
            wait().await;
            let set = records.platforms().await.unwrap();
            if set.is_importing || !set.all.is_empty() {
                return Done::Nothing;
            }
            let create = records.put(platform_key("created"), None, &platform("created")).unwrap();
            let written = records.put(PLATFORMS.to_vec(), set.revision, &()).unwrap();
            match records.commit(vec![create, written]).await {
                Ok(true) => Done::Created,
                Ok(false) | Err(RecordError::Importing) => Done::Nothing,
                Err(error) => panic!("{error}"),
            }
        }
        Other::Imports => {
            wait().await;
            match imported(records, export).await {
                Ok(_) => Done::Imported,
                Err(ExportError::NotEmpty | ExportError::Running | ExportError::GivenUp) => Done::Nothing,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

async fn at_once(engine: Arc<dyn Engine>, what: Other, delay: u16, turns: VecDeque<u8>) {
    let sealer = Arc::new(Sealer::new(MasterKeys::generate().unwrap()));
    let export = exported(&sealer).await;
    let turns = Arc::new(Mutex::new(turns));
    let shared = || Records::new(Arc::new(Turns { engine: engine.clone(), turns: turns.clone() }), sealer.clone());
    let (first, second) = (shared(), shared());
    let (outcome, done) = tokio::join!(imported(&first, &export), other(&second, what, delay, &export));
    let left: Vec<Vec<u8>> = engine.scan(b"", None, usize::MAX).await.unwrap().into_iter().map(|it| it.key).collect();
    let of_the_import =
        |key: &&Vec<u8>| !key.starts_with(b"meta/") && !key.starts_with(b"audit/") && !key.ends_with(b"/created");
    let count = left.iter().filter(of_the_import).count();
    let is_complete = outcome.is_ok() || done == Done::Imported;
    assert!(!(outcome.is_ok() && done != Done::Nothing), "both have succeeded: {done:?}");
    assert_eq!(count, if is_complete { RECORDS } else { 0 }, "{outcome:?}, {done:?}");
    assert_eq!(left.contains(&platform_key("created")), done == Done::Created, "{outcome:?}");
    assert!(!left.iter().any(|key| key == IMPORTING), "the marker is left");
    match outcome {
        Ok(_) => {}
        Err(ExportError::GivenUp) => assert!(matches!(what, Other::GivesUp | Other::Imports)),
        // Two imports that begin together may refuse each other: then nothing is left, and either can be repeated.
        Err(ExportError::NotEmpty | ExportError::Running) => {
            assert!(done != Done::Nothing || matches!(what, Other::Imports));
        }
        Err(error) => panic!("{error}"),
    }
}

fn turns() -> impl Strategy<Value = VecDeque<u8>> {
    prop::collection::vec_deque(0..6_u8, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_import_is_complete_or_leaves_nothing(
        what in prop_oneof![Just(Other::GivesUp), Just(Other::Creates), Just(Other::Imports)],
        delay in 0..120_u16,
        turns in turns(),
    ) {
        // The clock is not waited for: it moves on where nothing else can be done.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(at_once(Arc::new(MemoryEngine::new()), what, delay, turns));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn an_import_is_complete_or_leaves_nothing_on_disk(
        what in prop_oneof![Just(Other::GivesUp), Just(Other::Creates)],
        delay in 0..400_u16,
        turns in turns(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let engine = SledEngine::init(&directory.path().join("store")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(at_once(Arc::new(engine), what, delay, turns));
    }
}

/// The watch of a busy store misses writes; the import goes on all the same.
#[tokio::test(start_paused = true)]
async fn a_gap_in_the_watch_does_not_make_an_import_interrupted() {
    let sealer = Arc::new(Sealer::new(MasterKeys::generate().unwrap()));
    let records = Records::new(Arc::new(MemoryEngine::new()), sealer);
    let write = async |key: &[u8], expected| {
        let change = records.put(key.to_vec(), expected, &1).unwrap();
        let swap = records.engine().commit(vec![change]).await.unwrap();
        assert!(matches!(swap, Swap::Done(_)));
        records.revision(key).await.unwrap()
    };
    let marker = write(IMPORTING, None).await;
    let meanwhile = async {
        let mut revision = None;
        for _ in 0..3000 {
            revision = write(b"meta/other", revision).await;
        }
        tokio::time::sleep(import::STALLED / 2).await;
        write(IMPORTING, marker).await
    };
    let (found, _) = tokio::join!(import::clear_broken_import(&records, import::STALLED), meanwhile);
    assert_eq!(found.unwrap(), Found::Running);
}
