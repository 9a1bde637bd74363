//! The Security page: a person looks after their own account, and nobody else does.

use super::pages::{presses, tabs_to};
use super::person::Person;
use super::visitor::Visitor;
use super::{CHANGE, SECURITY, changes, confirms, ends_soon};
use fantoccini::key::Key;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;
use postern_tests::{Plan, World};
use serde_json::Value;

/// With whatever the page can offer: a mail server that is asked about passwords, a telephone, a mailbox elsewhere.
fn world() -> World {
    World::start(Plan { movable_clock: true, imap_front: true, receivers: true, ..Plan::default() }).unwrap()
}

/// Alice, protected and signed in: her mailbox, the authenticator's secret, her session.
fn alice_is_in(world: &mut World) -> (Mailbox, String, Visitor) {
    let (alice, secret) = world.protected("alice");
    let here = Visitor::signed_in(world, &alice, &secret);
    (alice, secret, here)
}

/// Adds another authenticator with this description.
fn add_app(world: &mut World, visitor: &Visitor, own: (&Mailbox, &str), description: &str) -> String {
    let asked = visitor.post("/postern/set-up-with", &[("method", "totp")]);
    visitor.get("/postern/set-up").leads_to("/");
    confirms(world, visitor, own, &asked).leads_to("/postern/set-up");
    visitor.get("/postern/set-up").shows(200, "Add an authenticator app");
    let secret = visitor.offered_secret();
    world.plant(&secret);
    let fields = [("code", world.code(&secret).unwrap()), ("description", description.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    visitor.post("/postern/set-up", &fields).leads_to(SECURITY);
    secret
}

#[test]
fn a_person_looks_after_their_own_account() {
    let mut world = world();
    let (alice, secret, here) = alice_is_in(&mut world);
    let there = Visitor::signed_in(&mut world, &alice, &secret);
    here.get(SECURITY).shows(200, "10 backup codes are left.");

    // A second authenticator, under a name that is changed afterwards.
    let own = (&alice, secret.as_str());
    add_app(&mut world, &here, own, "Tablet");
    here.get(SECURITY).shows(200, "The method is set up.");
    let tablet = world.method_id(&alice, "description", "Tablet");
    here.get(&format!("{CHANGE}?change=rename&which={tablet}")).shows(200, "value=\"Tablet\"");
    here.post(CHANGE, &[("change", "rename"), ("which", &tablet), ("description", "Old tablet")]).leads_to(SECURITY);
    assert_eq!(world.method_id(&alice, "description", "Old tablet"), tablet);

    // New backup codes: shown until they are saved, also as a file; the old ones go.
    here.get(&format!("{CHANGE}?change=backup-codes")).shows(200, "Make new backup codes?");
    changes(&mut world, &here, own, &[("change", "backup-codes")]).leads_to("/postern/backup-codes");
    let page = here.get("/postern/backup-codes");
    let code = page.between("<li><code>", "</code>").to_owned();
    world.plant(&code);
    assert_eq!(page.body.matches("<li><code>").count(), 10);
    here.post("/postern/codes.txt", &[]).shows(200, &code);
    here.post("/postern/saved", &[]).shows(200, "tick this box");
    here.post("/postern/saved", &[("saved", "yes")]).leads_to(SECURITY);
    assert!(!here.get("/postern/backup-codes").body.contains(&code));
    changes(&mut world, &here, own, &[("change", "delete-codes")]).leads_to(SECURITY);
    here.get(SECURITY).shows(200, "You have no backup codes.");

    // Removing a method ends what else is open, and nothing here.
    assert!(there.is_in());
    here.get(&format!("{CHANGE}?change=remove-method&which={tablet}")).shows(200, "Old tablet");
    changes(&mut world, &here, own, &[("change", "remove-method"), ("which", &tablet)]).leads_to(SECURITY);
    ends_soon(&there);
    here.get(SECURITY).shows(200, "The method is removed.");
    assert!(here.is_in());
    assert_eq!(world.methods(&alice).len(), 1);

    // The only one stays, as long as the platform wants it; then it may go, and the session outlives that too.
    let only = world.methods(&alice)[0]["id"].as_str().unwrap().to_owned();
    let remove = [("change", "remove-method"), ("which", only.as_str())];
    let page = here.get(SECURITY);
    page.shows(200, "Your only method. To remove it, add another one first.");
    assert!(!page.body.contains("change=remove-method"), "a way that leads nowhere");
    changes(&mut world, &here, own, &remove).shows(403, "cannot be removed");
    world.admin("platform set example last-method remove");
    here.get(SECURITY).shows(200, "change=remove-method");
    here.get(&format!("{CHANGE}?change=remove-method&which={only}")).shows(200, "your password alone opens your mail");
    changes(&mut world, &here, own, &remove).leads_to(SECURITY);
    here.get(SECURITY).shows(200, "signed in without a second step");
    assert!(here.is_in());
    assert_eq!(world.account(&alice)["state"], "off");
}

#[test]
fn an_app_password_is_made_shown_once_and_revoked() {
    let mut world = world();
    let (alice, secret, here) = alice_is_in(&mut world);
    let create = |password: &str| {
        here.post(CHANGE, &[("change", "app-password"), ("description", "Thunderbird"), ("password", password)])
    };
    // What it is for, then a code, then the mail password: that is kept nowhere meanwhile.
    let page = here.get(&format!("{CHANGE}?change=app-password"));
    page.shows(200, "What is it for?");
    assert!(!page.body.contains("Your mail password"));
    let form = format!("{CHANGE}?change=app-password&description=Thunderbird");
    // Nor is one that is sent too early.
    let asked = create(&alice.password);
    confirms(&mut world, &here, (&alice, &secret), &asked).leads_to(&form);
    assert_eq!(world.admin_json(&format!("app-password list {}", alice.name)), Value::Array(Vec::new()));
    here.get(&form).shows(200, "Your mail password");
    create("not it").shows(403, "not the password of this mailbox");
    create("").shows(403, "value=\"Thunderbird\"");
    create(&alice.password).leads_to("/postern/security/app-password");
    let page = here.get("/postern/security/app-password");
    let made = page.between("<li><code>", "</code>").to_owned();
    world.plant(&made);
    let listed = world.admin_json(&format!("app-password list {}", alice.name));
    assert_eq!(listed[0]["description"], "Thunderbird");
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    assert!(made.replace('-', "").starts_with(&id), "{made} {id}");
    here.post("/postern/security/app-password", &[]).leads_to(SECURITY);
    assert!(!here.get("/postern/security/app-password").body.contains(&made));
    create(&alice.password).leads_to("/postern/code");
    here.post("/postern/cancel", &[]).leads_to(SECURITY);
    here.get(SECURITY).shows(200, "Thunderbird");
    here.get(&format!("{CHANGE}?change=revoke&which={id}")).shows(200, "Revoke this app password?");
    here.post(CHANGE, &[("change", "revoke"), ("which", &id)]).leads_to(SECURITY);
    assert_eq!(world.admin_json(&format!("app-password list {}", alice.name)), Value::Array(Vec::new()));
    assert!(here.is_in());
}

/// Without a channel for mail apps nothing is said of app passwords; those that there are can be revoked.
#[test]
fn app_passwords_are_not_offered_where_nothing_takes_them() {
    let mut world = super::world();
    let (alice, _, here) = alice_is_in(&mut world);
    assert!(!here.get(SECURITY).body.to_lowercase().contains("app password"));
    here.get(&format!("{CHANGE}?change=app-password")).leads_to(SECURITY);
    let (id, _) = world.app_password(&alice, &["--unchecked"]);
    let page = here.get(SECURITY);
    page.shows(200, "App passwords cannot be made at the moment");
    page.shows(200, &format!("change=revoke&amp;which={id}"));
}

#[test]
fn numbers_and_the_contact_address_are_confirmed_by_what_is_sent_there() {
    let mut world = world();
    let (alice, secret, here) = alice_is_in(&mut world);
    for (kind, by, to, at_last) in [
        ("sms", "sms", "+44612345678", "The method is set up."),
        ("contact", "mail", "alice@elsewhere.example", "Notices go to your new contact address."),
    ] {
        here.post("/postern/set-up-with", &[("method", kind)]).leads_to("/postern/set-up");
        here.post("/postern/set-up", &[("destination", "nowhere")]).shows(400, "to-problem");
        let asked = here.post("/postern/set-up", &[("destination", to)]);
        here.get("/postern/code").shows(200, to);
        world.receivers().take();
        confirms(&mut world, &here, (&alice, &secret), &asked).leads_to("/postern/set-up");
        let code = world.receivers().next(by, |message| message.code().is_some()).unwrap();
        let code = code.code().unwrap();
        here.get("/postern/set-up").shows(200, to);
        here.post("/postern/set-up", &[("code", if code == "111111" { "222222" } else { "111111" })])
            .shows(403, "not right");
        here.post("/postern/set-up", &[("code", &code)]).leads_to(SECURITY);
        here.get(SECURITY).shows(200, at_last);
    }
    assert_eq!(world.methods(&alice)[1]["kind"], "sms");
    here.get(SECURITY).shows(200, "alice@elsewhere.example");
    here.post(CHANGE, &[("change", "language"), ("to", "fr")]).leads_to(SECURITY);
    here.get(SECURITY).shows(200, "<option value=\"fr\" lang=\"fr\" selected>");
    changes(&mut world, &here, (&alice, &secret), &[("change", "remove-contact")]).leads_to(SECURITY);
    here.get(SECURITY).shows(200, "no contact address yet");
    // What was begun can be given up.
    here.post("/postern/set-up-with", &[("method", "sms")]).leads_to("/postern/set-up");
    here.post("/postern/cancel", &[]).leads_to(SECURITY);
    here.get("/postern/set-up").leads_to("/");
    assert!(here.is_in());
}

#[test]
fn what_gives_or_takes_a_way_in_asks_for_a_code_of_its_own() {
    let mut world = world();
    let (alice, secret, here) = alice_is_in(&mut world);
    // From now on it is what was used last, so it is what is asked for.
    let of_tablet = add_app(&mut world, &here, (&alice, &secret), "Tablet");
    let tablet = world.method_id(&alice, "description", "Tablet");
    let there = Visitor::signed_in(&mut world, &alice, &of_tablet);

    // What is words only goes on.
    here.post(CHANGE, &[("change", "rename"), ("which", &tablet), ("description", "Old one")]).leads_to(SECURITY);

    // A removal waits for the code, also right after a sign-in, and is carried out then.
    let remove = [("change", "remove-method"), ("which", tablet.as_str())];
    here.post(CHANGE, &remove).leads_to("/postern/code");
    let page = here.get("/postern/code");
    page.shows(200, "To remove <strong>Old one</strong>, confirm that it is you");
    page.shows(200, "If you did not ask for it, cancel.");
    page.shows(200, "wait for the next");
    let methods_page = here.get("/postern/methods");
    methods_page.shows(200, "Backup code");
    assert!(!methods_page.body.contains("Old one"), "what is asked for is no other method");
    assert!(!methods_page.body.contains("/postern/lost"), "who is in has not lost everything");
    here.code("12").shows(400, "code-problem");
    here.code(&world.code(super::wrong_code::ANOTHER_SECRET).unwrap()).shows(403, "not right");
    assert_eq!(world.methods(&alice).len(), 2);
    // Given up: nothing happens, and what was asked for is forgotten.
    here.post("/postern/cancel", &[]).leads_to(SECURITY);
    here.code(&world.next_code(&of_tablet)).leads_to("/");
    assert_eq!(world.methods(&alice).len(), 2);
    here.post(CHANGE, &remove).leads_to("/postern/code");
    here.code(&world.next_code(&of_tablet)).leads_to(SECURITY);
    assert_eq!(world.methods(&alice).len(), 1);
    ends_soon(&there);
    assert!(here.is_in());
    // The next change asks again.
    here.post(CHANGE, &[("change", "backup-codes")]).leads_to("/postern/code");

    // Too many wrong codes: nothing is changed for a while, but whoever is in stays in.
    here.post(CHANGE, &[("change", "delete-codes")]).leads_to("/postern/code");
    let wrong = world.code(super::wrong_code::ANOTHER_SECRET).unwrap();
    (0..5).for_each(|_| here.code(&wrong).shows(403, "problem"));
    here.post("/postern/cancel", &[]).leads_to(SECURITY);
    here.post(CHANGE, &[("change", "delete-codes")]).shows(403, "Too many wrong codes");
    here.get(SECURITY).shows(200, "10 backup codes are left.");
    assert!(here.is_in());
}

#[test]
fn nobody_else_changes_anything() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let of_bob = world.protect(&bob);
    let here = Visitor::signed_in(&mut world, &alice, &secret);
    add_app(&mut world, &here, (&alice, &secret), "Tablet");
    let tablet = world.method_id(&alice, "description", "Tablet");
    let before = world.account(&alice);
    let changes = [
        format!("change=remove-method&which={tablet}"),
        format!("change=rename&which={tablet}&description=x"),
        "change=backup-codes".to_owned(),
        "change=delete-codes".to_owned(),
        "change=sign-out-others".to_owned(),
        "change=language&to=fr".to_owned(),
    ];
    let bobs = Visitor::signed_in(&mut world, &bob, &of_bob);
    let [without, stranger] = [Visitor::new(&world), Visitor::new(&world)];
    without.sign_in_without(&world.mailbox("carol"));
    for change in &changes {
        // Another site's page; it makes the browser send Alice's cookie.
        for origin in ["https://evil.example", "null"] {
            let origin = format!("Origin: {origin}");
            assert_eq!(here.request(CHANGE, &["--header", &origin, "--data", change]).status, 403, "{change}");
        }
        assert_eq!(here.request(CHANGE, &["--header", "Sec-Fetch-Site: same-site", "--data", change]).status, 403);
        // An address that is only looked at.
        let looked_at = here.get(&format!("{CHANGE}?{change}"));
        assert!(matches!(looked_at.status, 200 | 303), "{change}: {}", looked_at.head);
        assert_eq!(here.request(CHANGE, &["--request", "PUT", "--data", change]).status, 404, "{change}");
        // Whoever has signed in without a second factor, or not at all.
        without.request(CHANGE, &["--data", change]);
        assert_eq!(stranger.request(CHANGE, &["--data", change]).status, 401, "{change}");
    }
    for path in ["/postern/set-up-with", "/postern/cancel", "/postern/saved", "/postern/codes.txt", "/postern/send"] {
        assert!(matches!(here.get(path).status, 303 | 404), "{path}");
        assert_eq!(here.request(path, &["--header", "Origin: null", "--data", "method=totp"]).status, 403, "{path}");
    }
    // Another account's session, with the ids of this one.
    for change in &changes[..2] {
        bobs.get(&format!("{CHANGE}?{change}")).leads_to(SECURITY);
    }
    bobs.request(CHANGE, &["--data", &changes[1]]).leads_to(SECURITY);
    let asked = bobs.request(CHANGE, &["--data", &changes[0]]);
    confirms(&mut world, &bobs, (&bob, &of_bob), &asked).leads_to(SECURITY);
    assert_eq!(world.account(&alice), before);
    assert!(here.is_in() && bobs.is_in());
    without.get(SECURITY).shows(200, "signed in without a second step");
    stranger.get(SECURITY).leads_to("/");
}

#[test]
fn a_person_sees_where_they_are_signed_in_and_signs_out_the_others() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let [here, there] = [(); 2].map(|()| Visitor::signed_in(&mut world, &alice, &secret));
    let page = here.get(SECURITY);
    page.shows(200, "This browser");
    let counts = ["This browser", "Signed in now", "On the network that you are using now"];
    assert_eq!(counts.map(|text| page.body.matches(text).count()), [1, 2, 2]);
    assert!(!page.body.contains("127.0.0"), "what people know needs no number");
    here.post(CHANGE, &[("change", "sign-out-others")]).leads_to(SECURITY);
    assert!(!there.is_in() && here.is_in());
    assert!(!here.get(SECURITY).body.contains("Sign out the others"));
}

#[test]
fn with_few_backup_codes_left_a_person_is_told_so() {
    let mut world = world();
    let (alice, secret, here) = alice_is_in(&mut world);
    changes(&mut world, &here, (&alice, &secret), &[("change", "backup-codes")]).leads_to("/postern/backup-codes");
    let codes = here.shown_codes(&mut world);
    let visitor = Visitor::new(&world);
    for (used, code) in (1..).zip(&codes[..7]) {
        visitor.sign_in(&alice).leads_to("/postern/code");
        let answer = visitor.post("/postern/backup-code", &[("code", code)]);
        if used == 7 { answer.leads_to("/postern/backup-codes") } else { answer.lets_in() }
    }
    visitor.get("/postern/backup-codes").shows(200, "3 backup codes are left.");
    assert!(visitor.is_in());
    let onward = visitor.post("/postern/saved", &[]);
    onward.lets_in();
    visitor.get("/postern/backup-codes").leads_to("/");
    visitor.get(SECURITY).shows(200, "Make new ones before they run out.");
}

#[test]
fn from_the_first_backup_codes_it_is_one_step_to_the_page() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let visitor = Visitor::enrolling(&world, &alice);
    visitor.get(SECURITY).leads_to("/postern/set-up");
    let secret = visitor.offered_secret();
    world.plant(&secret);
    let code = world.code(&secret).unwrap();
    visitor.post("/postern/set-up", &[("code", &code)]).leads_to("/postern/backup-codes");
    visitor.post("/postern/saved", &[("next", "security")]).shows(200, "tick this box");
    visitor.post("/postern/saved", &[("saved", "yes"), ("next", "security")]).leads_to(SECURITY);
    visitor.get(SECURITY).shows(200, "Authenticator app");
}

/// Every page around it as people see it, in both languages, a key in the browser, and the keyboard alone.
#[tokio::test]
async fn the_page_in_a_browser() {
    let mut world = world();
    for (language, name) in [("en", "alice"), ("fr", "bob")] {
        let (mailbox, secret) = world.protected(name);
        let person = Person::at(&world, Look::DESKTOP.in_language(language)).await;
        person.plugs_in("ctap2").await;
        person.signs_in(&mailbox).await;
        person.gets_in(&world.next_code(&secret), &mailbox).await;
        person.goes_to(SECURITY).await;
        for (page, kind) in [("add-sms", "sms"), ("add-contact", "contact")] {
            let button =
                if kind == "contact" { "form:has([value=contact]) button" } else { &format!("[value={kind}]") };
            person.follows_and_looks(button, page).await;
            person.follows("button[form=cancel]").await;
            person.is_at(SECURITY).await;
        }
        person.follows_and_looks("[value=totp]", "prove-add-app").await;
        person.answers_and_looks(&world.next_code(&secret), "add-app").await;
        person.follows("button[form=cancel]").await;
        person.is_at(SECURITY).await;
        person.follows_and_looks("button[value=key]", "prove-add-key").await;
        person.answers_and_looks(&world.next_code(&secret), "add-key").await;
        person.types("#description", "On my key ring").await;
        person.follows_and_looks("button.main", "security").await;
        for change in ["rename", "remove-method", "backup-codes", "delete-codes", "app-password"] {
            person.follows_and_looks(&format!("a[href*='change={change}']"), change).await;
            person.follows("a.quiet").await;
            person.is_at(SECURITY).await;
        }
        // With Tab, Enter and nothing else.
        tabs_to(&person, "a[href*='change=app-password']").await;
        person.leaves_by(presses(&person, &Key::Enter)).await;
        // The browser asks for the key by itself, and the form for the mail password follows.
        presses(&person, &format!("Phone{}", Key::Enter)).await;
        person.sees("#password").await;
        person.looks_at("app-password-proven").await;
        presses(&person, &format!("{}{}", mailbox.password, Key::Enter)).await;
        let made = person.reads("#app-password li").await;
        world.plant(&made);
        person.looks_at("new-app-password").await;
        tabs_to(&person, "button.main").await;
        person.leaves_by(presses(&person, &Key::Enter)).await;
        person.is_at(SECURITY).await;
        // What waited for the key is done.
        person.follows("a[href*='change=delete-codes']").await;
        person.clicks("button.main").await;
        person.sees(".what-there-is .problem").await;
        person.is_at(SECURITY).await;
        assert_eq!(world.methods(&mailbox).len(), 2);
        person.looks_at("security-without-codes").await;
    }
}
