//! Browsers that are known: one that a person trusts, one that is new, and one that is new in a network that is new too.

use super::person::{Person, USER};
use super::visitor::{Answer, Visitor};
use super::{CHANGE, SECURITY, confirms, ends_soon, world_with_receivers};
use fantoccini::Locator;
use postern_tests::World;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;

/// What a browser is known by.
const KNOWN_BY: &str = "__Host-postern-browser";
/// An address of this host in another network than those that the tests otherwise come from.
const ELSEWHERE: &str = "127.0.9.1";
const DAY: i64 = 86_400;
/// For how many days browsers are trusted here.
const DAYS: i64 = 30;

/// With a mailbox elsewhere, and a platform on which browsers may be trusted.
fn world() -> World {
    let world = world_with_receivers();
    world.admin(&format!("platform set example trusted-browsers {DAYS}"));
    world
}

/// The code in the next mail.
fn mailed(world: &World) -> String {
    let mail = world.receivers().next("mail", |message| message.code().is_some()).unwrap();
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

/// Signs out at the webmail.
fn sign_out(visitor: &Visitor) {
    let page = visitor.get("/?_task=mail");
    visitor.get(&format!("/?_task=logout&_token={}", page.request_token()));
    assert!(!visitor.is_in());
}

/// Signs in with a code, and trusts the browser.
fn signed_in_and_trusting(world: &mut World, mailbox: &Mailbox, secret: &str) -> Visitor {
    let (visitor, code) = (Visitor::challenged(world, mailbox), world.next_code(secret));
    visitor.post("/postern/code", &[("code", &code), ("trust", "yes")]).lets_in();
    visitor
}

/// From the tick to the last day, as people see it, in both languages.
#[tokio::test]
async fn a_trusted_browser_is_asked_for_no_code_until_its_days_are_over() {
    let mut world = world();
    for (language, name) in [("en", "alice"), ("fr", "bob")] {
        let (mailbox, secret) = world.protected(name);
        let person = Person::signed_in(&world, Look::DESKTOP.in_language(language), &mailbox).await;
        person.does_not_see("#trust:checked").await;
        person.looks_at("code-trust").await;
        person.clicks("#trust").await;
        person.answers(&world.code(super::wrong_code::ANOTHER_SECRET).unwrap()).await;
        // What was ticked stays ticked.
        person.sees("#trust:checked").await;
        person.looks_at("code-trust-wrong").await;
        person.gets_in(&world.next_code(&secret), &mailbox).await;
        world.plant(person.client().get_named_cookie(KNOWN_BY).await.unwrap().value());
        person.signs_out().await;

        // The password is enough now, but not for the Security page.
        person.signs_in(&mailbox).await;
        person.is_in(&mailbox).await;
        person.goes_to_and_looks(SECURITY, "prove-first").await;
        person.follows("button.main").await;
        person.is_at("/postern/code").await;
        person.does_not_see("#trust").await;
        person.answers(&world.next_code(&secret)).await;
        person.is_at(SECURITY).await;
        person.looks_at("security-browsers").await;
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
    let (alice, secret) = world.protected("alice");
    let here = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    here.clicks("#trust").await;
    here.gets_in(&world.next_code(&secret), &alice).await;
    here.signs_out().await;
    here.signs_in(&alice).await;
    here.is_in(&alice).await;

    // Another browser is asked, and revokes what the first one has.
    let there = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    there.is_at("/postern/code").await;
    there.answers(&world.next_code(&secret)).await;
    there.goes_to(SECURITY).await;
    assert_eq!(there.client().find_all(Locator::Css("section[aria-labelledby=browsers] li")).await.unwrap().len(), 2);
    there.follows("section[aria-labelledby=browsers] form button").await;
    assert!(there.reads(".notice").await.contains("asked for a code again"));
    there.does_not_see("section[aria-labelledby=browsers] form").await;

    // The session that rested on it is over, and the next one takes a code.
    here.is_sent_out().await;
    here.signs_in(&alice).await;
    here.is_at("/postern/code").await;
    here.gets_in(&world.next_code(&secret), &alice).await;
}

#[test]
fn trust_is_for_one_browser_and_one_mailbox_and_ends_with_what_it_rests_on() {
    let mut world = world();
    let (alice, bob) = (world.mailbox("alice"), world.mailbox("bob"));
    let [secret, of_bob] = [&alice, &bob].map(|mailbox| world.protect(mailbox));
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
    let there = Visitor::signed_in(&mut world, &alice, &secret);
    there.get(SECURITY).shows(200, "Trusted until");
    there.post(CHANGE, &[("change", "sign-out-others")]).leads_to(SECURITY);
    ends_soon(&here);
    assert!(there.is_in() && !there.get(SECURITY).body.contains("Trusted until"));
    here.sign_in(&alice).leads_to("/postern/code");

    // Nor does a platform that allows it no longer.
    let again = signed_in_and_trusting(&mut world, &bob, &of_bob);
    sign_out(&again);
    again.sign_in_without(&bob);
    world.admin("platform set example trusted-browsers 0");
    ends_soon(&again);
    again.sign_in(&bob).leads_to("/postern/code");
    assert!(!again.get("/postern/code").body.contains("name=\"trust\""));
    // Who asks for it all the same does not get it.
    again.post("/postern/code", &[("code", &world.next_code(&of_bob)), ("trust", "yes")]).lets_in();
    sign_out(&again);
    again.sign_in(&bob).leads_to("/postern/code");
}

/// Of a mailbox without a second factor, as its owner sees it, in both languages.
#[tokio::test]
async fn an_unusual_sign_in_takes_a_code_to_the_contact_address() {
    let world = world();
    world.admin("platform set example unusual-sign-in ask");
    for (language, name) in [("en", "carol"), ("fr", "dave")] {
        let mailbox = world.mailbox(name);
        let person = Person::at(&world, Look::DESKTOP.in_language(language)).await;
        // Nothing is known of it, and no code can be sent: nobody gets in.
        person.signs_in(&mailbox).await;
        person.looks_at("unusual").await;
        assert!(!person.cookies().await.iter().any(|name| name == KNOWN_BY));
        person.goes_to("/?_task=mail").await;
        person.sees(USER).await;

        world.admin(&format!("account contact set {} {name}@elsewhere.example", mailbox.name));
        person.signs_in(&mailbox).await;
        person.looks_at("unusual-code").await;
        person.does_not_see("a[href='/postern/methods'], a[href='/postern/lost']").await;
        let code = mailed(&world);
        person.answers(if code == "111111" { "222222" } else { "111111" }).await;
        person.sees("#code-problem").await;
        person.gets_in(&code, &mailbox).await;
        person.goes_to(SECURITY).await;
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
    let carol = world.mailbox("carol");
    let known = Visitor::new(&world);
    world.admin("platform set example unusual-sign-in learn");
    known.sign_in_without(&carol);
    world.admin("platform set example unusual-sign-in ask");
    // Another browser in the same network, and the same browser in another network.
    Visitor::new(&world).sign_in_without(&carol);
    sign_out(&known);
    sign_in_elsewhere(&known, &carol).lets_in();
    // Both new. The network that the known browser was in last is known too.
    sign_out(&known);
    known.sign_in_without(&carol);
    let thief = Visitor::new(&world);
    sign_in_elsewhere(&thief, &carol).shows(403, "This sign-in looks unusual");
    assert_eq!(thief.session(), "");
    thief.get("/?_task=mail").leads_to("/");
    world.admin(&format!("account contact set {} carol@elsewhere.example", carol.name));
    sign_in_elsewhere(&thief, &carol).leads_to("/postern/code");
    assert!(!thief.is_in());
    // Off means off.
    world.admin("platform disable example");
    sign_in_elsewhere(&Visitor::new(&world), &carol).lets_in();
}

/// Whoever is in by a browser that is trusted is out with its last day.
#[test]
fn a_session_of_a_trusted_browser_ends_with_its_days() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let visitor = signed_in_and_trusting(&mut world, &alice, &secret);
    sign_out(&visitor);
    visitor.sign_in(&alice).lets_in();
    let by_code = Visitor::signed_in(&mut world, &alice, &secret);
    world.move_clock(DAYS * DAY).unwrap();
    ends_soon(&visitor);
    assert!(by_code.is_in(), "a session that a code has opened rests on that");
}

#[test]
fn a_person_is_told_of_a_new_browser_in_their_language() {
    let mut world = world();
    for (name, language, about) in [("alice", "en", "new browser"), ("bob", "fr", "nouveau navigateur")] {
        let (mailbox, secret) = world.protected(name);
        let here = Visitor::signed_in(&mut world, &mailbox, &secret);
        here.post("/postern/set-up-with", &[("method", "contact")]).leads_to("/postern/set-up");
        let address = format!("{name}@elsewhere.example");
        let asked = here.post("/postern/set-up", &[("destination", &address)]);
        confirms(&mut world, &here, (&mailbox, &secret), &asked).leads_to("/postern/set-up");
        here.post("/postern/set-up", &[("code", &mailed(&world))]).leads_to(SECURITY);
        here.post(CHANGE, &[("change", "language"), ("to", language)]).leads_to(SECURITY);

        let receivers = world.receivers();
        receivers.take();
        // A browser that is known is no news; what comes first is of the new one.
        sign_out(&here);
        here.sign_in_with(&mailbox, &world.next_code(&secret));
        let there = Visitor::challenged(&world, &mailbox);
        let code = world.next_code(&secret);
        let fields = format!("code={code}");
        let agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        there.request("/postern/code", &["--header", agent, "--data", &fields]).lets_in();
        let receivers = world.receivers();
        let notice = receivers.next("mail", |message| message.subject.contains(about)).unwrap();
        assert_eq!(notice.to, address);
        for told in ["Firefox", "Linux", "127.0.0.1", mailbox.name.as_str()] {
            assert!(notice.text.contains(told), "{told}: {}", notice.text);
        }
        // There was one such notice.
        assert!(receivers.all("mail").iter().all(|message| !message.subject.contains(about)));
    }
}
