//! Two administrators at two daemons over one store. Whatever the order of their reads and writes, what must be true of
//! the accounts is true.

#[path = "../../../engine/tests/engine/turns.rs"]
mod turns;

use super::*;
use crate::administer::{accounts, contact, platforms};
use crate::effects::tests::{daemon, one_of_several};
use postern_engine::{Engine, MemoryEngine, SledEngine};
use postern_rules::alias::hidden_by_plus_addressing;
use postern_vault::keys::{ALIAS, account_key, alias_key};
use postern_wire::admin::{Action, Aliases, ChangeAccount, SetContact, SetPlatform};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use turns::Turns;

const BY: &str = "a test";
/// Names that are created, and made aliases of each other; with plus-addressing, the last means the first.
const NAMES: [&str; 3] = ["bob@example.com", "eve@example.com", "bob+x@example.com"];

/// A command of an administrator. The numbers are indexes of [`NAMES`].
#[derive(Debug, Clone, Copy)]
enum Command {
    Change(Action, usize),
    AddAlias(usize, usize),
    RemoveAlias(usize, usize),
    Contact(usize),
    PlusAddressing(bool),
}

async fn run(daemon: &Daemon, command: Command) -> Result<(), Refused> {
    let name = |at: usize| NAMES[at].to_owned();
    match command {
        Command::Change(action, at) => {
            let (mailbox, hours) = (name(at), None);
            let wanted = ChangeAccount { mailbox, action, hours, dry_run: false, enrolment_code: false };
            accounts::change(daemon, BY, &wanted).await.map(drop)
        }
        Command::AddAlias(at, alias) => {
            let wanted = Aliases { mailbox: name(at), aliases: vec![name(alias)] };
            accounts::add_aliases(daemon, BY, &wanted).await.map(drop)
        }
        Command::RemoveAlias(at, alias) => {
            let wanted = Aliases { mailbox: name(at), aliases: vec![name(alias)] };
            accounts::remove_aliases(daemon, BY, &wanted).await.map(drop)
        }
        Command::Contact(at) => {
            let wanted = SetContact { mailbox: name(at), address: Some("someone@example.org".to_owned()) };
            contact::set(daemon, BY, &wanted).await.map(drop)
        }
        Command::PlusAddressing(on) => {
            let [name, key, value] = ["example", "plus-addressing", if on { "on" } else { "off" }].map(str::to_owned);
            platforms::set(daemon, BY, &SetPlatform { name, key, value }).await.map(drop)
        }
    }
}

fn commands(plus_addressing: u32, names: [usize; 2]) -> impl Strategy<Value = Vec<Command>> {
    let name = prop_oneof![Just(names[0]), Just(names[1])];
    let action = prop_oneof![Just(Action::Add), Just(Action::Enable), Just(Action::Remove)];
    let command = prop_oneof![
        4 => (action, name.clone()).prop_map(|(action, at)| Command::Change(action, at)),
        4 => (name.clone(), name.clone()).prop_map(|(at, alias)| Command::AddAlias(at, alias)),
        1 => (name.clone(), name.clone()).prop_map(|(at, alias)| Command::RemoveAlias(at, alias)),
        1 => name.prop_map(Command::Contact),
        plus_addressing => prop::bool::weighted(0.7).prop_map(Command::PlusAddressing),
    ];
    prop::collection::vec(command, 1..6)
}

/// Names that become accounts and aliases of each other.
fn aliases() -> impl Strategy<Value = Vec<Command>> {
    commands(0, [0, 1])
}

/// A name with a plus, and plus-addressing.
fn pluses() -> impl Strategy<Value = Vec<Command>> {
    commands(6, [0, 2])
}

fn turns() -> impl Strategy<Value = VecDeque<u8>> {
    prop::collection::vec_deque(0..12_u8, 0..400)
}

/// What must be true of the accounts, whatever was done.
async fn check(daemon: &Daemon) {
    let set = daemon.records.platforms().await.unwrap();
    let mut accounts = Vec::new();
    let mut take = |stored: Stored<Account>| {
        accounts.push(stored.value);
        true
    };
    daemon.records.each(ACCOUNT, &mut take).await.unwrap();
    for account in &accounts {
        let platform = set.all.iter().find(|platform| platform.name == account.platform);
        let platform = platform.expect("an account without its platform");
        if platform.policy.plus_addressing {
            let hidden: Vec<&Mailbox> = hidden_by_plus_addressing(account, platform).collect();
            assert!(hidden.is_empty(), "hidden by plus addressing: {hidden:?}");
        }
        for alias in &account.aliases {
            let stored = daemon.records.revision(&alias_key(alias)).await.unwrap();
            assert!(stored.is_some(), "{alias} is no alias of {}", account.mailbox);
        }
    }
    let mut aliases = Vec::new();
    let mut take = |stored: Stored<Mailbox>| {
        aliases.push((stored.key, stored.value));
        true
    };
    daemon.records.each(ALIAS, &mut take).await.unwrap();
    for (key, mailbox) in aliases {
        let alias = String::from_utf8(key[ALIAS.len()..].to_vec()).unwrap();
        let own: Mailbox = serde_json::from_value(alias.as_str().into()).unwrap();
        assert!(
            daemon.records.revision(&account_key(&own)).await.unwrap().is_none(),
            "{alias}: an account and an alias"
        );
        let of = accounts.iter().find(|account| account.mailbox == mailbox);
        assert!(of.is_some_and(|of| of.aliases.contains(&own)), "{alias} is an alias of {mailbox}, which has it not");
    }
}

/// Both run their commands at the same time, and take turns at the store.
fn two_administrators(engine: Arc<dyn Engine>, commands: [Vec<Command>; 2], turns: VecDeque<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let turns = Arc::new(Mutex::new(turns));
        let shared = || Arc::new(Turns { engine: engine.clone(), turns: turns.clone() });
        let begun = turns.lock().unwrap().drain(..).collect::<VecDeque<u8>>();
        let first = daemon(shared()).await;
        let second = one_of_several(shared(), first.records.sealer()).await;
        run(&first, Command::PlusAddressing(false)).await.unwrap();
        *turns.lock().unwrap() = begun;
        let [ours, theirs] = commands;
        let all = async |daemon: &Daemon, commands: Vec<Command>| {
            for command in commands {
                // A refusal is an answer like any other; but others must not keep a command from it for ever.
                let refused = run(daemon, command).await.err();
                assert!(refused.as_ref().is_none_or(|it| it.reason != "store"), "{command:?}: {refused:?}");
            }
        };
        tokio::join!(all(&first, ours), all(&second, theirs));
        turns.lock().unwrap().clear();
        check(&first).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_name_becomes_an_account_and_an_alias(ours in aliases(), theirs in aliases(), turns in turns()) {
        two_administrators(Arc::new(MemoryEngine::new()), [ours, theirs], turns);
    }

    #[test]
    fn no_protected_name_is_hidden_by_plus_addressing(ours in pluses(), theirs in pluses(), turns in turns()) {
        two_administrators(Arc::new(MemoryEngine::new()), [ours, theirs], turns);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_two_administrators_do_at_once_leaves_the_accounts_sound_on_disk(
        ours in pluses(), theirs in pluses(), turns in turns()
    ) {
        let directory = tempfile::tempdir().unwrap();
        let engine = SledEngine::init(&directory.path().join("store")).unwrap();
        two_administrators(Arc::new(engine), [ours, theirs], turns);
    }
}
