//! What a browser is known by, and what follows from its being known: trust, and codes for sign-ins that look unusual.

use crate::browser::{BROWSER, Browser};
use crate::daemon::Act;
use crate::front::{ACCEPTED, ALICE, CHALLENGE, CONFIRMED, ENROL, FREE, OFFERED, WRONG, World};

const LANDING: &str = "/?_task=mail&_token=secret";
const TRUSTING: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","trust_days":30,"methods":[
    {"id":"t1","kind":"totp","description":"Phone","digits":6},{"id":"backup","kind":"backup","description":""}]}"#;
const KEY: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","trust_days":1,"methods":[
    {"id":"k1","kind":"key","description":""}]}"#;
const UNUSUAL: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
    {"id":"contact","kind":"email","description":"","digits":6,"hint":"a•••@elsewhere.example"}]}"#;
const SENT: &str = r#"{"verdict":"sent","mailbox":"alice@example.com","challenge":"c1","again":1000000000}"#;
const QUESTION: &str = r#"{"verdict":"key","mailbox":"alice@example.com","challenge":"q1","options":"{}"}"#;

fn known_by(call: &str) -> Option<&str> {
    call.split_once(r#""browser":""#).map(|(_, rest)| rest.split('"').next().unwrap())
}

/// The same answer, by a daemon that remembers the browser.
fn remembered(asked: &str) -> String {
    asked.replacen('{', r#"{"browser_known":true,"#, 1)
}

#[tokio::test]
async fn a_browser_is_known_from_its_first_release_and_never_before() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    world.daemon.on("Answer", WRONG);
    browser.post("/postern/code", &[("code", "111111")]).await.shows(403, "not right");
    assert!(!browser.cookies.contains_key(BROWSER), "whoever is not in is not known");
    world.daemon.on("Answer", ACCEPTED);
    let answer = browser.post("/postern/code", &[("code", "123456")]).await;
    answer.leads_to(LANDING);
    let given = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let given = given.filter_map(|line| line.strip_prefix(BROWSER)).collect::<Vec<_>>();
    let [given] = given[..] else { panic!("{given:?}") };
    let (token, rules) = given.strip_prefix('=').unwrap().split_once("; ").unwrap();
    assert_eq!((token.len(), rules), (43, "Max-Age=34560000; Secure; HttpOnly; SameSite=Lax; Path=/"));
    // The daemon was told of it with the answer.
    assert_eq!(known_by(&world.daemon.calls("Answer").pop().unwrap()), Some(token));
    assert_eq!(world.daemon.calls("Ask").iter().find_map(|call| known_by(call)), None);

    // It outlives the session, and comes with whatever is asked then. The daemon remembers it.
    browser.get("/?_task=logout&_token=secret").await.shows(200, "task-login");
    world.daemon.on("Ask", remembered(CHALLENGE).as_str());
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    assert_eq!(known_by(&world.daemon.calls("Ask").pop().unwrap()), Some(token));
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);
    assert_eq!(known_by(&world.daemon.calls("Answer").pop().unwrap()), Some(token));
    assert_eq!(browser.cookies[BROWSER], token, "it keeps its name");
    // The webmail hears nothing of it, and cannot set it.
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    let seen = world.webmail.seen();
    assert!(seen.iter().all(|request| !request.header("cookie").unwrap_or_default().contains("__Host")), "{seen:?}");
    assert_eq!(browser.cookies[BROWSER], token);
}

#[tokio::test]
async fn what_is_no_token_is_none() {
    let world = World::start().await;
    world.daemon.on("Answer", ACCEPTED);
    world.daemon.on("Ask", TRUSTING);
    for strange in ["x", &"x".repeat(44), &format!("{}'", "x".repeat(42))] {
        let mut browser = world.browser();
        browser.cookies.insert(BROWSER.into(), (*strange).to_owned());
        browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
        assert_eq!(known_by(&world.daemon.calls("Ask").pop().unwrap()), None, "{strange}");
        browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);
        assert_eq!(browser.cookies[BROWSER].len(), 43, "{strange}");
    }
}

#[tokio::test]
async fn a_browser_released_without_a_code_is_noted_if_possible() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    for act in [Act::from("{}"), Act::Close, Act::from(r#"{"verdict":"refused"}"#)] {
        world.daemon.on("SignedIn", act);
        let mut browser = world.browser();
        browser.sign_in(ALICE, "right").await.leads_to(LANDING);
        let call = world.daemon.calls("SignedIn").pop().unwrap();
        assert_eq!(known_by(&call), Some(browser.cookies[BROWSER].as_str()));
        assert!(call.contains(r#""standing":"s1","language":"en""#) && call.contains(ALICE), "{call}");
        browser.get("/?_task=mail").await.shows(200, "mailbox");
    }
    // Nobody else is.
    let so_far = world.daemon.calls("SignedIn").len();
    world.released().await;
    world.saving().await;
    world.daemon.on("Ask", FREE);
    assert_eq!(world.browser().sign_in(ALICE, "wrong").await.status, 401);
    assert_eq!(world.daemon.calls("SignedIn").len(), so_far);
}

#[tokio::test]
async fn the_browser_that_enrols_is_known_with_it() {
    let world = World::start().await;
    let browser = world.saving().await;
    let call = world.daemon.calls("Confirm").pop().unwrap();
    assert_eq!(known_by(&call), Some(browser.cookies[BROWSER].as_str()));
    world.daemon.on("Ask", ENROL);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/set-up");
    assert!(!browser.cookies.contains_key(BROWSER));
}

#[tokio::test]
async fn trust_is_offered_where_it_may_be_and_the_choice_survives_an_error() {
    let world = World::start().await;
    world.daemon.on("Answer", WRONG);
    let mut browser = world.challenged().await;
    assert!(!browser.get("/postern/code").await.text.contains("name=\"trust\""));
    // Where it is not offered, nobody can ask for it.
    browser.post("/postern/code", &[("code", "111111"), ("trust", "yes")]).await.shows(403, "not right");
    assert!(!world.daemon.calls("Answer").pop().unwrap().contains("trust"));

    let mut browser = world.challenged_by(TRUSTING).await;
    for path in ["/postern/code", "/postern/backup-code"] {
        let page = browser.get(path).await;
        page.shows(200, "Trust this browser for 30\u{a0}days");
        assert!(!page.text.contains("checked"), "{}", page.text);
    }
    for (code, status) in [("111111", 403), ("", 400)] {
        let page = browser.post("/postern/code", &[("code", code), ("trust", "yes")]).await;
        page.shows(status, "checked");
    }
    let page = browser.post("/postern/backup-code", &[("code", "aaaa-bbbb")]).await;
    assert!(page.status == 403 && !page.text.contains("checked"), "unticked again: {}", page.text);
    assert!(!world.daemon.calls("Answer").pop().unwrap().contains("trust"));
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123456"), ("trust", "yes")]).await.leads_to(LANDING);
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(call.contains(r#""trust":true"#) && known_by(&call).is_some(), "{call}");

    // A security key waits until the person had time to tick.
    world.daemon.on("Prepare", QUESTION);
    let mut browser = world.challenged_by(KEY).await;
    let page = browser.get("/postern/code").await;
    page.shows(200, "Trust this browser for one day");
    assert!(!page.text.contains("data-start"), "{}", page.text);
    browser.post("/postern/code", &[("response", "{}"), ("trust", "yes")]).await.leads_to(LANDING);
    assert!(world.daemon.calls("Answer").pop().unwrap().contains(r#""trust":true"#));
}

/// Whoever has set a browser's cookie before, or has seen it, must gain nothing by what its person does.
#[tokio::test]
async fn what_lets_a_browser_in_lets_it_in_by_a_token_that_nobody_knew_before() {
    let world = World::start().await;
    let planted = "x".repeat(43);
    world.daemon.on("Prepare", SENT);
    for (ask, trust) in [(TRUSTING, "yes"), (UNUSUAL, "no")] {
        let mut browser = world.browser();
        browser.cookies.insert(BROWSER.into(), planted.clone());
        world.daemon.on("Ask", ask);
        browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
        world.daemon.on("Answer", WRONG);
        browser.post("/postern/code", &[("code", "111111"), ("trust", trust)]).await.shows(403, "not right");
        assert_eq!(browser.cookies[BROWSER], planted, "whoever is not in gains nothing");
        let method = if ask == UNUSUAL { "contact" } else { "t1" };
        world.daemon.on("Answer", ACCEPTED.replace("t1", method).as_str());
        browser.post("/postern/code", &[("code", "123456"), ("trust", trust)]).await.leads_to(LANDING);
        assert_ne!(browser.cookies[BROWSER], planted);
        let call = world.daemon.calls("Answer").pop().unwrap();
        assert_eq!(known_by(&call), Some(browser.cookies[BROWSER].as_str()), "the daemon trusts the new one");
    }
}

/// On every way in: without a code, with one, and with the first method.
#[tokio::test]
async fn a_token_that_the_daemon_does_not_remember_is_not_taken_up() {
    let world = World::start().await;
    let planted = "x".repeat(43);
    world.daemon.on("SignedIn", "{}");
    world.daemon.on("Answer", ACCEPTED);
    world.daemon.on("Enrol", OFFERED);
    world.daemon.on("Confirm", CONFIRMED);
    for (ask, call) in [(FREE, "SignedIn"), (CHALLENGE, "Answer"), (ENROL, "Confirm")] {
        for is_known in [false, true] {
            world.daemon.on("Ask", if is_known { remembered(ask) } else { ask.to_owned() }.as_str());
            let mut browser = world.browser();
            browser.cookies.insert(BROWSER.into(), planted.clone());
            let next = browser.sign_in(ALICE, "right").await;
            assert_eq!(
                known_by(&world.daemon.calls("Ask").pop().unwrap()),
                Some(planted.as_str()),
                "it is asked about"
            );
            // What comes with the form counts for nothing: it was judged with the password.
            let other = "y".repeat(43);
            let later = if is_known { &other } else { &planted };
            if ask != FREE {
                browser.cookies.insert(BROWSER.into(), later.clone());
                browser.post(next.header("location"), &[("code", "123456")]).await;
            }
            let told = known_by(&world.daemon.calls(call).pop().unwrap()).map(str::to_owned);
            assert_eq!(told.as_ref(), browser.cookies.get(BROWSER), "{call}: both know it by the same");
            assert_eq!(told == Some(planted.clone()), is_known, "{call} {told:?}");
            assert_ne!(told, Some(other), "{call}");
        }
    }
}

/// A bad cookie of a neighbour's, in the same line as HTTP/1.1 has them.
#[tokio::test]
async fn a_cookie_that_is_no_text_hides_none_of_ours() {
    let world = World::start().await;
    let browser = world.released().await;
    let mut anonymous = Browser { cookies: std::collections::BTreeMap::new(), ..browser.clone() };
    let own = browser.session().unwrap();
    let line = format!("caf\u{e9}=\u{e9}t\u{e9}; __Host-postern={own}; postern_language=fr; z=\u{1f511}");
    anonymous.get_with("/?_task=mail", &[("cookie", &line)]).await.shows(200, "mailbox");
    anonymous.get_with("/postern/nothing", &[("cookie", &line)]).await.shows(404, "lang=\"fr\"");
}

#[tokio::test]
async fn in_a_trusted_browser_the_security_page_asks_for_a_code_first() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    world.daemon.on("SignedIn", "{}");
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to(LANDING);
    // Asked as any other browser would be: there is a second factor.
    world.daemon.on("Ask", TRUSTING);
    browser.get("/postern/security").await.shows(200, "confirm once that it is you");
    assert_eq!(known_by(&world.daemon.calls("Ask").pop().unwrap()), None);
    let change = [("change", "backup-codes")];
    browser.post("/postern/security/change", &change).await.shows(200, "confirm once that it is you");
    assert!(world.daemon.calls("ChangeSecurity").is_empty());
    browser.post("/postern/security", &[]).await.leads_to("/postern/code");
    let page = browser.get("/postern/code").await;
    page.shows(200, "confirm once that it is you");
    assert!(!page.text.contains("name=\"trust\""), "who confirms a change does not sign in: {}", page.text);
    world.daemon.on("Answer", ACCEPTED.replace('}', r#","proof":"p1"}"#).as_str());
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to("/postern/security");
    let shown = r#"{"verdict":"shown","mailbox":"alice@example.com","methods":[],"kinds":[],"browsers":[
        {"id":"b1","description":"Firefox (Linux)","named":{"browser":"Firefox","system":"Linux"},"network":"192.0.2.0/24","created":1,"last_used":2,
         "trusted_until":20000000000,"this":true}]}"#;
    world.daemon.on("ShowSecurity", shown);
    let page = browser.get("/postern/security").await;
    page.shows(200, "Stop trusting");
    page.shows(200, "Firefox on Linux");
    let call = world.daemon.calls("ShowSecurity").pop().unwrap();
    assert_eq!(known_by(&call), Some(browser.cookies[BROWSER].as_str()));
    world.daemon.on("ChangeSecurity", r#"{"verdict":"done","standing":"s3","proof":"p2"}"#);
    let change = [("change", "revoke-trust"), ("which", "b1")];
    browser.post("/postern/security/change", &change).await.leads_to("/postern/security");
    let call = world.daemon.calls("ChangeSecurity").pop().unwrap();
    assert!(call.contains(r#""change":{"change":"revoke_trust","id":"b1"}"#), "{call}");
    browser.get("/postern/security").await.shows(200, "asked for a code again");
    // By a form only, and by none of another site's.
    let so_far = world.daemon.calls("ChangeSecurity").len();
    browser.get("/postern/security/change?change=revoke-trust&which=b1").await.leads_to("/postern/security");
    let foreign = [("origin", "https://evil.example"), ("content-type", "application/x-www-form-urlencoded")];
    let body = "change=revoke-trust&which=b1".to_owned();
    assert_eq!(browser.send(http::Method::POST, "/postern/security/change", &foreign, body).await.status, 403);
    assert_eq!(world.daemon.calls("ChangeSecurity").len(), so_far);

    // Where there is no second factor, there is nothing to confirm: not even by a code to the contact address.
    for ask in [FREE, UNUSUAL, r#"{"verdict":"refused","reason":"unusual"}"#] {
        world.daemon.on("Ask", FREE);
        let mut browser = world.browser();
        browser.sign_in(ALICE, "right").await.leads_to(LANDING);
        world.daemon.on("Ask", ask);
        browser.get("/postern/security").await.shows(200, "signed in without a second step");
        browser.post("/postern/security", &[]).await.shows(200, "signed in without a second step");
        browser.get("/?_task=mail").await.shows(200, "mailbox");
    }
}

#[tokio::test]
async fn an_unusual_sign_in_is_confirmed_at_the_contact_address_or_refused() {
    let world = World::start().await;
    world.daemon.on("Ask", r#"{"verdict":"refused","reason":"unusual"}"#);
    let mut browser = world.browser();
    let page = browser.sign_in(ALICE, "right").await;
    page.shows(403, "This sign-in looks unusual");
    page.shows(403, "ask your administrator to set a contact address");
    assert!(browser.cookies.is_empty());
    browser.get("/?_task=mail").await.leads_to("/");

    world.daemon.on("Prepare", SENT);
    let mut browser = world.challenged_by(UNUSUAL).await;
    let page = browser.get("/postern/code").await;
    page.shows(200, "new to us");
    page.shows(200, "spam folder");
    for absent in ["/postern/methods", "/postern/lost", "name=\"trust\"", "another method"] {
        assert!(!page.text.contains(absent), "{absent}: {}", page.text);
    }
    assert!(world.daemon.calls("Prepare").pop().unwrap().contains(r#""method":"contact""#));
    world.daemon.on("Prepare", r#"{"verdict":"refused","reason":"not_sent"}"#);
    let mut other = world.challenged_by(UNUSUAL).await;
    let page = other.get("/postern/code").await;
    page.shows(200, "The code could not be sent");
    assert!(!page.text.contains("another method"), "{}", page.text);

    world.daemon.on("Answer", ACCEPTED.replace("t1", "contact").as_str());
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(call.contains(r#""method":"contact","code":"123456","challenge":"c1""#), "{call}");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
}
