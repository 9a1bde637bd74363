//! Commits that complete after their deadline, and commits whose outcome is unknown.

use super::*;
use crate::actor::Actor;
use crate::administer::{accounts, platforms, unstored};
use crate::config::Config;
use crate::daemon::{Daemon, ResolveError, Resolved};
use crate::key_source::KeySource;
use crate::log;
use crate::verb::Verb;
use postern_engine::{Engine, Entry, Failure, MemoryEngine, Revision, SledEngine, Visitor, Watch};
use postern_process::log::Log;
use postern_rules::decide::administer;
use postern_rules::name::{LookupName, SignInName};
use postern_rules::{Channel, Decision, Settled};
use postern_vault::keys::{alias_key, platform_key, sessions_key};
use postern_vault::master_key::MasterKeys;
use postern_vault::seal::Sealer;
use postern_wire::admin::{Aliases, CreatePlatform, Refused, SetPlatform, SwitchPlatform};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Timeout for each expected event.
const PATIENCE: Duration = Duration::from_secs(20);
const PLATFORM: &str = "example";
const BY: &str = "a test";

pub(crate) const ALICE: &str = "alice@example.com";

/// Creates a daemon over this engine, with one platform, which is off.
pub(crate) async fn daemon(engine: Arc<dyn Engine>) -> Daemon {
    let daemon = one_of_several(engine, Arc::new(Sealer::new(MasterKeys::generate().unwrap()))).await;
    let domains = vec!["example.com".to_owned()];
    let wanted = CreatePlatform { name: PLATFORM.to_owned(), domains, netbios: Vec::new() };
    platforms::create(&daemon, BY, &wanted).await.unwrap();
    daemon
}

/// Creates a daemon over a store that others may use as well, with the same master key.
pub(crate) async fn one_of_several(engine: Arc<dyn Engine>, sealer: Arc<Sealer>) -> Daemon {
    // A process has only one log.
    static LOG: OnceLock<Arc<Log>> = OnceLock::new();
    let config = Config::default();
    let log = LOG.get_or_init(|| Arc::new(log::start(&config).unwrap())).clone();
    let daemon = Daemon::new(engine, sealer, config, KeySource::Credential, log).await.unwrap();
    let effects = daemon.effects.clone();
    tokio::spawn(async move { effects.run().await });
    daemon
}

pub(crate) fn alice() -> Mailbox {
    serde_json::from_value(ALICE.into()).unwrap()
}

/// Applies a decision to Alice's account.
pub(crate) async fn apply<V>(daemon: &Daemon, decide: impl Fn(&Settled<'_>) -> Decision<V>) -> Result<(), RecordError> {
    let (platform, actor, verb) = (daemon.platforms()[0].clone(), Actor::new(BY, ""), Verb::new("a test"));
    let applied = daemon.apply(&alice(), Some(&platform), &actor, &verb, |it| Ok(decide(it))).await?;
    applied.map(drop).ok_or(RecordError::Contended)
}

fn switch(enabled: bool) -> SwitchPlatform {
    SwitchPlatform { name: PLATFORM.to_owned(), enabled }
}

/// Keeps the writer thread busy until the sender is dropped.
async fn hold_the_writer(engine: &SledEngine) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (enter, entered) = oneshot::channel();
    let mut enter = Some(enter);
    let visitor = move |_: &Entry| {
        let _ = enter.take().map(|enter| enter.send(()));
        let _ = released.recv();
        Ok(())
    };
    tokio::spawn(engine.snapshot(Box::new(visitor)));
    entered.await.unwrap();
    release
}

/// Runs an administrator's command whose commit completes after its deadline, and waits until fronts are told of it.
async fn late<T, E: Into<Refused>>(
    daemon: &Daemon,
    engine: &SledEngine,
    order: impl Future<Output = Result<T, E>>,
) -> Option<String> {
    let held = hold_the_writer(engine).await;
    let mut watch = daemon.watch();
    tokio::time::pause();
    let said = order.await.err().map_or_else(String::new, |error| error.into().message);
    assert!(said.contains("did not answer within"), "it is not late: {said:?}");
    tokio::time::resume();
    assert!(watch.try_recv().is_err(), "fronts are told of what is not done");
    drop(held);
    let told = tokio::time::timeout(PATIENCE, watch.recv()).await;
    told.expect("fronts are not told").unwrap().mailbox
}

#[tokio::test]
async fn what_follows_a_commit_follows_a_late_one() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Arc::new(SledEngine::init(&directory.path().join("store")).unwrap());
    let daemon = daemon(engine.clone()).await;

    let told = late(&daemon, &engine, platforms::switch(&daemon, BY, &switch(true))).await;
    assert_eq!(told, None);
    assert!(daemon.platforms()[0].enabled, "it is enabled, and nobody is asked for a code");

    let [name, key, value] = [PLATFORM, "plus-addressing", "off"].map(str::to_owned);
    let told = late(&daemon, &engine, platforms::set(&daemon, BY, &SetPlatform { name, key, value })).await;
    assert_eq!(told, None);
    assert!(!daemon.platforms()[0].policy.plus_addressing);

    let told = late(&daemon, &engine, async { apply(&daemon, administer::add).await.map_err(unstored) }).await;
    assert_eq!(told.as_deref(), Some(ALICE));

    let wanted = Aliases { mailbox: ALICE.to_owned(), aliases: vec!["al@example.com".to_owned()] };
    assert_eq!(late(&daemon, &engine, accounts::add_aliases(&daemon, BY, &wanted)).await, None);
    assert_eq!(late(&daemon, &engine, accounts::remove_aliases(&daemon, BY, &wanted)).await, None);
}

/// Another daemon of the same store.
async fn sister(daemon: &Daemon, engine: Arc<dyn Engine>) -> Daemon {
    one_of_several(engine, daemon.records.sealer()).await
}

async fn told(watch: &mut broadcast::Receiver<WatchEvent>) -> Option<String> {
    let told = tokio::time::timeout(PATIENCE, watch.recv()).await;
    told.expect("fronts are not told").unwrap().mailbox
}

#[tokio::test]
async fn fronts_are_told_of_what_another_daemon_has_committed() {
    let engine = Arc::new(MemoryEngine::new());
    let here = daemon(engine.clone()).await;
    let elsewhere = sister(&here, engine).await;
    let mut watch = here.watch();
    apply(&elsewhere, administer::add).await.unwrap();
    assert_eq!(told(&mut watch).await.as_deref(), Some(ALICE));
    let wanted = Aliases { mailbox: ALICE.to_owned(), aliases: vec!["al@example.com".to_owned()] };
    accounts::add_aliases(&elsewhere, BY, &wanted).await.unwrap();
    assert_eq!(told(&mut watch).await, None);
    // A change that ends no session.
    let contact = postern_rules::contact::Address::read("alice@example.org");
    apply(&elsewhere, |it| administer::set_contact(it, contact.clone())).await.unwrap();
    assert!(watch.try_recv().is_err());
}

#[tokio::test]
async fn names_are_read_with_the_platforms_that_another_daemon_has_written() {
    let engine = Arc::new(MemoryEngine::new());
    let here = daemon(engine.clone()).await;
    let elsewhere = sister(&here, engine).await;
    let [name, domains] = ["other", "example.net"].map(str::to_owned);
    let wanted = CreatePlatform { name, domains: vec![domains], netbios: Vec::new() };
    platforms::create(&elsewhere, BY, &wanted).await.unwrap();
    // The watch of this daemon may not have been processed: nothing has given it time.
    let read = here.look_up(LookupName::new("bob@example.net")).await.unwrap();
    assert!(matches!(read, Resolved::Unlisted(_, platform) if platform.name == "other"));
}

#[tokio::test]
async fn an_order_about_a_platform_that_is_repeated_is_found_done() {
    let daemon = daemon(Arc::new(MemoryEngine::new())).await;
    // Like a commit whose answer was lost.
    let stored = daemon.records.load::<Platform>(&platform_key(PLATFORM)).await.unwrap().unwrap();
    let mut platform = Platform { enabled: true, ..stored.value };
    platform.policy.set("plus-addressing", "off").unwrap();
    let change = daemon.records.put(stored.key, Some(stored.revision), &platform).unwrap();
    assert!(daemon.records.commit(vec![change]).await.unwrap());

    let mut watch = daemon.watch();
    platforms::switch(&daemon, BY, &switch(true)).await.unwrap();
    assert!(daemon.platforms()[0].enabled);
    assert_eq!(watch.try_recv().unwrap().mailbox, None);
    let [name, key, value] = [PLATFORM, "plus-addressing", "off"].map(str::to_owned);
    platforms::set(&daemon, BY, &SetPlatform { name, key, value }).await.unwrap();
    assert_eq!(watch.try_recv().unwrap().mailbox, None);
}

/// The index of what ends is updated by the platforms as the daemon reads them. A task that is woken before the shorter
/// trust is read would find nothing to write, and would not be woken again.
#[tokio::test]
async fn the_index_of_what_ends_is_updated_after_a_shorter_trust_is_read() {
    let daemon = daemon(Arc::new(MemoryEngine::new())).await;
    let set = async |days: &str| {
        let [name, key, value] = [PLATFORM, "trusted-browsers", days].map(str::to_owned);
        platforms::set(&daemon, BY, &SetPlatform { name, key, value }).await.unwrap();
    };
    set("30").await;
    let woken = daemon.effects.ends_moved.notified();
    assert!(tokio::time::timeout(Duration::ZERO, woken).await.is_err(), "nothing ends earlier");
    // Woken where the platforms are replaced, whoever wrote them, and in the same moment.
    let woken = async {
        daemon.effects.ends_moved.notified().await;
        daemon.platforms()[0].policy.trusted_browsers
    };
    assert_eq!(tokio::time::timeout(PATIENCE, async { tokio::join!(woken, set("2")).0 }).await, Ok(2));
    // Switched off and on again between two readings.
    let stored = daemon.records.load::<Platform>(&platform_key(PLATFORM)).await.unwrap().unwrap();
    let mut platform = stored.value;
    platform.policy.set("trusted-browsers", "0").unwrap();
    platform.policy.set("trusted-browsers", "2").unwrap();
    let change = daemon.records.put(stored.key, Some(stored.revision), &platform).unwrap();
    let woken = daemon.effects.ends_moved.notified();
    assert!(daemon.records.commit(vec![change]).await.unwrap());
    tokio::time::timeout(PATIENCE, woken).await.expect("it is not woken");
}

/// A store whose writes return an error: the changes are found later. It counts how often it is scanned.
/// Slow, it leaves a commit less time than fronts may take until they are told.
#[derive(Default)]
struct Failing {
    engine: MemoryEngine,
    has_failed: AtomicBool,
    scans: AtomicUsize,
    is_slow: AtomicBool,
}

impl Failing {
    fn failure() -> EngineError {
        EngineError::Unavailable(Failure { what: "a test".to_owned(), why: "so it wants".to_owned(), remedy: "None" })
    }
}

impl Engine for Failing {
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
        self.engine.load(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>> {
        self.scans.fetch_add(1, Ordering::SeqCst);
        self.engine.scan(prefix, after, limit)
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<Swap> {
        let swap = self.engine.commit(changes);
        match self.has_failed.load(Ordering::SeqCst) {
            true => Box::pin(std::future::ready(Err(Self::failure()))),
            false if self.is_slow.load(Ordering::SeqCst) => Box::pin(async {
                tokio::time::sleep(COMMIT_DEADLINE - TAKEN_UP_WITHIN + Duration::from_millis(500)).await;
                swap.await
            }),
            false => swap,
        }
    }

    fn snapshot(&self, visit: Visitor) -> Pending<u64> {
        self.engine.snapshot(visit)
    }

    fn watch(&self) -> Pending<Watch> {
        self.engine.watch()
    }

    fn health(&self) -> Result<(), EngineError> {
        if self.has_failed.load(Ordering::SeqCst) { Err(Self::failure()) } else { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_failing_store_may_have_written_is_looked_at_once_it_is_whole() {
    let engine = Arc::new(Failing::default());
    let daemon = daemon(engine.clone()).await;
    let mut watch = daemon.watch();
    engine.has_failed.store(true, Ordering::SeqCst);
    platforms::switch(&daemon, BY, &switch(true)).await.unwrap_err();
    tokio::time::sleep(AGAIN * 3).await;
    assert!(watch.try_recv().is_err(), "the store has not been read");
    engine.has_failed.store(false, Ordering::SeqCst);
    let told = tokio::time::timeout(PATIENCE, watch.recv()).await;
    assert_eq!(told.expect("fronts are not told").unwrap().mailbox, None);
    assert!(daemon.platforms()[0].enabled);
}

#[tokio::test]
async fn writes_that_are_processed_together_are_told_to_fronts_once() {
    let daemon = daemon(Arc::new(MemoryEngine::new())).await;
    let mailbox = |number| serde_json::from_value::<Mailbox>(format!("n{number}@example.com").into()).unwrap();
    let commit = async |changes| assert!(daemon.records.commit(changes).await.unwrap());
    let sessions = |number| daemon.records.put(sessions_key(&mailbox(number)), None, &()).unwrap();
    let mut watch = daemon.watch();
    // The store in memory does not wait, so the watch reports each group together.
    commit((0..MAILBOXES_MAX).map(sessions).collect()).await;
    for number in 0..MAILBOXES_MAX {
        assert_eq!(told(&mut watch).await, Some(mailbox(number).to_string()));
    }
    for number in 10..30 {
        commit(vec![sessions(number)]).await;
    }
    assert_eq!(told(&mut watch).await, None);
    for number in 30..50 {
        commit(vec![daemon.records.put(alias_key(&mailbox(number)), None, &alice()).unwrap()]).await;
    }
    commit(vec![sessions(50)]).await;
    assert_eq!(told(&mut watch).await, None);
    commit(vec![sessions(51)]).await;
    assert_eq!(told(&mut watch).await, Some(mailbox(51).to_string()), "fronts are told more than once");
}

#[tokio::test]
async fn after_a_change_the_platforms_are_read_once_for_all_who_wait() {
    let engine = Arc::new(Failing::default());
    let daemon = Arc::new(daemon(engine.clone()).await);
    let scanned = engine.scans.load(Ordering::SeqCst);
    let reading = daemon.effects.reading.lock().await;
    let change = daemon.records.next_revision(PLATFORMS).await.unwrap();
    assert!(daemon.records.commit(vec![change]).await.unwrap());
    let asks: Vec<_> = (0..20)
        .map(|_| {
            let daemon = Arc::clone(&daemon);
            tokio::spawn(async move { daemon.effects.current_platforms().await.unwrap().len() })
        })
        .collect();
    // Each has found that the platforms were changed, and waits.
    tokio::task::yield_now().await;
    drop(reading);
    for ask in asks {
        assert_eq!(ask.await.unwrap(), 1);
    }
    // Once for them, and once for the watch, which reports that change too; each reading has a page and its end.
    let scans = engine.scans.load(Ordering::SeqCst) - scanned;
    assert!(scans <= 4, "{scans}");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_made_late_is_no_error_because_fronts_are_told_late() {
    let engine = Arc::new(Failing::default());
    let sealer = Arc::new(Sealer::new(MasterKeys::generate().unwrap()));
    // Nothing is told, as its task is not run.
    let effects = Arc::new(Effects::new(Records::new(engine.clone(), sealer)).await.unwrap());
    engine.is_slow.store(true, Ordering::SeqCst);
    let change = effects.records.next_revision(&sessions_key(&alice())).await.unwrap();
    assert!(matches!(effects.commit(vec![change], Vec::new(), |_| ()).await, Ok(Some(()))));
    let change = effects.records.next_revision(PLATFORMS).await.unwrap();
    assert!(matches!(effects.commit(vec![change], Vec::new(), |_| ()).await, Err(RecordError::NotTakenUp)));
}

/// An unlisted name may require no code; a name whose record is damaged is refused.
#[tokio::test]
async fn an_alias_that_leads_to_no_account_is_refused() {
    let daemon = daemon(Arc::new(MemoryEngine::new())).await;
    let name = || LookupName::new("al@example.com");
    assert!(matches!(daemon.look_up(name()).await, Ok(Resolved::Unlisted(..))));
    let al: Mailbox = serde_json::from_value("al@example.com".into()).unwrap();
    let change = daemon.records.put(alias_key(&al), None, &alice()).unwrap();
    assert!(daemon.records.commit(vec![change]).await.unwrap());
    let refused = daemon.look_up(name()).await;
    assert!(matches!(refused, Err(ResolveError::Record(RecordError::Content(_)))));
    let sign_in = SignInName::new(Channel::Webmail, "al@example.com");
    assert!(matches!(daemon.resolve_sign_in(sign_in).await, Err(ResolveError::Record(RecordError::Content(_)))));
}
