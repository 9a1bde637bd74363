//! Wrong codes, backup codes, and the lock.

use super::person::Person;
use super::visitor::Visitor;
use super::world;
use postern_tests::accounts::STEP;
use postern_tests::browser::Look;
use postern_tests::tools;

/// Wrong codes in a row that close the channel for a while.
const CLOSING: usize = 5;
/// Its codes are wrong ones.
pub(super) const ANOTHER_SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[tokio::test]
async fn a_backup_code_is_good_for_once() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let setter = Visitor::enrolling(&world, &alice);
    let secret = setter.offered_secret();
    world.plant(&secret);
    setter.post("/postern/set-up", &[("code", &world.code(&secret).unwrap())]).leads_to("/postern/backup-codes");
    let file = setter.post("/postern/codes.txt", &[]);
    assert!(file.headers("content-disposition")[0].starts_with("attachment"));
    let codes: Vec<&str> = file.body.trim_end().rsplit("\r\n").take(10).collect();
    codes.iter().for_each(|code| world.plant(code));
    setter.post("/postern/saved", &[]).shows(200, "Save your codes first");
    assert!(!setter.is_in());
    setter.post("/postern/saved", &[("saved", "yes")]);
    assert!(setter.is_in());
    assert_eq!(setter.post("/postern/codes.txt", &[]).status, 303, "shown once");

    // Typed where the app's code is asked for it is taken as well, once.
    for (code, accepted) in [(codes[8], true), (codes[8], false)] {
        let visitor = Visitor::challenged(&world, &alice);
        assert_eq!(visitor.code(code).location().starts_with("/?_task=mail"), accepted, "{code}");
        // The other way round is told apart, and is no try.
        if !accepted {
            let digits = [("code", "123456")];
            (0..5).for_each(|_| visitor.post("/postern/backup-code", &digits).shows(400, "not a backup code"));
            visitor.code(&world.next_code(&secret)).lets_in();
        }
    }

    let person = Person::at(&world, Look::DESKTOP).await;
    for (code, accepted) in [(codes[3], true), (codes[3], false), (codes[4], true)] {
        person.signs_in(&alice).await;
        person.follows("a[href='/postern/methods']").await;
        person.follows("button[value=backup]").await;
        person.is_at("/postern/backup-code").await;
        // As it is read from paper.
        person.answers(&format!(" {} ", code.to_uppercase().replace('-', " "))).await;
        if accepted {
            person.is_in(&alice).await;
            person.signs_out().await;
        } else {
            assert!(person.reads("#code-problem").await.contains("used before"));
            person.follows("button[form=cancel]").await;
        }
    }
}

/// A page without what is another each time it is shown: the keys of its forms, and the seconds that a script counts down.
fn without_what_changes(page: &str) -> String {
    let mut same = page.to_owned();
    for before in ["name=\"idempotency_key\" value=\"", "data-wait=\""] {
        let mut parts = same.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        same = parts.fold(first, |same, part| same + before + part.split_once('"').map_or(part, |(_, rest)| rest));
    }
    same
}

#[test]
fn a_locked_channel_tells_nothing() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let [inside, thief, owner] = [(); 3].map(|()| Visitor::new(&world));
    inside.sign_in_with(&alice, &world.code(&secret).unwrap());
    for visitor in [&thief, &owner] {
        visitor.sign_in(&alice).leads_to("/postern/code");
    }
    // Typing the password again between two of them does not start the count anew.
    let wrong = world.code(ANOTHER_SECRET).unwrap();
    for tried in 1..=CLOSING {
        thief.code(&wrong).shows(403, "That code is not right");
        if tried == 2 {
            thief.post("/postern/cancel", &[]).leads_to("/");
            thief.sign_in(&alice).leads_to("/postern/code");
        }
    }

    // The clock stands, but the code of the next step is right already.
    let right = tools::oathtool(&secret, world.now() + STEP.unsigned_abs()).unwrap();
    let told =
        || [owner.code(&right), thief.code(&wrong)].map(|answer| (answer.status, without_what_changes(&answer.body)));
    let [to_owner, to_thief] = told();
    assert_eq!(to_owner, to_thief);
    assert!(to_owner.0 == 403 && to_owner.1.contains("Too many tries in a row"), "{}", to_owner.1);
    assert!(inside.is_in(), "who is in is not thrown out by a stranger");
    let late = Visitor::challenged(&world, &alice);
    late.get("/postern/code").shows(403, "Too many wrong codes");

    // A crash of the daemon forgives nothing.
    world.posternd.kill();
    world.posternd.start().unwrap();
    let [to_owner, to_thief] = told();
    assert_eq!(to_owner, to_thief);
    assert!(to_owner.0 == 403 && to_owner.1.contains("Too many tries in a row"), "{}", to_owner.1);

    world.admin(&format!("account unlock {}", alice.name));
    owner.code(&right).lets_in();
}

#[test]
fn a_locked_channel_opens_again_by_itself() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let visitor = Visitor::challenged(&world, &alice);
    for _ in 0..CLOSING {
        visitor.code(&world.code(ANOTHER_SECRET).unwrap()).shows(403, "That code is not right");
    }
    visitor.code(&world.code(&secret).unwrap()).shows(403, "Too many tries in a row");
    // A slip is no try: it is not counted, and told apart.
    visitor.code("12").shows(400, "Type the digits that your app shows");
    visitor.code(&world.next_code(&secret)).lets_in();
}
