//! Everything that admits users until a given time: at that time the session that rests on it is over, fronts are told
//! although there was no other event, and it does not become valid again when the clock steps back.

use crate::calls::DEADLINE;
use crate::home::{Home, Running};
use crate::messages::{answer_to, app_password_of, ask_of, field_of};
use crate::people::{ALICE, Enrolled};
use crate::wait_until;
use crate::wall_clock::HOUR;
use postern_engine::{Change, Engine, Pending, SledEngine};
use postern_rules::Standing;
use postern_wire::Secret;
use postern_wire::admin::{AppPasswordCreated, CreateAppPassword};
use postern_wire::auth::{Answer, AnswerVerdict, Ask, AskVerdict, Channel, FieldVerdict, Origin, Session};
use posternd::clock;
use std::path::Path;

/// Seconds of a day, the time for which a browser is trusted here.
const DAY: i64 = 86_400;

/// A sign-in that rests on something that expires, and its expiry.
struct Open {
    session: Session,
    ends: i64,
    /// The name in the audit log.
    named: &'static str,
    /// Tries a sign-in of the same kind now.
    signs_in: Box<dyn Fn(&Running<'_>) -> bool>,
}

/// Covers everything that a verdict can rest on: a new variant must be added here, with whether it expires by itself.
fn ends_by_itself(standing: &Standing) -> bool {
    match standing {
        // Of these only a suspension expires.
        Standing::NotRequired(..) | Standing::AppPassword { .. } | Standing::Trusted { .. } => true,
        // Until the account changes, which is reported then.
        Standing::Verified(_) => false,
    }
}

fn suspended(posternd: &Running<'_>, _: &Enrolled) -> Open {
    posternd.suspend(ALICE, 1).unwrap();
    let AskVerdict::NotRequired { mailbox, standing } = posternd.ask(ALICE) else { panic!("it is asked for a code") };
    let signs_in = Box::new(|posternd: &Running<'_>| matches!(posternd.ask(ALICE), AskVerdict::NotRequired { .. }));
    let ends = posternd.home.clock().now() + HOUR;
    Open { session: Session { mailbox, standing }, ends, named: "suspension ended", signs_in }
}

fn by_app_password(posternd: &Running<'_>, _: &Enrolled) -> Open {
    let ends = posternd.home.clock().now() + HOUR;
    let expires = Some(clock::rfc3339(postern_rules::Time(ends)));
    let wanted = CreateAppPassword { unchecked: true, expires, ..app_password_of("correct horse") };
    let made: AppPasswordCreated = posternd.order("CreateAppPassword", &wanted).unwrap();
    posternd.home.saw(&made.app_password);
    let field = field_of(ALICE, Channel::Imap, made.app_password.reveal());
    let sign_in = move |posternd: &Running<'_>| match posternd.front("AnswerField", &field) {
        FieldVerdict::AppPassword { mailbox, standing, .. } => Some(Session { mailbox, standing }),
        _ => None,
    };
    let session = sign_in(posternd).expect("it is refused");
    Open { session, ends, named: "app password expired", signs_in: Box::new(move |it| sign_in(it).is_some()) }
}

/// Signs in with a code and trusts the browser of this number; returns the request of its next sign-in.
fn trusts_browser(posternd: &Running<'_>, alice: &Enrolled, number: u8) -> Ask {
    let browser = Secret::from(format!("{number:043}"));
    posternd.home.saw(&browser);
    let origin = Origin { browser: Some(browser), ..Origin::default() };
    let answer = Answer { trust: true, ..answer_to(None, &origin, &posternd.code(alice)) };
    let AnswerVerdict::Accepted { .. } = posternd.front("Answer", &answer) else { panic!("the code is refused") };
    ask_of(ALICE, Channel::Webmail, &origin)
}

fn by_trusted_browser(posternd: &Running<'_>, alice: &Enrolled) -> Open {
    set_trust(posternd, 1);
    let ask = trusts_browser(posternd, alice, 7);
    let ends = posternd.home.clock().now() + DAY;
    let sign_in = move |posternd: &Running<'_>| match posternd.front("Ask", &ask) {
        AskVerdict::NotRequired { mailbox, standing } => Some(Session { mailbox, standing }),
        _ => None,
    };
    let session = sign_in(posternd).expect("it is asked for a code");
    Open { session, ends, named: "trust ended", signs_in: Box::new(move |it| sign_in(it).is_some()) }
}

fn set_trust(posternd: &Running<'_>, days: u32) {
    posternd.set("trusted-browsers", &days.to_string());
}

/// A daemon in which Alice is signed in in this way.
fn opened(home: &Home, open: fn(&Running<'_>, &Enrolled) -> Open) -> (Running<'_>, Open) {
    let (posternd, alice) = home.start_with_alice();
    let open = open(&posternd, &alice);
    (posternd, open)
}

/// Each kind of expiry.
const KINDS: [fn(&Running<'_>, &Enrolled) -> Open; 3] = [suspended, by_app_password, by_trusted_browser];

#[test]
fn a_session_ends_with_what_let_it_in() {
    for open in KINDS {
        let home = Home::with_clock();
        let (posternd, Open { session, ends, named, signs_in }) = opened(&home, open);
        assert!(ends_by_itself(&Standing::parse(&session.standing).unwrap()));
        home.clock().advance(ends - home.clock().now() - 1);
        assert!(!posternd.is_over(ALICE, &session.standing), "{named}");
        let watch = posternd.watch();

        home.clock().advance(1);
        watch.tells_of(ALICE);
        assert!(posternd.is_over(ALICE, &session.standing), "{named}");
        let told = posternd.audit(None).pop().unwrap();
        assert_eq!((told.action.as_str(), told.actor.as_str()), (named, "posternd"));
        home.clock().advance(-HOUR / 2);
        assert!(!signs_in(&posternd), "{named}: it came back with the clock");
        assert!(posternd.is_over(ALICE, &session.standing), "{named}");
    }
}

#[test]
fn who_asks_in_the_moment_of_the_end_ends_it_for_good() {
    for open in KINDS {
        let home = Home::with_clock();
        let (posternd, Open { session, ends, named, signs_in }) = opened(&home, open);
        home.clock().advance(ends - home.clock().now());
        // Most of the time, this is before the sweep.
        assert!(posternd.is_over(ALICE, &session.standing), "{named}");
        home.clock().advance(-HOUR / 2);
        assert!(posternd.is_over(ALICE, &session.standing) && !signs_in(&posternd), "{named}");
    }
}

#[test]
fn a_clock_that_steps_back_has_every_session_looked_at() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let watch = posternd.watch();
    home.clock().advance(-HOUR);
    assert_eq!(watch.next(), None);
}

#[test]
fn a_policy_that_lets_trust_end_earlier_ends_sessions_then() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let Open { session, .. } = by_trusted_browser(&posternd, &alice);
    set_trust(&posternd, 30);
    home.clock().advance(30);
    // Trusted again, for thirty days.
    let ask = trusts_browser(&posternd, &alice, 8);
    let AskVerdict::NotRequired { standing, .. } = posternd.front("Ask", &ask) else {
        panic!("it is asked for a code")
    };
    set_trust(&posternd, 2);
    assert!(!posternd.is_over(ALICE, &standing));
    wait_until("the shorter trust is in the index", DEADLINE, || home.log().contains("1 accounts were written to it"));
    home.clock().advance(2 * DAY - 1);
    assert!(!posternd.is_over(ALICE, &standing) && posternd.is_over(ALICE, &session.standing));
    let watch = posternd.watch();
    home.clock().advance(1);
    watch.tells_of(ALICE);
    assert!(posternd.is_over(ALICE, &standing));
}

/// A store from before the index covered everything, or one into which an export of that time was imported.
#[test]
fn a_store_without_the_index_gets_it_at_the_start() {
    for open in KINDS {
        let home = Home::with_clock();
        let (posternd, Open { session, ends, named, .. }) = opened(&home, open);
        posternd.stop();
        take_out_the_index(home.store());
        let posternd = home.start();
        let watch = posternd.watch();
        // The index is created beside the first calls.
        let made = "the index of what ends is up to date: 1 accounts";
        wait_until("the index", DEADLINE, || home.log().contains(made));
        home.clock().advance(ends - home.clock().now());
        watch.tells_of(ALICE);
        assert!(posternd.is_over(ALICE, &session.standing), "{named}");
        posternd.stop();
        assert!(index(home.store()).is_empty(), "{named}: and it goes with what it was about");
    }
}

fn open_store(store: &Path) -> SledEngine {
    SledEngine::open(store).unwrap().0
}

/// Waits for the engine's result.
fn wait<T>(pending: Pending<T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(pending).unwrap()
}

/// The keys of both indices.
fn index(store: &Path) -> Vec<Vec<u8>> {
    let engine = open_store(store);
    let keys = ["ends/", "suspended/"].map(|prefix| wait(engine.scan(prefix.as_bytes(), None, 100)));
    let keys = keys.into_iter().flatten().map(|entry| entry.key).collect();
    engine.close();
    keys
}

fn take_out_the_index(store: &Path) {
    let engine = open_store(store);
    let entries = wait(engine.scan(b"ends/", None, 100));
    assert_eq!(entries.len(), 1);
    let mut changes: Vec<Change> = entries.into_iter().map(|entry| Change::delete(entry.key, entry.revision)).collect();
    changes.push(Change::create(b"suspended/0000000000000001/alice@example.com".to_vec(), b"of before".to_vec()));
    let done = wait(engine.commit(changes));
    assert!(matches!(done, postern_engine::Swap::Done(_)));
    engine.close();
}
