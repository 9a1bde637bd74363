//! Browsers that are known: one that a person trusts, one that is new, and one that is new in a network that is new too.

use super::pages::look;
use super::person::{Person, USER};
use super::visitor::{Answer, Visitor};
use super::{admin, confirms, ends_soon, mailbox, next_code, protect};
use fantoccini::Locator;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;
use postern_tests::{Plan, World};

const PAGE: &str = "/postern/security";
const CHANGE: &str = "/postern/security/change";
/// What a browser is known by.
const KNOWN_BY: &str = "__Host-postern-browser";
/// An address of this host in another network than those that the tests otherwise come from.
const ELSEWHERE: &str = "127.0.9.1";
const DAY: i64 = 86_400;
/// For how many days browsers are trusted here.
const DAYS: i64 = 30;

/// With a mailbox elsewhere, and a platform on which browsers may be trusted.
fn world() -> World {
    let world = World::start(Plan { movable_clock: true, receivers: true, ..Plan::default() }).unwrap();
    admin(&world, &format!("platform set example trusted-browsers {DAYS}"));
    world
}

/// The code in the next mail.
fn mailed(world: &World) -> String {
    let mail = world.receivers.as_ref().unwrap().next("mail", |message| message.code().is_some()).unwrap();
    mail.code().unwrap()
}

/// Signs in with the password, from [`ELSEWHERE`].
fn sign_in_elsewhere(visitor: &Visitor, mailbox: &Mailbox) -> Answer {
    let [user, password] =
        [("_user", &mailbox.name), ("_pass", &mailbox.password)].map(|(name, value)| format!("{name}={value}"));
    let fixed = ["_task=login", "_action=login", "_timezone=_default_", "_url="];
    let mut args = vec!["--interface", ELSEWHERE];
    args.extend(fixed.into_iter().chain([user.as_str(), password.as_str()]).flat_map(|it| ["--data-urlencode", it]));
    visitor.request("/?_task=login", &args)
}

#[track_caller]
fn is_let_in(answer: &Answer) {
    assert!(answer.location().starts_with("/?_task=mail"), "{}\n{}", answer.head, answer.body);
}

/// Signs out at the webmail.
fn sign_out(visitor: &Visitor) {
    let page = visitor.get("/?_task=mail");
    visitor.get(&format!("/?_task=logout&_token={}", page.request_token()));
    assert!(!visitor.is_in());
}

/// Signs in with a code, and trusts the browser.
fn signed_in_and_trusting(world: &mut World, mailbox: &Mailbox, secret: &str) -> Visitor {
    let (visitor, code) = (Visitor::new(world), next_code(world, secret));
    visitor.sign_in(mailbox).leads_to("/postern/code");
    is_let_in(&visitor.post("/postern/code", &[("code", &code), ("trust", "yes")]));
    visitor
}

/// From the tick to the last day, as people see it, in both languages.
#[tokio::test]
async fn a_trusted_browser_is_asked_for_no_code_until_its_days_are_over() {
    let mut world = world();
    for (language, name) in [("en", "alice"), ("fr", "bob")] {
        let mailbox = mailbox(&world, name);
        let secret = protect(&mut world, &mailbox);
        let person = Person::at(&world, Look::DESKTOP.in_language(language)).await;
        person.signs_in(&mailbox).await;
        person.does_not_see("#trust:checked").await;
        look(&person, "code-trust", language).await;
        person.clicks("#trust").await;
        person.answers(&world.code(super::wrong_code::ANOTHER_SECRET).unwrap()).await;
        // What was ticked stays ticked.
        person.sees("#trust:checked").await;
        look(&person, "code-trust-wrong", language).await;
        person.answers(&next_code(&mut world, &secret)).await;
        person.is_in(&mailbox).await;
        world.plant(person.client().get_named_cookie(KNOWN_BY).await.unwrap().value());
        person.signs_out().await;

        // The password is enough now, but not for the Security page.
        person.signs_in(&mailbox).await;
        person.is_in(&mailbox).await;
        person.goes_to(PAGE).await;
        look(&person, "prove-first", language).await;
        person.follows("button.main").await;
        person.is_at("/postern/code").await;
        person.does_not_see("#trust").await;
        person.answers(&next_code(&mut world, &secret)).await;
        person.is_at(PAGE).await;
        look(&person, "security-browsers", language).await;
        let row = person.reads("section[aria-labelledby=browsers] li").await;
        assert!(row.contains(if language == "en" { "Trusted until" } else { "De confiance jusqu’au" }), "{row}");
        let near =
            if language == "en" { "On the network that you are using" } else { "Sur le réseau que vous utilisez" };
        assert!(row.contains(near) && !row.contains("127.0.0"), "{row}");

        // A day before the end, and after it.
        person.client().goto("about:blank").await.unwrap();
        world.move_clock((DAYS - 1) * DAY).unwrap();
        person.goes_to("/postern/cancel").await;
        forget_session(&person).await;
        person.signs_in(&mailbox).await;
        person.is_in(&mailbox).await;
        world.move_clock(DAY).unwrap();
        forget_session(&person).await;
        person.signs_in(&mailbox).await;
        person.is_at("/postern/code").await;
    }
}

/// The browser forgets its session, as one that is closed does, and nothing else.
async fn forget_session(person: &Person) {
    person.client().delete_cookie(super::visitor::COOKIE).await.unwrap();
}

/// In one browser after the other.
#[tokio::test]
async fn what_one_browser_trusts_is_revoked_in_another() {
    let mut world = world();
    let alice = mailbox(&world, "alice");
    let secret = protect(&mut world, &alice);
    let here = Person::at(&world, Look::DESKTOP).await;
    here.signs_in(&alice).await;
    here.clicks("#trust").await;
    here.answers(&next_code(&mut world, &secret)).await;
    here.is_in(&alice).await;
    here.signs_out().await;
    here.signs_in(&alice).await;
    here.is_in(&alice).await;

    // Another browser is asked, and revokes what the first one has.
    let there = Person::at(&world, Look::DESKTOP).await;
    there.signs_in(&alice).await;
    there.is_at("/postern/code").await;
    there.answers(&next_code(&mut world, &secret)).await;
    there.goes_to(PAGE).await;
    assert_eq!(there.client().find_all(Locator::Css("section[aria-labelledby=browsers] li")).await.unwrap().len(), 2);
    there.follows("section[aria-labelledby=browsers] form button").await;
    assert!(there.reads(".notice").await.contains("asked for a code again"));
    there.does_not_see("section[aria-labelledby=browsers] form").await;

    // The session that rested on it is over, and the next one takes a code.
    let refresh = async { drop(here.client().execute("rcmail.refresh()", vec![]).await.unwrap()) };
    here.leaves_by(refresh).await;
    here.sees(USER).await;
    here.signs_in(&alice).await;
    here.is_at("/postern/code").await;
    here.answers(&next_code(&mut world, &secret)).await;
    here.is_in(&alice).await;
}

#[test]
fn trust_is_for_one_browser_and_one_mailbox_and_ends_with_what_it_rests_on() {
    let mut world = world();
    let (alice, bob) = (mailbox(&world, "alice"), mailbox(&world, "bob"));
    let [secret, of_bob] = [&alice, &bob].map(|mailbox| protect(&mut world, mailbox));
    let here = signed_in_and_trusting(&mut world, &alice, &secret);
    sign_out(&here);
    here.sign_in_without(&alice);
    assert!(here.is_in());
    // Another mailbox in the same browser, and the same mailbox in another one.
    sign_out(&here);
    here.sign_in(&bob).leads_to("/postern/code");
    here.post("/postern/cancel", &[]).leads_to("/");
    Visitor::new(&world).sign_in(&alice).leads_to("/postern/code");
    // A password that is wrong stays wrong.
    assert_eq!(here.password(&alice.name, "not it").status, 401);
    here.sign_in_without(&alice);

    // "Sign out the others" leaves nothing of it.
    let there = Visitor::new(&world);
    there.sign_in_with(&alice, &next_code(&mut world, &secret));
    there.get(PAGE).shows(200, "Trusted until");
    there.post(CHANGE, &[("change", "sign-out-others")]).leads_to(PAGE);
    ends_soon(&here);
    assert!(there.is_in() && !there.get(PAGE).body.contains("Trusted until"));
    here.sign_in(&alice).leads_to("/postern/code");

    // Nor does a platform that allows it no longer.
    let again = signed_in_and_trusting(&mut world, &bob, &of_bob);
    sign_out(&again);
    again.sign_in_without(&bob);
    admin(&world, "platform set example trusted-browsers 0");
    ends_soon(&again);
    again.sign_in(&bob).leads_to("/postern/code");
    assert!(!again.get("/postern/code").body.contains("name=\"trust\""));
    // Who asks for it all the same does not get it.
    is_let_in(&again.post("/postern/code", &[("code", &next_code(&mut world, &of_bob)), ("trust", "yes")]));
    sign_out(&again);
    again.sign_in(&bob).leads_to("/postern/code");
}

/// Of a mailbox without a second factor, as its owner sees it, in both languages.
#[tokio::test]
async fn an_unusual_sign_in_takes_a_code_to_the_contact_address() {
    let world = world();
    admin(&world, "platform set example unusual-sign-in ask");
    for (language, name) in [("en", "carol"), ("fr", "dave")] {
        let mailbox = mailbox(&world, name);
        let person = Person::at(&world, Look::DESKTOP.in_language(language)).await;
        // Nothing is known of it, and no code can be sent: nobody gets in.
        person.signs_in(&mailbox).await;
        look(&person, "unusual", language).await;
        assert!(person.client().get_all_cookies().await.unwrap().iter().all(|cookie| cookie.name() != KNOWN_BY));
        person.goes_to("/?_task=mail").await;
        person.sees(USER).await;

        admin(&world, &format!("account contact set {} {name}@elsewhere.example", mailbox.name));
        person.signs_in(&mailbox).await;
        look(&person, "unusual-code", language).await;
        person.does_not_see("a[href='/postern/methods'], a[href='/postern/lost']").await;
        let code = mailed(&world);
        person.answers(if code == "111111" { "222222" } else { "111111" }).await;
        person.sees("#code-problem").await;
        person.answers(&code).await;
        person.is_in(&mailbox).await;
        person.goes_to(PAGE).await;
        person.does_not_see("button.main").await;
        person.goes_to("/").await;
        person.is_in(&mailbox).await;
        person.signs_out().await;
        // Known from now on.
        person.signs_in(&mailbox).await;
        person.is_in(&mailbox).await;
    }
}

#[test]
fn a_sign_in_is_unusual_where_neither_browser_nor_network_is_known() {
    let world = world();
    let carol = mailbox(&world, "carol");
    let known = Visitor::new(&world);
    admin(&world, "platform set example unusual-sign-in learn");
    known.sign_in_without(&carol);
    admin(&world, "platform set example unusual-sign-in ask");
    // Another browser in the same network, and the same browser in another network.
    Visitor::new(&world).sign_in_without(&carol);
    sign_out(&known);
    is_let_in(&sign_in_elsewhere(&known, &carol));
    // Both new. The network that the known browser was in last is known too.
    sign_out(&known);
    known.sign_in_without(&carol);
    let thief = Visitor::new(&world);
    sign_in_elsewhere(&thief, &carol).shows(403, "This sign-in looks unusual");
    assert_eq!(thief.session(), "");
    thief.get("/?_task=mail").leads_to("/");
    admin(&world, &format!("account contact set {} carol@elsewhere.example", carol.name));
    sign_in_elsewhere(&thief, &carol).leads_to("/postern/code");
    assert!(!thief.is_in());
    // Off means off.
    admin(&world, "platform disable example");
    is_let_in(&sign_in_elsewhere(&Visitor::new(&world), &carol));
}

/// Whoever is in by a browser that is trusted is out with its last day.
#[test]
fn a_session_of_a_trusted_browser_ends_with_its_days() {
    let mut world = world();
    let alice = mailbox(&world, "alice");
    let secret = protect(&mut world, &alice);
    let visitor = signed_in_and_trusting(&mut world, &alice, &secret);
    sign_out(&visitor);
    is_let_in(&visitor.sign_in(&alice));
    let by_code = Visitor::new(&world);
    by_code.sign_in_with(&alice, &next_code(&mut world, &secret));
    world.move_clock(DAYS * DAY).unwrap();
    ends_soon(&visitor);
    assert!(by_code.is_in(), "a session that a code has opened rests on that");
}

#[test]
fn a_person_is_told_of_a_new_browser_in_their_language() {
    let mut world = world();
    for (name, language, about) in [("alice", "en", "new browser"), ("bob", "fr", "nouveau navigateur")] {
        let mailbox = mailbox(&world, name);
        let secret = protect(&mut world, &mailbox);
        let here = Visitor::new(&world);
        here.sign_in_with(&mailbox, &next_code(&mut world, &secret));
        here.post("/postern/set-up-with", &[("method", "contact")]).leads_to("/postern/set-up");
        let address = format!("{name}@elsewhere.example");
        let asked = here.post("/postern/set-up", &[("destination", &address)]);
        confirms(&mut world, &here, (&mailbox, &secret), &asked).leads_to("/postern/set-up");
        here.post("/postern/set-up", &[("code", &mailed(&world))]).leads_to(PAGE);
        here.post(CHANGE, &[("change", "language"), ("to", language)]).leads_to(PAGE);

        let receivers = world.receivers.as_ref().unwrap();
        receivers.take();
        // A browser that is known is no news; what comes first is of the new one.
        sign_out(&here);
        here.sign_in_with(&mailbox, &next_code(&mut world, &secret));
        let there = Visitor::new(&world);
        there.sign_in(&mailbox).leads_to("/postern/code");
        let code = next_code(&mut world, &secret);
        let fields = format!("code={code}");
        let agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        is_let_in(&there.request("/postern/code", &["--header", agent, "--data", &fields]));
        let receivers = world.receivers.as_ref().unwrap();
        let notice = receivers.next("mail", |message| message.subject.contains(about)).unwrap();
        assert_eq!(notice.to, address);
        for told in ["Firefox", "Linux", "127.0.0.1", mailbox.name.as_str()] {
            assert!(notice.text.contains(told), "{told}: {}", notice.text);
        }
        // There was one such notice.
        assert!(receivers.all("mail").iter().all(|message| !message.subject.contains(about)));
    }
}
