//! Every rule of the methods at its boundary, through the front: codes of another session, of before a resend, too late
//! and too many; backup codes spent twice at once or deleted; what one browser takes away from another; and forms that
//! another site's page sends.

use super::receivers::AGAIN;
use super::visitor::Visitor;
use super::wrong_code::ANOTHER_SECRET;
use super::{SECURITY, changes, confirms, ends_soon, world_with_receivers};
use postern_tests::World;
use postern_tests::mailboxes::Mailbox;
use std::sync::Barrier;
use std::thread;

const NUMBER: &str = "+44612345678";
/// Seconds that a code which was sent is good for.
const LIFETIME: i64 = 600;
/// Codes that are sent for an account in a day.
const A_DAY: usize = 20;
const DAY: i64 = 86_400;

/// The code in the next text.
fn texted(world: &World) -> String {
    world.receivers().next("sms", |_| true).unwrap().code().unwrap()
}

/// Nothing has arrived that no test has taken.
#[track_caller]
fn nothing_was_sent(world: &World) {
    assert_eq!(world.receivers().all("sms").len(), 0);
}

/// A world in which Alice has signed in with an authenticator and added a telephone, which is what is asked for from then
/// on: the world, her mailbox, the authenticator's secret, her session.
fn with_telephone() -> (World, Mailbox, String, Visitor) {
    let mut world = world_with_receivers();
    let (alice, secret) = world.protected("alice");
    let here = Visitor::signed_in(&mut world, &alice, &secret);
    here.post("/postern/set-up-with", &[("method", "sms")]).leads_to("/postern/set-up");
    let asked = here.post("/postern/set-up", &[("destination", NUMBER)]);
    confirms(&mut world, &here, (&alice, &secret), &asked).leads_to("/postern/set-up");
    here.post("/postern/set-up", &[("code", &texted(&world))]).leads_to(SECURITY);
    world.move_clock(AGAIN).unwrap();
    (world, alice, secret, here)
}

#[test]
fn a_sent_code_is_good_for_one_sign_in_until_another_is_sent_or_its_time_is_over() {
    let (mut world, alice, ..) = with_telephone();
    let first = Visitor::challenged(&world, &alice);
    let of_first = texted(&world);
    // Too soon for anybody else, and for the same sign-in.
    let second = Visitor::challenged(&world, &alice);
    second.get("/postern/code").shows(200, "A code was sent just now");
    first.post("/postern/send", &[]).leads_to("/postern/code");
    first.get("/postern/code").shows(200, "A code was sent just now");
    nothing_was_sent(&world);
    world.move_clock(AGAIN).unwrap();
    second.post("/postern/send", &[]).leads_to("/postern/code");
    let of_second = texted(&world);
    assert_ne!(of_first, of_second);

    // Of another session, and of before a resend.
    second.code(&of_first).shows(403, "That code is not right");
    first.code(&of_second).shows(403, "That code is not right");
    world.move_clock(AGAIN).unwrap();
    second.post("/postern/send", &[]).leads_to("/postern/code");
    let newer = texted(&world);
    second.code(&of_second).shows(403, "That code is not right");
    // Too late by a second or so; the other is still in time, and good for once.
    world.move_clock(LIFETIME - 2 * AGAIN).unwrap();
    first.code(&of_first).shows(403, "That code is not right");
    second.code(&newer).lets_in();
    let again = Visitor::challenged(&world, &alice);
    assert_ne!(texted(&world), newer);
    again.code(&newer).shows(403, "That code is not right");
}

#[test]
fn the_twenty_first_code_of_a_day_is_not_sent() {
    let (mut world, alice, ..) = with_telephone();
    let visitor = Visitor::challenged(&world, &alice);
    let mut last = texted(&world);
    // One set the number up, and one came by itself.
    for _ in 2..A_DAY {
        world.move_clock(AGAIN).unwrap();
        visitor.post("/postern/send", &[]).leads_to("/postern/code");
        last = texted(&world);
    }
    world.move_clock(AGAIN).unwrap();
    visitor.post("/postern/send", &[]).leads_to("/postern/code");
    visitor.get("/postern/code").shows(200, "Too many codes were sent");
    Visitor::challenged(&world, &alice);
    nothing_was_sent(&world);
    // What was sent last is good all the same.
    visitor.code(&last).lets_in();
    world.move_clock(DAY).unwrap();
    let tomorrow = Visitor::challenged(&world, &alice);
    tomorrow.code(&texted(&world)).lets_in();
}

#[test]
fn a_number_begins_with_a_plus_and_is_there_once() {
    let (mut world, alice, secret, here) = with_telephone();
    here.post("/postern/set-up-with", &[("method", "sms")]).leads_to("/postern/set-up");
    for unfit in ["0612345678", "44612345678", "0044612345678", "+44", "+44 612 x"] {
        here.post("/postern/set-up", &[("destination", unfit)]).shows(400, "Begin with a plus sign");
    }
    let asked = here.post("/postern/set-up", &[("destination", "+44 (0) 612 345-678")]);
    // By the telephone that was used last; another method does as well.
    texted(&world);
    let in_use = confirms(&mut world, &here, (&alice, &secret), &asked);
    in_use.shows(in_use.status, "That number is in use already");
    nothing_was_sent(&world);
}

/// Ten new codes, saved.
fn backup_codes(world: &mut World, here: &Visitor, own: (&Mailbox, &str)) -> Vec<String> {
    changes(world, here, own, &[("change", "backup-codes")]).leads_to("/postern/backup-codes");
    world.receivers().take();
    let codes = here.shown_codes(world);
    here.post("/postern/saved", &[("saved", "yes")]).leads_to(SECURITY);
    codes
}

#[test]
fn a_backup_code_opens_once_even_at_once_and_deleted_ones_never() {
    let (mut world, alice, secret, here) = with_telephone();
    let old = backup_codes(&mut world, &here, (&alice, &secret));
    let codes = backup_codes(&mut world, &here, (&alice, &secret));
    let hands = [(); 4].map(|()| Visitor::challenged(&world, &alice));
    hands[0].post("/postern/backup-code", &[("code", &old[0])]).shows(403, "problem");
    let together = Barrier::new(hands.len());
    let opened = thread::scope(|scope| {
        let send = |hand| {
            let (together, code) = (&together, &codes[0]);
            scope.spawn(move || {
                together.wait();
                Visitor::post(hand, "/postern/backup-code", &[("code", code)]).status == 303
            })
        };
        let threads: Vec<_> = hands.iter().map(send).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|opened| *opened).count()
    });
    assert_eq!(opened, 1);
    assert_eq!(hands.iter().filter(|hand| hand.is_in()).count(), 1);
    world.admin(&format!("account unlock {}", alice.name));

    // Deleted: gone for whoever is at the channel already, and not offered to whoever comes.
    let waiting = Visitor::challenged(&world, &alice);
    waiting.get("/postern/methods").shows(200, "value=\"backup\"");
    changes(&mut world, &here, (&alice, &secret), &[("change", "delete-codes")]).leads_to(SECURITY);
    assert_ne!(waiting.post("/postern/backup-code", &[("code", &codes[1])]).status, 303);
    let late = Visitor::challenged(&world, &alice);
    assert!(!late.get("/postern/methods").body.contains("value=\"backup\""));
    let refused = late.post("/postern/backup-code", &[("code", &codes[1])]);
    assert!(!refused.location().starts_with("/?_task=mail"), "{}", refused.head);
    assert!(!waiting.is_in() && !late.is_in() && here.is_in());
}

#[test]
fn a_method_that_one_browser_removes_is_good_in_no_other() {
    let (mut world, alice, secret, here) = with_telephone();
    let telephone = world.method_id(&alice, "kind", "sms");
    let inside = Visitor::challenged(&world, &alice);
    inside.code(&texted(&world)).lets_in();
    world.move_clock(AGAIN).unwrap();
    let waiting = Visitor::challenged(&world, &alice);
    let sent = texted(&world);
    waiting.get("/postern/code").shows(200, "Enter the code that we sent");

    changes(&mut world, &here, (&alice, &secret), &[("change", "remove-method"), ("which", &telephone)])
        .leads_to(SECURITY);
    world.receivers().take();
    ends_soon(&inside);
    assert_ne!(waiting.code(&sent).status, 303);
    waiting.post("/postern/methods", &[("method", &telephone)]);
    waiting.post("/postern/send", &[]);
    assert!(!waiting.is_in());
    let later = Visitor::challenged(&world, &alice);
    assert!(!later.get("/postern/methods").body.contains(&telephone));
    later.code(&world.next_code(&secret)).lets_in();
    nothing_was_sent(&world);
}

#[test]
fn a_set_up_that_was_broken_off_begins_anew() {
    let mut world = world_with_receivers();
    let alice = world.mailbox("alice");
    let broken_off = Visitor::enrolling(&world, &alice);
    let secret = broken_off.offered_secret();
    broken_off.post("/postern/set-up-with", &[("method", "sms")]).leads_to("/postern/set-up");
    broken_off.post("/postern/set-up", &[("destination", NUMBER)]).leads_to("/postern/set-up");
    let sent = texted(&world);
    broken_off.post("/postern/cancel", &[]).leads_to("/");

    let again = Visitor::enrolling(&world, &alice);
    let anew = again.offered_secret();
    for secret in [&secret, &anew] {
        world.plant(secret);
    }
    assert_ne!(anew, secret);
    for old in [sent, world.code(&secret).unwrap()] {
        again.post("/postern/set-up", &[("code", &old)]).shows(403, "not right");
    }
    again.post("/postern/set-up", &[("code", &world.code(&anew).unwrap())]).leads_to("/postern/backup-codes");
    again.post("/postern/saved", &[("saved", "yes")]);
    assert!(again.is_in());
    let methods = world.methods(&alice);
    assert!(methods.iter().all(|method| method["kind"] != "sms"), "{methods:?}");
}

/// What each form of the pages sends, so that it would be taken if it came from there.
const FORMS: [(&str, &str); 13] = [
    ("/postern/code", "code=123456"),
    ("/postern/backup-code", "code=aaaa-aaaa-aaaa"),
    ("/postern/methods", "method=backup"),
    ("/postern/send", ""),
    ("/postern/lost", "contact=x&reason=x&evidence=x"),
    ("/postern/set-up", "code=123456&destination=%2B44612345679"),
    ("/postern/set-up-with", "method=totp"),
    ("/postern/saved", "saved=yes"),
    ("/postern/codes.txt", ""),
    ("/postern/cancel", ""),
    ("/postern/language", "to=fr"),
    ("/postern/security/change", "change=delete-codes"),
    ("/postern/security/app-password", ""),
];

/// Whoever is in, and whoever is at the channel, sends nothing that another site's page makes of their browser; and no
/// address that is looked at changes a thing.
#[test]
fn no_form_is_taken_from_elsewhere() {
    let (mut world, alice, _, inside) = with_telephone();
    let waiting = Visitor::challenged(&world, &alice);
    let sent = texted(&world);
    world.move_clock(AGAIN).unwrap();
    let state = |world: &World| {
        ["account show", "app-password list", "request list --mailbox"].map(|what| {
            world.admin(&format!("{what} {} --json", alice.name).replace(" --mailbox alice@example.com", ""))
        })
    };
    let before = state(&world);
    let foreign = [
        "Origin: null",
        "Origin: https://evil.example",
        "Origin: http://localhost",
        "Sec-Fetch-Site: cross-site",
        // A script of the webmail's, and a frame in it.
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: empty",
        "Sec-Fetch-Dest: iframe",
    ];
    for visitor in [&inside, &waiting] {
        let session = visitor.session();
        for (path, fields) in FORMS {
            for header in foreign {
                let answer = visitor.request(path, &["--header", header, "--data", fields]);
                assert_eq!(answer.status, 403, "{path} {header}: {}", answer.head);
            }
            visitor.get(path);
            visitor.get(&format!("{path}?{fields}"));
            visitor.request(path, &["--head"]);
            for method in ["PUT", "DELETE", "PATCH"] {
                let answer = visitor.request(path, &["--request", method, "--data", fields]);
                assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.head);
            }
        }
        assert_eq!(visitor.session(), session, "it is the same session still");
    }
    assert_eq!(state(&world), before);
    nothing_was_sent(&world);
    assert!(inside.is_in() && !waiting.is_in());
    inside.get(SECURITY).shows(200, "10 backup codes are left.");
    waiting.code(&world.code(ANOTHER_SECRET).unwrap()).shows(403, "That code is not right");
    waiting.code(&sent).lets_in();
}
