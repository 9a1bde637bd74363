//! Administrators' calls run beside sign-ins, on threads of their own.

use crate::authenticator::code;
use crate::calls::{Refuses, connect};
use crate::home::{Home, Plan, Running};
use crate::people::ALICE;
use crate::wait_until;
use postern_wire::admin::{self, Action, Empty, Mailbox};
use postern_wire::auth::AskVerdict;
use posternd::clock;
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Number of accounts that the calls read.
const ACCOUNTS: usize = 300;
/// Number of concurrent administrators, and of sign-ins beside them.
const ADMINISTRATORS: usize = 12;
const SIGN_INS: usize = 40;
/// Minimum processor time of the calls, in ticks (proc_pid_stat(5)), of which there are a hundred per second.
const TICKS: u64 = 50;

/// Timeout for that, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the processor time of a daemon's threads, by their names.
fn ticks(posternd: &Running<'_>) -> BTreeMap<String, u64> {
    let mut ticks = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{}/task", posternd.pid())).unwrap().flatten() {
        let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        // Its name is in parentheses; the times are the 14th and the 15th field.
        let stat = read("stat");
        let times = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
        *ticks.entry(read("comm").trim().to_owned()).or_default() +=
            times.filter_map(|it| it.parse::<u64>().ok()).sum::<u64>();
    }
    ticks
}

/// Fails if an administrator's verb, or periodic work, runs on the threads of the sign-ins.
#[test]
fn sign_ins_and_sigterm_are_heard_while_administrators_look_through_everything() {
    let home = Home::new(Plan { log: "info,sled=warn", ..Plan::default() });
    let posternd = home.start_with_platform();
    for number in 0..ACCOUNTS {
        posternd.enable(&format!("n{number}@example.com"));
    }
    let secret = enrol(&posternd);
    let before = ticks(&posternd);
    let stop = AtomicBool::new(false);
    let stopped = thread::scope(|scope| {
        for _ in 0..ADMINISTRATORS {
            scope.spawn(|| {
                let calls = std::iter::repeat_with(|| look_through_everything(&home));
                calls.take_while(|done| done.is_some() && !stop.load(Ordering::Relaxed)).count()
            });
        }
        let used = |name: &str| {
            let of = |ticks: &BTreeMap<String, u64>| ticks.get(name).copied().unwrap_or_default();
            of(&ticks(&posternd)) - of(&before)
        };
        wait_until("administrators' calls take time on threads of their own", PATIENCE, || used("background") >= TICKS);
        for _ in 0..SIGN_INS {
            assert!(matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. }));
        }
        let (background, sign_in) = (used("background"), used("sign-in"));
        assert!(sign_in * 2 < background, "{sign_in} ticks for sign-ins, {background} for administrators");
        let right = code(&secret, clock::now().0 + 30);
        assert_eq!(posternd.answer(ALICE, &right).reason(), None);
        // It handles SIGTERM meanwhile, and ends in good order.
        posternd.stop();
        stop.store(true, Ordering::Relaxed);
        true
    });
    assert!(stopped);
}

fn enrol(posternd: &Running<'_>) -> String {
    posternd.enable(ALICE);
    let (ticket, secret) = posternd.offered(ALICE);
    let confirmed = posternd.confirm(ALICE, &ticket, &code(&secret, clock::now().0));
    assert_eq!(confirmed.reason(), None);
    secret
}

/// None when the daemon has stopped.
fn look_through_everything(home: &Home) -> Option<()> {
    let mut client = postern_wire::Client::connect(&home.admin(), crate::calls::DEADLINE * 3).ok()?;
    let mistyped = Mailbox { mailbox: "n1234567@example.com".to_owned() };
    for _ in 0..20 {
        match client.call::<admin::Accounts>(admin::INTERFACE, "ShowAccount", &mistyped) {
            Err(postern_wire::CallError::Error(_)) => {}
            _ => return None,
        }
        client.call::<admin::Status>(admin::INTERFACE, "Status", &Empty {}).ok()?;
        client.call::<admin::Keys>(admin::INTERFACE, "ListKeys", &Empty {}).ok()?;
    }
    Some(())
}

#[test]
fn a_name_is_suggested_for_the_one_that_was_typed_and_not_for_each_of_a_list() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    posternd.enable(ALICE);
    let mut client = connect(&home.admin());
    let mut message = |mailbox: &str| {
        let mailbox = Mailbox { mailbox: mailbox.to_owned() };
        match client.call::<admin::Accounts>(admin::INTERFACE, "ShowAccount", &mailbox) {
            Err(postern_wire::CallError::Error(error)) => error.parameters["message"].as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let first = message("alcie@example.com");
    assert!(
        first.ends_with("`postern account enable alcie@example.com` makes one. Did you mean alice@example.com?"),
        "{first}"
    );
    assert!(message("alixe@example.com").ends_with("makes one."), "of a list, the first");
    let refused = posternd.show("wholly.different@example.com").unwrap_err();
    assert!(!refused.message.contains("Did you mean"), "{}", refused.message);
    // Whatever the verb.
    let refused = posternd.change("alcie@example.com", Action::Reset).unwrap_err();
    assert!(refused.message.ends_with("Did you mean alice@example.com?"), "{}", refused.message);
}
