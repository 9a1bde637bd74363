//! kill -9 at any moment under load: acknowledged changes are complete, no change is partial, and the daemon starts
//! again.

use crate::calls::{DEADLINE, Refuses};
use crate::home::{Home, Plan, Running};
use crate::messages::answer_of;
use postern_wire::admin::{
    self, Accounts, Action, AddTotp, Aliases, AuditEntry, ChangeAccount, Changed, State, TotpAdded,
};
use postern_wire::auth::{self, AnswerVerdict, AskVerdict, Channel};
use postern_wire::{CallError, Client, Secret};
use posternd::clock;
use std::collections::BTreeMap;
use std::env;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

/// Number of rounds, and the environment variable that overrides it.
const ROUNDS: u64 = 200;
const ROUNDS_VARIABLE: &str = "POSTERN_KILL_ROUNDS";
const WORKERS: u64 = 4;
/// Maximum number of acknowledgements before the daemon is killed.
const ACKNOWLEDGED_MAX: u64 = 60;
/// In one of this number of rounds the daemon is killed while it starts, within this time.
const KILLED_EARLY_EVERY: u64 = 5;
const START_MAX: Duration = Duration::from_millis(60);

/// The changes that a worker makes to each of its mailboxes, as the audit log names them. The mailbox's progress is the
/// number of changes made, and all of its records must agree on it.
const STEPS: [&str; 4] = ["enable", "add method", "add alias", "answer"];

/// The progress that was acknowledged, by mailbox.
type Ledger = BTreeMap<String, usize>;

#[test]
fn every_acknowledged_change_survives_kill_9() {
    let rounds = env::var(ROUNDS_VARIABLE).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let home = Home::new(Plan { log: "info,sled=warn", ..Plan::default() });
    let posternd = home.start_with_platform();
    posternd.kill();
    let mut done = Ledger::new();
    for round in 0..rounds {
        let begun = clock::rfc3339(clock::now());
        let ledger = if round % KILLED_EARLY_EVERY == KILLED_EARLY_EVERY - 1 {
            let mut posternd = home.spawn(&[env!("CARGO_BIN_EXE_posternd")]);
            // The delays are spread out; the daemon is killed whatever it has reached.
            let _ = posternd.ready_within(START_MAX.mul_f64((round * 61 % 100) as f64 / 100.0));
            posternd.kill();
            Ledger::new()
        } else {
            work_until_killed(home.start(), round)
        };
        let posternd = home.start();
        let entries = by_mailbox(posternd.audit(Some(begun)));
        for (mailbox, acknowledged) in ledger {
            let progress = progress(&posternd, &mailbox, &entries);
            assert!(progress >= acknowledged, "round {round}: {mailbox}: {progress} of {acknowledged} acknowledged");
            // One more change may be on disk without an acknowledgement.
            assert!(progress <= acknowledged + 1, "round {round}: {mailbox}: {progress}, {acknowledged} acknowledged");
            done.insert(mailbox, progress);
        }
        posternd.kill();
    }
    let posternd = home.start();
    let entries = by_mailbox(posternd.audit(None));
    let accounts = posternd.accounts().len();
    assert_eq!(accounts, done.values().filter(|progress| **progress > 0).count(), "no account but those");
    assert!(accounts as u64 >= rounds, "the workers have done next to nothing: {accounts} accounts");
    for (mailbox, then) in done {
        assert_eq!(progress(&posternd, &mailbox, &entries), then, "{mailbox} was so in its own round");
    }
    let check: admin::Findings = posternd.order("Check", &admin::Empty {}).unwrap();
    let records = check.findings.iter().find(|finding| finding.subject == "records").unwrap();
    assert_eq!(records.level, admin::Level::Ok, "{}", records.message);
    posternd.stop();
}

/// Lets workers change accounts, kills the daemon after this number of acknowledgements, and returns all of them.
fn work_until_killed(posternd: Running<'_>, round: u64) -> Ledger {
    let (acknowledge, acknowledged) = mpsc::channel();
    let home = posternd.home;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let acknowledge = acknowledge.clone();
                scope.spawn(move || work(home, &format!("r{round}w{worker}"), &acknowledge))
            })
            .collect();
        for _ in 0..round * 37 % ACKNOWLEDGED_MAX {
            acknowledged.recv_timeout(DEADLINE).expect("nothing was acknowledged");
        }
        posternd.kill();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

/// Changes one mailbox after another, until the daemon has stopped.
fn work(home: &Home, name: &str, acknowledge: &Sender<()>) -> Ledger {
    let mut ledger = Ledger::new();
    for number in 0.. {
        let mailbox = format!("{name}n{number}@example.com");
        let progress = ledger.entry(mailbox.clone()).or_insert(0);
        let Err(error) = take_steps(home, &mailbox, || {
            *progress += 1;
            // The receiver is closed once the daemon is killed.
            let _ = acknowledge.send(());
        }) else {
            continue;
        };
        assert!(matches!(error, CallError::Lost(_) | CallError::Unreachable(_)), "{mailbox}: {error}");
        break;
    }
    ledger
}

fn take_steps(home: &Home, mailbox: &str, mut done: impl FnMut()) -> Result<(), CallError> {
    let mut admin = Client::connect(&home.admin(), DEADLINE)?;
    let mut front = Client::connect(&home.auth(), DEADLINE)?;
    let mailbox = mailbox.to_owned();
    let enable = ChangeAccount {
        mailbox: mailbox.clone(),
        action: Action::Enable,
        hours: None,
        dry_run: false,
        enrolment_code: false,
    };
    let _: Changed = admin.call(admin::INTERFACE, "ChangeAccount", &enable)?;
    done();
    let totp = AddTotp { mailbox: mailbox.clone(), ..AddTotp::default() };
    let added: TotpAdded = admin.call(admin::INTERFACE, "AddTotp", &totp)?;
    done();
    let aliases = Aliases { mailbox: mailbox.clone(), aliases: vec![alias(&mailbox)] };
    let _: Accounts = admin.call(admin::INTERFACE, "AddAliases", &aliases)?;
    done();
    let code: Secret = added.backup_codes.unwrap().swap_remove(0);
    let answer = answer_of(&mailbox, Channel::Webmail, code.reveal());
    let verdict: AnswerVerdict = front.call(auth::INTERFACE, "Answer", &answer)?;
    assert_eq!(verdict.reason(), None);
    done();
    Ok(())
}

fn alias(mailbox: &str) -> String {
    format!("alias-{mailbox}")
}

fn by_mailbox(entries: Vec<AuditEntry>) -> BTreeMap<String, Vec<String>> {
    let mut by_mailbox = BTreeMap::<_, Vec<_>>::new();
    for entry in entries {
        by_mailbox.entry(entry.mailbox.unwrap_or_default()).or_default().push(entry.action);
    }
    by_mailbox
}

/// The number of changes made; the account, its alias and the audit log must agree.
fn progress(posternd: &Running<'_>, mailbox: &str, entries: &BTreeMap<String, Vec<String>>) -> usize {
    let progress = match posternd.show(mailbox) {
        Err(refused) => {
            assert_eq!(refused.reason, "unknown_mailbox", "{}", refused.message);
            0
        }
        Ok(account) => match (account.state, account.methods.len(), account.aliases.len(), account.backup_codes_left) {
            (State::Enrolling, 0, 0, 0) => 1,
            (State::Protected, 1, 0, 10) => 2,
            (State::Protected, 1, 1, 10) => 3,
            (State::Protected, 1, 1, 9) => 4,
            _ => panic!("torn: {account:?}"),
        },
    };
    let written = entries.get(mailbox).map_or(&[][..], |entries| &entries[..]);
    assert_eq!(written, &STEPS[..progress], "{mailbox}: the audit log tells otherwise");
    let meant = match posternd.ask(&alias(mailbox)) {
        AskVerdict::Challenge { mailbox, .. } | AskVerdict::NotRequired { mailbox, .. } => mailbox,
        verdict => panic!("{verdict:?}"),
    };
    let expected = if progress >= 3 { mailbox.to_owned() } else { alias(mailbox) };
    assert_eq!(meant, expected, "the alias is not as the account says");
    progress
}
