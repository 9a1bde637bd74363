use super::*;
use crate::session::challenge::Challenge;
use crate::session::context::{Client, Moment, UpstreamSession};
use crate::session::limits::{
    Lives, MAX_ENDS, MAX_PENDING, MAX_PENDING_PER_MAILBOX, MAX_RELEASED, MAX_RELEASED_PER_MAILBOX,
};
use crate::session::pending_action::PendingAction;
use crate::session::state::PasswordAccepted;
use crate::session::token::TOKEN_LENGTH;
use postern_front::clock;
use postern_portal::{self as portal, paths};
use postern_products::jar::Jar;
use std::time::Duration;

/// Other times than those of a front that is not told any.
const LIVES: Lives = Lives {
    sign_in: Duration::from_secs(10 * 60),
    saving: Duration::from_secs(2 * 3600),
    idle: Duration::from_secs(6 * 3600),
    whole: Duration::from_secs(3 * 24 * 3600),
};

fn now() -> Moment {
    Moment { tick: clock::monotonic(), wall: clock::wall() }
}

fn fingerprint(password: &str) -> PasswordFingerprint {
    PasswordFingerprint::new(&[7; 32], &Secret::from(password))
}

fn accepted(password: &str) -> PasswordAccepted {
    let upstream = UpstreamSession { jar: Jar::default(), landing: "/".into(), logout: None, unopened: false };
    let client = Client { address: [127, 0, 0, 1].into(), agent: None };
    PasswordAccepted { upstream, fingerprint: fingerprint(password), client, browser: None, lives: LIVES }
}

fn pending_from(mailbox: &str, address: &str) -> State {
    let client = Client { address: address.parse().unwrap(), agent: None };
    let accepted = PasswordAccepted { client, ..accepted("old") };
    State::Challenged(accepted.challenge(mailbox.into(), Challenge::new(Vec::new())))
}

#[test]
fn repeated_sign_ins_do_not_evict_a_user_in_another_network() {
    let (store, now) = (Store::default(), now());
    let owner = store.insert(pending_from("bob", "192.0.2.7"), now.tick).unwrap();
    for number in 0..2 * MAX_PENDING_PER_MAILBOX {
        // Addresses of one site are one crowd, each from a network of its own too.
        let thief = pending_from("bob", &format!("2001:db8:0:{number:x}::1"));
        store.insert(thief, now.tick + Duration::from_secs(1)).unwrap();
    }
    assert_eq!(store.stage(Some(&key(&owner)), now.tick), Stage::Challenged);
}

fn pending(mailbox: &str) -> State {
    State::Challenged(accepted("old").challenge(mailbox.into(), Challenge::new(Vec::new())))
}

fn released(mailbox: &str, now: Moment) -> State {
    State::Released(accepted("old").release(mailbox.into(), "s".into(), now))
}

fn key(token: &Token) -> Key {
    Key::of(token.reveal()).unwrap()
}

#[test]
fn a_step_up_kills_the_old_cookie() {
    let (store, now) = (Store::default(), now());
    let old = store.insert(pending("bob"), now.tick).unwrap();
    let step = |token: &Token| {
        store.advance(&key(token), now.tick, Stage::Challenged, |state| match state {
            State::Challenged(state) => Some(State::Released(state.release("s".into(), None, now))),
            _ => None,
        })
    };
    let new = step(&old).unwrap().unwrap();
    assert_eq!(store.stage(Some(&key(&old)), now.tick), Stage::Stale);
    assert_eq!(store.stage(Some(&key(&new)), now.tick), Stage::Released);
    assert!(step(&old).unwrap().is_none());
    // A released session is not a challenged one: it stays as it is.
    assert!(step(&new).unwrap().is_none());
    assert_eq!(store.stage(Some(&key(&new)), now.tick), Stage::Released);
}

#[test]
fn sessions_expire_each_in_its_time() {
    let (store, start) = (Store::default(), now());
    let waits = store.insert(pending("bob"), start.tick).unwrap();
    let rests = store.insert(released("bob", start), start.tick).unwrap();
    let busy = store.insert(released("bob", start), start.tick).unwrap();
    let at = |after: Duration| start.tick + after;
    let just_before = Duration::from_secs(1);
    assert_eq!(store.stage(Some(&key(&waits)), at(LIVES.sign_in - just_before)), Stage::Challenged);
    assert_eq!(store.stage(Some(&key(&waits)), at(LIVES.sign_in)), Stage::Stale);
    let mut used = Duration::ZERO;
    while used + LIVES.idle < LIVES.whole {
        used += LIVES.idle - just_before;
        assert_eq!(store.stage(Some(&key(&busy)), at(used)), Stage::Released);
    }
    assert_eq!(store.stage(Some(&key(&rests)), at(used)), Stage::Stale);
    assert_eq!(store.stage(Some(&key(&busy)), at(LIVES.whole)), Stage::Stale);
}

#[test]
fn pending_sessions_make_room_among_themselves() {
    let (store, start) = (Store::default(), now());
    let inside = store.insert(released("bob", start), start.tick).unwrap();
    let at = |n: usize| start.tick + Duration::from_millis(n as u64);
    let tokens: Vec<Token> =
        (0..=MAX_PENDING).map(|n| store.insert(pending(&format!("eve{n}")), at(n)).unwrap()).collect();
    let end = at(MAX_PENDING);
    assert_eq!(store.stage(Some(&key(&tokens[0])), end), Stage::Stale);
    assert_eq!(store.stage(Some(&key(&tokens[1])), end), Stage::Challenged);
    assert_eq!(store.stage(Some(&key(&tokens[MAX_PENDING])), end), Stage::Challenged);
    assert_eq!(store.stage(Some(&key(&inside)), end), Stage::Released);
}

#[test]
fn released_sessions_make_room_by_their_last_use() {
    let (store, start) = (Store::default(), now());
    let at = |n: usize| start.tick + Duration::from_micros(n as u64);
    let tokens: Vec<Token> = (0..MAX_RELEASED)
        .map(|n| store.insert(released(&format!("bob{n}"), Moment { tick: at(n), ..start }), at(n)).unwrap())
        .collect();
    let end = at(MAX_RELEASED);
    assert_eq!(store.stage(Some(&key(&tokens[0])), end), Stage::Released);
    let newest = store.insert(released("bob", Moment { tick: end, ..start }), end).unwrap();
    assert_eq!(store.stage(Some(&key(&tokens[0])), end), Stage::Released);
    assert_eq!(store.stage(Some(&key(&tokens[1])), end), Stage::Stale);
    assert_eq!(store.stage(Some(&key(&newest)), end), Stage::Released);
}

#[test]
fn a_mailbox_makes_room_among_its_own() {
    let (store, start) = (Store::default(), now());
    let at = |n: usize| start.tick + Duration::from_millis(n as u64);
    let bob = [store.insert(released("bob", start), at(0)).unwrap(), store.insert(pending("bob"), at(0)).unwrap()];
    let stages =
        |tokens: &[Token]| tokens.iter().map(|token| store.stage(Some(&key(token)), at(1000))).collect::<Vec<_>>();
    let eve = |n| Moment { tick: at(n), ..start };
    let inside: Vec<Token> =
        (1..=MAX_RELEASED_PER_MAILBOX + 1).map(|n| store.insert(released("eve", eve(n)), at(n)).unwrap()).collect();
    let waiting: Vec<Token> =
        (1..=MAX_PENDING_PER_MAILBOX + 1).map(|n| store.insert(pending("eve"), at(n)).unwrap()).collect();
    assert_eq!(stages(&bob), [Stage::Released, Stage::Challenged]);
    let (first, rest) = (stages(&inside), stages(&waiting));
    assert_eq!((first[0], rest[0]), (Stage::Stale, Stage::Stale));
    assert!(first[1..].iter().all(|stage| *stage == Stage::Released) && first.len() == 65);
    assert!(rest[1..].iter().all(|stage| *stage == Stage::Challenged) && rest.len() == MAX_PENDING_PER_MAILBOX + 1);
    for token in inside.iter().chain(&waiting).chain(&bob) {
        store.remove(&key(token), Ended::SignedOut);
    }
    let sessions = store.sessions();
    assert_eq!((sessions.all.len(), sessions.of.len(), sessions.released), (0, 0, 0));
}

#[test]
fn another_password_ends_the_sessions_of_its_mailbox() {
    let (store, now) = (Store::default(), now());
    let bob = store.insert(released("bob", now), now.tick).unwrap();
    let eve = store.insert(released("eve", now), now.tick).unwrap();
    assert_eq!(store.end_with_other_password("bob", &fingerprint("old")), 0);
    assert_eq!(store.end_with_other_password("bob", &fingerprint("new")), 1);
    assert_eq!(store.stage(Some(&key(&bob)), now.tick), Stage::Stale);
    assert_eq!(store.stage(Some(&key(&eve)), now.tick), Stage::Released);
}

#[tokio::test]
async fn requests_that_wait_in_a_session_are_told_of_its_end() {
    let (store, now) = (Store::default(), now());
    let token = store.insert(released("bob", now), now.tick).unwrap();
    let token = store.with(&key(&token), now.tick, |state| match state {
        State::Released(state) => state.token(),
        _ => unreachable!("it was released"),
    });
    let waiting = tokio::spawn(token.unwrap().cut());
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    store.sweep(now.tick + LIVES.whole);
    waiting.await.unwrap();
}

#[test]
fn a_session_outlives_the_change_that_it_asked_for_and_no_other() {
    let (store, now) = (Store::default(), now());
    let key = || key(&store.insert(released("bob", now), now.tick).unwrap());
    let stage = |key: &Key| store.stage(Some(key), now.tick);
    let made = || Some(("new".to_owned(), None));
    let begin = |key: &Key| store.with_released(key, now.tick, Released::begin_change).unwrap();

    // The news comes before the answer: it is of no use until that comes.
    let [own, other, both, failed, waits] = [key(), key(), key(), key(), key()];
    begin(&own);
    store.end(&own, "s");
    assert!(store.end(&other, "s").is_some());
    assert_eq!((stage(&own), stage(&other)), (Stage::Stale, Stage::Stale));
    store.settle(&own, made());
    assert_eq!(stage(&own), Stage::Released);
    // What is over is what it rested on before.
    assert!(store.end(&own, "s").is_none());
    assert_eq!(stage(&own), Stage::Released);
    assert!(store.end(&own, "new").is_some());

    // A change that was not made saves nothing.
    begin(&failed);
    store.end(&failed, "s");
    store.settle(&failed, None);
    begin(&waits);
    store.settle(&waits, None);
    assert_eq!((stage(&failed), stage(&waits)), (Stage::Stale, Stage::Released));

    // Sent twice: the second is refused, whichever answer comes first.
    begin(&both);
    begin(&both);
    store.end(&both, "s");
    store.settle(&both, None);
    assert_eq!(stage(&both), Stage::Stale);
    store.settle(&both, made());
    assert_eq!(stage(&both), Stage::Released);
}

#[test]
fn a_session_that_ends_the_others_stays() {
    let (store, now) = (Store::default(), now());
    let mut keys = ["bob", "bob", "eve"].map(|name| key(&store.insert(released(name, now), now.tick).unwrap()));
    let waits = key(&store.insert(pending("bob"), now.tick).unwrap());
    assert_eq!(store.released("bob", |_, _| ()).len(), 2);
    assert_eq!(store.end_others("bob", &keys[0]).len(), 1);
    keys[1] = waits;
    let stages = keys.map(|key| store.stage(Some(&key), now.tick));
    assert_eq!(stages, [Stage::Released, Stage::Challenged, Stage::Released]);
}

#[test]
fn an_errand_does_not_wait_for_ever() {
    let (store, now) = (Store::default(), now());
    let key = key(&store.insert(released("bob", now), now.tick).unwrap());
    let few = |after| {
        let look = |released: &mut Released| released.pending_action().is_some();
        store.with_released(&key, now.tick + after, look).unwrap()
    };
    store.with_released(&key, now.tick, |released| released.begin_action(PendingAction::FewCodes(3)));
    assert!(few(LIVES.sign_in - Duration::from_secs(1)));
    assert!(!few(LIVES.sign_in) && !few(Duration::ZERO));
}

#[test]
fn what_is_shown_once_is_shown_until_it_is_confirmed() {
    let (store, now) = (Store::default(), now());
    let key = key(&store.insert(released("bob", now), now.tick).unwrap());
    let codes = |code: &str| PendingAction::Codes(vec![Secret::from(code)]);
    let app_password = || {
        let (description, app_password) = ("phone".to_owned(), Secret::from("abcd"));
        PendingAction::AppPassword(portal::NewAppPassword { description, app_password })
    };
    let act = |after: Duration, act: &dyn Fn(&mut Released)| {
        let look = |released: &mut Released| {
            act(released);
            released.not_confirmed()
        };
        store.with_released(&key, now.tick + after, look).unwrap()
    };
    let (codes_page, app_page) = (Some(paths::BACKUP_CODES), Some(paths::APP_PASSWORD));
    assert_eq!(act(Duration::ZERO, &|it| it.begin_action(codes("old"))), codes_page);
    // Nothing else that the person begins or ends takes it away, nor time.
    assert_eq!(act(Duration::ZERO, &|it| it.begin_action(PendingAction::FewCodes(3))), codes_page);
    assert_eq!(act(Duration::ZERO, &|it| drop(it.end_action())), codes_page);
    assert_eq!(act(LIVES.sign_in * 2, &|_| ()), codes_page);
    // One after the other; but of backup codes only the last are good for anything.
    act(LIVES.sign_in, &|it| it.begin_action(app_password()));
    assert_eq!(act(LIVES.sign_in, &|it| it.begin_action(codes("new"))), codes_page);
    assert_eq!(act(LIVES.sign_in, &|it| drop(it.end_shown())), app_page);
    assert_eq!(act(LIVES.sign_in, &|it| drop(it.end_shown())), None);
}

#[test]
fn it_is_known_why_a_session_is_over() {
    let (store, start) = (Store::default(), now());
    let why = |token: &Token| store.why_ended(&key(token));
    let [waits, rests, steps, gone, old] =
        [pending("bob"), released("bob", start), pending("bob"), released("bob", start), released("carol", start)]
            .map(|state| store.insert(state, start.tick).unwrap());
    store.advance(&key(&steps), start.tick, Stage::Challenged, |_| None).unwrap();
    store.remove(&key(&gone), Ended::SignedOut);
    store.sweep(start.tick + LIVES.sign_in);
    store.end_with_other_password("carol", &fingerprint("new"));
    store.sweep(start.tick + LIVES.idle);
    assert_eq!((why(&waits), why(&rests)), (Ended::SlowSignIn, Ended::Idle));
    assert_eq!((why(&steps), why(&gone), why(&old)), (Ended::GoneOn, Ended::SignedOut, Ended::OtherPassword));
    assert_eq!(why(&Token::new().unwrap()), Ended::Unknown);
    // Of so many, and no more.
    for _ in 0..MAX_ENDS {
        let token = store.insert(pending("eve"), start.tick).unwrap();
        store.remove(&key(&token), Ended::SignedOut);
    }
    assert_eq!(why(&rests), Ended::Unknown);
    let sessions = store.sessions();
    assert_eq!((sessions.ends.why.len(), sessions.ends.order.len()), (MAX_ENDS, MAX_ENDS));
}

#[test]
fn only_those_let_in_are_rechecked() {
    let (store, now) = (Store::default(), now());
    store.insert(pending("bob"), now.tick).unwrap();
    store.insert(released("bob", now), now.tick).unwrap();
    store.insert(released("eve", now), now.tick).unwrap();
    let names = |mailbox| store.admitted(mailbox).into_iter().map(|(_, session)| session.mailbox).collect::<Vec<_>>();
    assert_eq!(names(Some("bob")), ["bob"]);
    assert_eq!(names(None).len(), 2);
    assert!(names(Some("BOB")).is_empty());
}

#[test]
fn a_cookie_that_is_none_of_ours_has_no_key() {
    assert!(Key::of("").is_none());
    assert!(Key::of(&"x".repeat(TOKEN_LENGTH - 1)).is_none());
    let token = Token::new().unwrap();
    assert_eq!(token.reveal().len(), TOKEN_LENGTH);
    assert_eq!(format!("{token:?}"), "[redacted]");
}
