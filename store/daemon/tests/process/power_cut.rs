//! A power cut at any moment: acknowledged changes are complete, and the store opens.
//!
//! [`recorder`] records the file operations of a real `posternd`. From that record, [`disk`] computes the contents of a
//! disk after a power cut that loses unsynced data, and a second `posternd` is started on them.

mod disk;
mod recorder;

use crate::authenticator::code;
use crate::calls::Refuses;
use crate::home::{Home, Plan, Running};
use crate::wait_until;
use disk::{Chance, Disk, Tree, Unsynced};
use postern_wire::admin::{Action, Empty, Findings, Keys, Level, State};
use postern_wire::auth::ConfirmVerdict;
pub(crate) use recorder::Recorder;
use recorder::{Step, steps};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// Number of power cuts in each test, and the environment variable that overrides it.
const CUTS: usize = 110;
const CUTS_VARIABLE: &str = "POSTERN_POWER_CUTS";
/// The seed of the random numbers; without it, a random one.
const SEED_VARIABLE: &str = "POSTERN_POWER_CUT_SEED";
/// Number of daemons that run concurrently.
const CHECKERS: usize = 2;
/// One of this number of cuts is at any moment, not before a sync or after a reply.
const ANY_EVERY: usize = 4;
/// The number of mailboxes that change one after the other, the number that change at once, and how many do so four
/// times.
const ALONE: usize = 7;
const AT_ONCE: usize = 4;
/// Accounts of the import, and the aliases of each.
const IMPORTED: usize = 60;
const ALIASES: usize = 4;
const SOON: Duration = Duration::from_secs(30);
/// Seconds of a step, and of a day.
const STEP: i64 = 30;
const DAY: i64 = 24 * 3600;
/// The suspension is longer than the test.
const SUSPENDED_HOURS: i64 = 100;

/// The changes of each mailbox, as the audit log names them, and the account after each change: its state, its methods,
/// its aliases and its backup codes.
const PROGRESS: [(&str, State, [usize; 3]); 7] = [
    ("enable", State::Enrolling, [0, 0, 0]),
    ("enrol", State::Protected, [1, 0, 10]),
    ("add alias", State::Protected, [1, 1, 10]),
    ("answer", State::Protected, [1, 1, 9]),
    ("answer", State::Protected, [1, 1, 9]),
    ("suspend", State::Suspended, [1, 1, 9]),
    ("reset", State::Enrolling, [0, 1, 0]),
];
/// The number of changes of mailboxes that change at once.
const PROGRESS_AT_ONCE: usize = 5;

/// An acknowledged operation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Initialised,
    PlatformMade,
    /// A secret that does not belong to an account yet: nothing has to be kept.
    Offered,
    /// The next change of a mailbox; with a code if one was spent.
    Progress(String, Option<String>),
    KeyRotated,
    Exported(String),
    Imported,
}

/// An operation and its time, as step numbers of the log.
struct Act {
    what: What,
    begun: usize,
    done: usize,
    clock: i64,
}

/// The sequence of operations during the recording.
struct Story<'h> {
    home: &'h Home,
    acts: Mutex<Vec<(What, i64)>>,
}

impl<'h> Story<'h> {
    fn new(home: &'h Home) -> Self {
        Self { home, acts: Mutex::default() }
    }

    /// Runs one operation with one call.
    fn act<T>(&self, what: What, call: impl FnOnce() -> T) -> T {
        let number = {
            let mut acts = self.acts.lock().unwrap();
            acts.push((what, self.home.clock().now()));
            acts.len() as u64 - 1
        };
        self.home.recorder().mark(2 * number);
        let outcome = call();
        self.home.recorder().mark(2 * number + 1);
        outcome
    }

    /// Makes this number of changes of a mailbox.
    fn take(&self, posternd: &Running<'_>, mailbox: &str, count: usize) {
        let now = self.home.clock().now();
        let mut known = None;
        for number in 0..count {
            let progress = |spent: Option<&str>| What::Progress(mailbox.to_owned(), spent.map(str::to_owned));
            let change = |action| self.act(progress(None), || posternd.change(mailbox, action).map(drop).unwrap());
            let answer = |code: &str| {
                let verdict = self.act(progress(Some(code)), || posternd.answer(mailbox, code));
                assert_eq!(verdict.reason(), None, "{mailbox}");
            };
            match (number, &known) {
                (0, _) => change(Action::Enable),
                (1, _) => {
                    let (ticket, secret) = self.act(What::Offered, || posternd.offered(mailbox));
                    let code = code(&secret, now);
                    match self.act(progress(Some(&code)), || posternd.confirm(mailbox, &ticket, &code)) {
                        ConfirmVerdict::Accepted { backup_codes, .. } => {
                            known = Some((secret, backup_codes[0].reveal().to_owned()));
                        }
                        ConfirmVerdict::Refused(refusal) => panic!("{mailbox}: {refusal:?}"),
                    }
                }
                (2, _) => {
                    self.act(progress(None), || posternd.add_aliases(mailbox, &[&alias(mailbox)]).map(drop)).unwrap()
                }
                (3, Some((_, backup))) => answer(backup),
                (4, Some((secret, _))) => answer(&code(secret, now + STEP)),
                (5, _) => self.act(progress(None), || posternd.suspend(mailbox, SUSPENDED_HOURS).map(drop)).unwrap(),
                (6, _) => change(Action::Reset),
                (number, _) => panic!("there is no step {number}"),
            }
        }
    }

    /// Waits for the daily export.
    fn export(&self, count: usize) {
        wait_until("the day's export", SOON, || self.home.log().matches("export made").count() == count);
        let Some(Tree::Directory(exports)) = Tree::read(&exports(self.home)) else { panic!("no exports") };
        let (newest, _) = exports.into_iter().next_back().unwrap();
        self.act(What::Exported(newest), || ());
    }

    /// Finds in the log when each operation was done: at its reply or, if several were in progress, when the test
    /// received the reply.
    fn acts(self, steps: &[Step<'_>]) -> Vec<Act> {
        let acts = self.acts.into_inner().unwrap().into_iter();
        let mut acts: Vec<Act> = acts.map(|(what, clock)| Act { what, begun: 0, done: 0, clock }).collect();
        let mut under_way = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            match *step {
                Step::Mark(mark) if mark % 2 == 0 => {
                    let number = (mark / 2) as usize;
                    acts[number].begun = at;
                    under_way.push(number);
                }
                Step::Mark(mark) => {
                    let number = (mark / 2) as usize;
                    under_way.retain(|other| *other != number);
                    if acts[number].done == 0 {
                        acts[number].done = at;
                    }
                }
                Step::Reply => {
                    if let [number] = under_way[..]
                        && acts[number].done == 0
                    {
                        acts[number].done = at;
                    }
                }
                _ => {}
            }
        }
        acts
    }
}

/// The store is in directories that do not exist before.
fn plan<'a>(recorder: Option<Recorder>) -> Plan<'a> {
    Plan { disk: Some(Path::new("var/lib")), clock: true, recorder, ..Plan::default() }
}

fn exports(home: &Home) -> PathBuf {
    home.store().with_file_name("exports")
}

fn alias(mailbox: &str) -> String {
    format!("alias-{mailbox}")
}

/// A moment of a power cut, and the state of unsynced data.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Number of completed steps of the log.
    at: usize,
    unsynced: Unsynced,
}

/// Prints the cut when a check fails.
struct Told(Cut);

impl Drop for Told {
    #[expect(clippy::print_stderr, reason = "what a failed test is explained by")]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the power was cut so: {:?}", self.0);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|number| number.parse().unwrap())
}

/// Chooses moments, in chronological order: mostly before a sync and after a reply, since these are the critical ones.
#[expect(clippy::print_stderr, reason = "without it a failure cannot be had again")]
fn cuts(steps: &[Step<'_>]) -> Vec<Cut> {
    let seed = number(SEED_VARIABLE).unwrap_or_else(|| u64::from_ne_bytes(random()));
    eprintln!("{SEED_VARIABLE}={seed}");
    let count = number(CUTS_VARIABLE).map_or(CUTS, |count| count as usize);
    let mut chance = Chance(seed);
    let at = |(at, step): (usize, &Step<'_>)| match step {
        Step::Sync { .. } => Some(at),
        Step::Reply => Some(at + 1),
        _ => None,
    };
    let mut telling: Vec<usize> = steps.iter().enumerate().filter_map(at).collect();
    let mut cuts = Vec::new();
    for number in 0..count {
        let at = match number % ANY_EVERY {
            0 => chance.below(steps.len() + 1),
            _ if telling.is_empty() => break,
            _ => telling.swap_remove(chance.below(telling.len())),
        };
        let unsynced = match chance.below(5) {
            0 | 1 => Unsynced::Gone,
            2 => Unsynced::There,
            _ => Unsynced::Torn(chance.any()),
        };
        cuts.push(Cut { at, unsynced });
    }
    cuts.sort_by_key(|cut| cut.at);
    cuts
}

fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// Checks the state after each cut, in homes that `make` creates. Their files `names` are taken from the disk.
fn check_each(
    steps: &[Step<'_>],
    root: u64,
    names: &[&str],
    make: impl Fn() -> Home + Sync,
    check: impl Fn(&Home, Cut) + Sync,
) {
    let cuts = cuts(steps);
    thread::scope(|scope| {
        for checker in 0..CHECKERS {
            let (cuts, make, check) = (&cuts, &make, &check);
            scope.spawn(move || {
                let home = make();
                let (mut disk, mut followed) = (Disk::new(root), 0);
                for cut in cuts.iter().skip(checker).step_by(CHECKERS) {
                    steps[followed..cut.at].iter().for_each(|step| disk.follow(*step));
                    followed = cut.at;
                    let _told = Told(*cut);
                    put(&home, names, &disk.after_a_cut(cut.unsynced));
                    check(&home, *cut);
                }
            });
        }
    });
}

/// Replaces the files of these names in a home with those of the disk.
fn put(home: &Home, names: &[&str], found: &Tree) {
    for name in names {
        let path = home.path(name);
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Some(tree) = found.entry(name) {
            tree.write(&path);
        }
    }
}

/// Checks that the log is complete: applying all of it results in the actual files.
fn assert_complete(home: &Home, steps: &[Step<'_>], root: u64, names: &[&str]) {
    let mut disk = Disk::new(root);
    steps.iter().for_each(|step| disk.follow(*step));
    let followed = disk.after_a_cut(Unsynced::There);
    for name in names {
        let is_same = Tree::read(&home.path(name)).as_ref() == followed.entry(name);
        assert!(is_same, "{name} was changed in a way that was not written down");
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let home = Home::new(plan(Some(Recorder::new())));
    let story = Story::new(&home);
    story.act(What::Initialised, || ());
    let posternd = home.start_with_platform();
    story.act(What::PlatformMade, || posternd.switch_platform(true));
    story.export(1);
    for count in 1..=ALONE {
        story.take(&posternd, &format!("alone{count}@example.com"), count);
    }
    posternd.kill();
    let posternd = home.start();
    thread::scope(|scope| {
        for person in 0..AT_ONCE {
            let (story, posternd) = (&story, &posternd);
            scope.spawn(move || {
                for number in 0..4 {
                    let count = PROGRESS_AT_ONCE - number % 2;
                    story.take(posternd, &format!("p{person}n{number}@example.com"), count);
                }
            });
        }
    });
    story.act(What::KeyRotated, || posternd.order::<Keys>("RotateKey", &Empty {}).map(drop)).unwrap();
    story.take(&posternd, "after@example.com", ALONE);
    posternd.stop();
    home.clock().advance(DAY);
    let posternd = home.start();
    story.export(2);
    story.take(&posternd, "last@example.com", ALONE);
    posternd.stop();

    let names = ["var", "master.key"];
    let root = fs::metadata(home.path("")).unwrap().ino();
    let log = home.recorder().read();
    let steps = steps(&log);
    assert_complete(&home, &steps, root, &names);
    let kept = Tree::read(&exports(&home)).unwrap();
    let acts = story.acts(&steps);
    check_each(&steps, root, &names, || Home::new(plan(None)), |found, cut| check(found, cut, &acts, &kept));
}

/// Checks that all operations completed before the cut are present, and none that had not started.
fn check(home: &Home, cut: Cut, acts: &[Act], kept: &Tree) {
    let done = |what: &What| acts.iter().any(|act| act.what == *what && act.done < cut.at);
    let begun = |what: &What| acts.iter().any(|act| act.what == *what && act.begun < cut.at);
    for act in acts.iter().filter(|act| act.done < cut.at) {
        if let What::Exported(name) = &act.what {
            let found = Tree::read(&exports(home));
            let found = found.as_ref().and_then(|found| found.entry(name));
            assert!(found == kept.entry(name), "the export {name} is not whole, or not there");
        }
    }
    let now = acts.iter().filter(|act| act.begun < cut.at).map(|act| act.clock).max();
    home.clock().advance(now.map_or(0, |now| now - home.clock().now()));
    let posternd = match home.try_start() {
        Ok(posternd) => posternd,
        Err(said) => {
            assert!(!done(&What::Initialised) && !said.contains("panic"), "{said}");
            return;
        }
    };
    if !done(&What::PlatformMade) {
        posternd.kill();
        return;
    }
    let status = posternd.status();
    assert!(status.platforms.iter().all(|platform| platform.enabled) && status.platforms.len() == 1);
    assert!(status.key_id == 2 || !done(&What::KeyRotated), "the new master key is gone");
    assert!(status.key_id == 1 || begun(&What::KeyRotated));

    let mut entries = BTreeMap::<_, Vec<_>>::new();
    for entry in posternd.audit(None) {
        entries.entry(entry.mailbox.unwrap_or_default()).or_default().push(entry.action);
    }
    let mut mailboxes = BTreeMap::<&str, Vec<&Act>>::new();
    for act in acts {
        if let What::Progress(mailbox, _) = &act.what {
            mailboxes.entry(mailbox).or_default().push(act);
        }
    }
    for (mailbox, acts) in &mailboxes {
        let written = entries.remove(*mailbox).unwrap_or_default();
        let done = acts.iter().filter(|act| act.done < cut.at).count();
        let begun = acts.iter().filter(|act| act.begun < cut.at).count();
        assert!((done..=begun).contains(&written.len()), "{mailbox}: {} of {done} are there", written.len());
        assert!(written.iter().eq(PROGRESS[..written.len()].iter().map(|(action, ..)| action)), "{written:?}");
        let account = posternd.show(mailbox);
        match written.len().checked_sub(1).map(|last| &PROGRESS[last]) {
            None => assert_eq!(account.unwrap_err().reason, "unknown_mailbox"),
            Some((_, state, counts)) => {
                let account = account.unwrap();
                let left = account.backup_codes_left as usize;
                let found = [account.methods.len(), account.aliases.len(), left];
                assert_eq!((account.state, found), (*state, *counts), "{mailbox} is torn");
            }
        }
        // An accepted code remains spent.
        for act in acts.iter().filter(|act| act.done < cut.at) {
            if let What::Progress(_, Some(spent)) = &act.what {
                assert!(posternd.answer(mailbox, spent).reason().is_some(), "{mailbox}: {spent} is accepted again");
            }
        }
    }
    let check: Findings = posternd.order("Check", &Empty {}).unwrap();
    let records = check.findings.iter().find(|finding| finding.subject == "records").unwrap();
    assert_eq!(records.level, Level::Ok, "{}", records.message);
    posternd.kill();
}

#[test]
fn an_import_is_there_whole_or_not_at_all_after_a_power_cut() {
    let source = Home::with_clock();
    let (posternd, _) = source.start_with_alice();
    for number in 1..IMPORTED {
        let mailbox = format!("m{number}@example.com");
        let aliases: Vec<String> = (0..ALIASES).map(|alias| format!("a{alias}{mailbox}")).collect();
        posternd.enable(&mailbox);
        posternd.add_aliases(&mailbox, &aliases.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    }
    let text = posternd.export().unwrap();
    let audit = posternd.audit(None).len();
    posternd.stop();
    let sister = |recorder| Plan { key: Some(source.path("master.key")), ..plan(recorder) };

    let home = Home::new(sister(Some(Recorder::new())));
    let story = Story::new(&home);
    story.act(What::Initialised, || ());
    let posternd = home.start();
    // It takes more than one call, so only its end counts.
    let imported = posternd.import(&text).unwrap();
    story.act(What::Imported, || ());
    assert!(imported.records > 0);
    posternd.stop();

    let names = ["var"];
    let root = fs::metadata(home.path("")).unwrap().ino();
    let log = home.recorder().read();
    let steps = steps(&log);
    assert_complete(&home, &steps, root, &names);
    let acts = story.acts(&steps);
    let done = |what: &What, cut: Cut| acts.iter().any(|act| act.what == *what && act.done < cut.at);
    check_each(
        &steps,
        root,
        &names,
        || Home::new(sister(None)),
        |found, cut| {
            let posternd = match found.try_start() {
                Ok(posternd) => posternd,
                Err(said) => {
                    assert!(!done(&What::Initialised, cut) && !said.contains("panic"), "{said}");
                    return;
                }
            };
            let (accounts, entries) = (posternd.accounts(), posternd.audit(None));
            let aliases: usize = accounts.iter().map(|account| account.aliases.len()).sum();
            match (accounts.len(), posternd.status().platforms.len()) {
                (0, 0) => {
                    assert!(!done(&What::Imported, cut), "it is gone");
                    assert_eq!(entries.len(), 0, "something of it is left");
                }
                (IMPORTED, 1) => {
                    assert_eq!(aliases, (IMPORTED - 1) * ALIASES);
                    assert!(entries.len() >= audit);
                }
                parts => panic!("it is there in part: {parts:?}"),
            }
            posternd.kill();
        },
    );
}
