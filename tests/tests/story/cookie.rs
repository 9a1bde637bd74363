//! What a browser is given to keep, and what every page tells it to do.

use super::visitor::{Answer, COOKIE, Visitor};
use super::world;

/// The session that an answer gives, with what goes with it. Beside it there is what the browser is known by, at most, and
/// what comes with a login page.
fn given(answer: &Answer) -> (String, String) {
    let mut cookies = answer.headers("set-cookie");
    cookies.retain(|cookie| cookie.starts_with(&format!("{COOKIE}=")));
    let [cookie] = cookies[..] else { panic!("not one cookie: {}", answer.head) };
    let (pair, rules) = cookie.split_once("; ").unwrap();
    (pair.split_once('=').unwrap().1.to_owned(), format!("{}; {rules}", pair.split_once('=').unwrap().0))
}

#[test]
fn the_session_is_one_cookie_that_changes_at_every_step_up() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let visitor = Visitor::new(&world);
    let page = visitor.get("/");
    let [login] = page.headers("set-cookie")[..] else { panic!("{}", page.head) };
    assert!(login.starts_with("__Host-postern-login="), "a stranger has no session: {login}");

    let (enrolling, rules) = given(&visitor.sign_in(&alice));
    assert_eq!(rules, format!("{COOKIE}; Secure; HttpOnly; SameSite=Lax; Path=/"));
    assert_eq!(enrolling.len(), 43, "256 bits");
    let secret = visitor.offered_secret();
    let (saving, _) = given(&visitor.post("/postern/set-up", &[("code", &world.code(&secret).unwrap())]));
    let (released, _) = given(&visitor.post("/postern/saved", &[("saved", "yes")]));
    assert!(visitor.is_in());

    // The cookies of the steps before lead nowhere.
    for old in [&enrolling, &saving] {
        let thief = Visitor::new(&world);
        let answer = thief.request("/?_task=mail", &["--header", &format!("Cookie: {COOKIE}={old}")]);
        answer.shows(401, "Your session has ended");
    }
    // Nor does the one that somebody made the owner's browser have before.
    let fixed = "A".repeat(43);
    let answer = Visitor::new(&world).request("/", &["--header", &format!("Cookie: {COOKIE}={fixed}")]);
    assert!(answer.headers("set-cookie").iter().all(|cookie| !cookie.starts_with(&format!("{COOKIE}="))));
    let pair = format!("Cookie: {COOKIE}={released}; {COOKIE}={fixed}");
    let answer = Visitor::new(&world).request("/?_task=mail", &["--header", &pair]);
    assert!(!answer.body.contains(&alice.name), "two sessions are none");

    for secret in [enrolling, saving, released, secret] {
        world.plant(&secret);
    }
}

#[test]
fn a_sign_out_is_the_end() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    let session = visitor.session();
    let page = visitor.get("/?_task=mail");
    let answer = visitor.get(&format!("/?_task=logout&_token={}", page.request_token()));
    let (value, rules) = given(&answer);
    assert_eq!((value.as_str(), rules.contains("Max-Age=0")), ("", true));
    assert_eq!(visitor.session(), "");
    let kept = format!("Cookie: {COOKIE}={session}");
    visitor.request("/?_task=mail", &["--header", &kept]).shows(401, "Your session has ended");
}

#[test]
fn every_page_of_ours_is_guarded() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let visitor = Visitor::new(&world);
    let mut answers = vec![visitor.get("/postern/nothing"), visitor.get("/a%2fb"), visitor.sign_in(&alice)];
    for page in ["/postern/code", "/postern/methods", "/postern/backup-code"] {
        answers.push(visitor.get(page));
    }
    answers.push(visitor.code("000000"));
    world.admin(&format!("account reset {}", alice.name));
    answers.push(visitor.code(&world.code(&secret).unwrap()));
    answers.push(visitor.sign_in(&alice));
    answers.push(visitor.get("/postern/set-up"));
    world.plant(&visitor.offered_secret());
    for answer in &answers {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers(name), [value], "{}", answer.head);
        }
        assert!(answer.headers("strict-transport-security")[0].contains("max-age="), "{}", answer.head);
        let [policy] = answer.headers("content-security-policy")[..] else { panic!("{}", answer.head) };
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{rule}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn another_sites_page_can_send_nothing() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let visitor = Visitor::new(&world);
    let login = format!("_task=login&_action=login&_user={}&_pass={}", alice.name, alice.password);
    let code = world.code(&secret).unwrap();
    let foreign = ["Origin: null", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"];
    for header in foreign {
        let answer = visitor.request("/?_task=login", &["--header", header, "--data", &login]);
        assert_eq!((answer.status, visitor.session().as_str()), (403, ""), "{header}");
    }
    visitor.sign_in(&alice).leads_to("/postern/code");
    for header in foreign {
        let answer = visitor.request("/postern/code", &["--header", header, "--data", &format!("code={code}")]);
        assert_eq!(answer.status, 403, "{header}");
        assert!(!visitor.is_in());
    }
    let own = format!("Origin: {}", visitor.address(""));
    visitor.request("/postern/code", &["--header", &own, "--data", &format!("code={code}")]).lets_in();
}
