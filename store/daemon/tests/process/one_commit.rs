//! Changes that belong together are written in one commit, so that a crash keeps all or none of them: each verb writes
//! once.

use crate::home::{Home, Running};
use crate::messages::{app_password_of, request_of};
use crate::metrics::page;
use crate::people::{ALICE, Enrolled};
use postern_wire::admin::{Action, AppPasswordCreated, CreateAppPassword};
use postern_wire::auth::{AskVerdict, Enrol, EnrolVerdict, Reason};
use postern_wire::security::RequestVerdict;

const COMMITS: &str = "postern_store_commit_seconds_count";

/// Number of commits so far.
fn commits(home: &Home) -> u64 {
    let page = page(home);
    let counts = page.lines().filter_map(|line| line.strip_prefix(COMMITS)?.rsplit_once(' ')?.1.parse::<u64>().ok());
    counts.sum()
}

impl Running<'_> {
    /// Runs an operation that must be exactly one commit.
    #[track_caller]
    fn writes_once<T>(&self, what: &str, act: impl FnOnce(&Self) -> T) -> T {
        let before = commits(self.home);
        let done = act(self);
        assert_eq!(commits(self.home) - before, 1, "{what}");
        done
    }

    fn open_request(&self) {
        assert_eq!(self.front::<RequestVerdict>("OpenRequest", &request_of()), RequestVerdict::Opened);
    }

    fn make_app_password(&self) {
        let create = CreateAppPassword { unchecked: true, ..app_password_of("correct horse") };
        self.home.saw(&self.order::<AppPasswordCreated>("CreateAppPassword", &create).unwrap().app_password);
    }
}

/// Regression: an approval was three commits, and between the second and the third a thief with the password could set
/// up the first method.
#[test]
fn an_approved_request_wants_its_enrolment_code_from_the_same_commit_on() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    posternd.writes_once("open a request", Running::open_request);
    let code = posternd.writes_once("approve it", |it| it.decide(true)).unwrap().enrolment_code.expect("a code");
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Enrol { .. }));
    let with = |code| Enrol { name: ALICE.to_owned(), enrolment_code: code, ..Enrol::default() };
    let EnrolVerdict::Refused(refusal) = posternd.front("Enrol", &with(None)) else { panic!() };
    assert_eq!(refusal.reason, Reason::EnrolmentCode);
    assert!(matches!(posternd.front("Enrol", &with(Some(code))), EnrolVerdict::Offered { .. }));
    let actions: Vec<String> = posternd.audit(None).into_iter().map(|entry| entry.action).collect();
    assert!(actions.ends_with(&["open request", "approve request", "reset"].map(str::to_owned)), "{actions:?}");
    posternd.stop();
}

#[test]
fn every_change_of_an_account_is_one_commit() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    let code = |it: &Running<'_>, enrolled: &Enrolled| it.answer(ALICE, &it.code(enrolled));
    let alice = posternd.enrolled(ALICE);
    let _ = posternd.writes_once("a code", |it| code(it, &alice));
    posternd.writes_once("an app password", Running::make_app_password);
    // The other app passwords of the account are updated to the same password.
    posternd.writes_once("one more app password", Running::make_app_password);
    posternd.writes_once("aliases", |it| it.add_aliases(ALICE, &["ally@example.com", "al@example.com"])).unwrap();
    posternd.writes_once("a suspension", |it| it.suspend(ALICE, 4)).unwrap();
    posternd.writes_once("its end", |it| it.change(ALICE, Action::Resume)).unwrap();
    posternd.open_request();
    assert_eq!(posternd.writes_once("refuse a request", |it| it.decide(false)).unwrap().enrolment_code, None);
    posternd.writes_once("a reset", |it| it.change(ALICE, Action::Reset)).unwrap();
    posternd.writes_once("an enrolment code", |it| it.enable_with_code(ALICE));
    posternd.writes_once("a removal", |it| it.change(ALICE, Action::Remove)).unwrap();
    posternd.stop();
}
