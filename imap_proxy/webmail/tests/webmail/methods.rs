//! Methods that have to begin before they can be answered, and the way out of whoever has lost them all.

use crate::browser::ORIGIN;
use crate::front::{ACCEPTED, ALICE, FREE, World};

const BY_SMS: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
    {"id":"s1","kind":"sms","description":"","digits":6,"hint":"+44 ••••••5678"},
    {"id":"k1","kind":"key","description":"My key"},
    {"id":"t1","kind":"totp","description":"Phone","digits":6},
    {"id":"backup","kind":"backup","description":""}]}"#;
const KEY_ONLY: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
    {"id":"k1","kind":"key","description":""}]}"#;
const TWO_KEYS: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
    {"id":"k1","kind":"key","description":"Blue"},{"id":"k2","kind":"key","description":"Red"}]}"#;
const RED_KEY: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
    {"id":"k2","kind":"key","description":"Red"}]}"#;
const NO_METHOD: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[]}"#;
const COPIED: &str = r#"{"verdict":"refused","reason":"copied"}"#;
/// A time that has been, and one that will be.
const LONG_AGO: i64 = 1_000_000_000;
const FAR_AWAY: i64 = 20_000_000_000;
const NOT_SENT: &str = r#"{"verdict":"refused","reason":"not_sent"}"#;
const WRONG: &str = r#"{"verdict":"refused","reason":"wrong","failures":1}"#;
const UNFIT: &str = r#"{"verdict":"refused","reason":"unfit"}"#;
const LANDING: &str = "/?_task=mail&_token=secret";

fn sent(challenge: &str, again: i64) -> String {
    format!(r#"{{"verdict":"sent","mailbox":"alice@example.com","challenge":"{challenge}","again":{again}}}"#)
}

fn asked(challenge: &str) -> String {
    let options = r#"{\"challenge\":\"</script>AAAA\",\"rpId\":\"webmail.example.com\",\"allowCredentials\":[]}"#;
    format!(r#"{{"verdict":"key","mailbox":"alice@example.com","challenge":"{challenge}","options":"{options}"}}"#)
}

#[tokio::test]
async fn a_code_by_sms_is_sent_once_and_answers_its_challenge() {
    let world = World::start().await;
    world.daemon.on("Prepare", sent("c1", FAR_AWAY).as_str());
    let mut browser = world.challenged_by(BY_SMS).await;
    let page = browser.get("/postern/code").await;
    page.shows(200, "A text message to +44 ••••••5678");
    page.shows(200, "You can ask for another code");
    browser.get("/postern/code").await.shows(200, "Enter the code that we sent");
    // Neither looking at it nor choosing it again sends another.
    browser.post("/postern/methods", &[("method", "s1")]).await.leads_to("/postern/code");
    let calls = world.daemon.calls("Prepare");
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains(r#""method":"s1","language":"en""#), "{calls:?}");
    assert!(calls[0].contains(&format!(r#""site":"{ORIGIN}""#)) && !calls[0].contains("challenge"), "{calls:?}");

    world.daemon.on("Prepare", sent("c2", LONG_AGO).as_str());
    browser.post("/postern/send", &[]).await.leads_to("/postern/code");
    let call = world.daemon.calls("Prepare").pop().unwrap();
    assert!(call.contains(r#""challenge":"c1""#), "{call}");
    browser.get("/postern/code").await.shows(200, "Send another code");

    world.daemon.on("Answer", WRONG);
    browser.post("/postern/code", &[("code", "111111")]).await.shows(403, "have another one sent");
    // What can be no code of the method, the daemon tells apart.
    world.daemon.on("Answer", UNFIT);
    browser.post("/postern/code", &[("code", "12345")]).await.shows(400, "Type the digits of the code that we sent");
    assert_eq!(world.daemon.calls("Prepare").len(), 2);
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123 456")]).await.leads_to(LANDING);
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(call.contains(r#""method":"s1","code":"123456","challenge":"c2""#), "{call}");
}

#[tokio::test]
async fn what_cannot_be_sent_leaves_the_other_methods() {
    let world = World::start().await;
    world.daemon.on("Prepare", NOT_SENT);
    let mut browser = world.challenged_by(BY_SMS).await;
    let page = browser.get("/postern/code").await;
    page.shows(200, "The code could not be sent");
    assert!(!page.text.contains("name=\"code\"") && page.text.contains("Send the code"), "{}", page.text);
    // A code that nobody was sent is not brought to the daemon.
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to("/postern/code");
    assert!(world.daemon.calls("Answer").is_empty());

    // The choice survives, and so does the code that was sent before.
    world.daemon.on("Prepare", sent("c1", LONG_AGO).as_str());
    browser.post("/postern/send", &[]).await.leads_to("/postern/code");
    let later = format!(r#"{{"verdict":"refused","reason":"too_many","until":{FAR_AWAY}}}"#);
    world.daemon.on("Prepare", later.as_str());
    browser.post("/postern/send", &[]).await.leads_to("/postern/code");
    let page = browser.get("/postern/code").await;
    page.shows(200, "Too many codes were sent");
    page.shows(200, "name=\"code\"");
    browser.post("/postern/methods", &[("method", "t1")]).await.leads_to("/postern/code");
    browser.get("/postern/code").await.shows(200, "authenticator app");
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(call.contains(r#""method":"t1""#) && !call.contains("challenge"), "{call}");
}

#[tokio::test]
async fn each_response_of_a_key_is_to_a_question_of_its_own() {
    let world = World::start().await;
    world.daemon.on("Prepare", asked("q1").as_str());
    let mut browser = world.challenged_by(KEY_ONLY).await;
    let page = browser.get("/postern/code").await;
    page.shows(200, "/postern/key.js?v=");
    page.shows(200, r#"{"challenge":"\u003c/script>AAAA""#);
    page.shows(200, "A security key needs JavaScript");
    page.shows(200, r#"href="/postern/lost""#);
    assert!(browser.get("/postern/key.js").await.text.contains("navigator.credentials"));
    for empty in [&[][..], &[("response", "")], &[("code", "123456")]] {
        browser.post("/postern/code", empty).await.shows(400, "has given no answer");
    }
    browser.post("/postern/code", &[("response", &"x".repeat(16 * 1024 + 1))]).await.shows(400, "no answer");
    assert_eq!((world.daemon.calls("Answer").len(), world.daemon.calls("Prepare").len()), (0, 1));

    world.daemon.on("Answer", WRONG);
    world.daemon.on("Prepare", asked("q2").as_str());
    let page = browser.post("/postern/code", &[("response", r#"{"id":"x"}"#)]).await;
    page.shows(403, "This key was not accepted");
    assert!(!page.text.contains("data-start"), "the person reads first");
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("response", r#"{"id":"y"}"#)]).await.leads_to(LANDING);
    let calls = world.daemon.calls("Answer");
    assert!(calls[0].contains(r#""code":"{\"id\":\"x\"}","challenge":"q1""#), "{calls:?}");
    assert!(calls[1].contains(r#""code":"{\"id\":\"y\"}","challenge":"q2""#), "{calls:?}");
}

#[tokio::test]
async fn a_beginning_that_makes_no_sense_lets_nobody_in() {
    let world = World::start().await;
    let of_eve = sent("c1", LONG_AGO).replace("alice", "eve");
    for (verdict, status) in [(of_eve.as_str(), 403), (&asked("q1"), 503), (r#"{"verdict":"yes"}"#, 503)] {
        world.daemon.on("Ask", BY_SMS);
        world.daemon.on("Prepare", verdict);
        let mut browser = world.browser();
        let page = browser.sign_in(ALICE, "right").await;
        assert_eq!(page.status, status, "{verdict}");
        assert!(browser.cookies.is_empty(), "{verdict}");
    }
}

#[tokio::test]
async fn the_methods_are_those_offered_and_the_last_way_out() {
    let world = World::start().await;
    world.daemon.on("Prepare", sent("c1", LONG_AGO).as_str());
    let mut browser = world.challenged_by(BY_SMS).await;
    let page = browser.get("/postern/methods").await;
    // What is asked for is none of them, and there is a way back to it.
    let positions =
        ["value=\"k1\"", "value=\"t1\"", "value=\"backup\"", "href=\"/postern/lost\"", "href=\"/postern/code\""];
    let positions = positions.map(|place| page.text.find(place).unwrap_or_else(|| panic!("{place}: {}", page.text)));
    assert!(positions.is_sorted(), "{positions:?}");
    assert_eq!(page.text.matches("name=\"method\"").count(), 3);
}

#[tokio::test]
async fn who_has_lost_everything_asks_once() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    browser.get("/postern/lost").await.shows(200, "Ask for a reset");
    let page = browser.post("/postern/lost", &[("contact", "+44 612345678"), ("reason", " "), ("evidence", "x")]).await;
    page.shows(400, "Please fill in all three fields");
    page.shows(400, "+44 612345678");
    assert!(world.daemon.calls("OpenRequest").is_empty());
    let fields = [("contact", "+44 612345678"), ("reason", "Stolen <b>"), ("evidence", "My badge")];
    world.daemon.on("OpenRequest", r#"{"verdict":"refused","reason":"not_offered"}"#);
    browser.post("/postern/lost", &fields).await.shows(403, "Stolen &lt;b&gt;");
    world.daemon.on("OpenRequest", r#"{"verdict":"opened"}"#);
    browser.post("/postern/lost", &fields).await.leads_to("/postern/lost");
    let call = world.daemon.calls("OpenRequest").pop().unwrap();
    assert!(call.contains(r#""contact":"+44 612345678","reason":"Stolen <b>","evidence":"My badge""#), "{call}");
    browser.get("/postern/lost").await.shows(200, "Your request was sent");
    browser.post("/postern/lost", &fields).await.shows(200, "Your request was sent");
    assert_eq!(world.daemon.calls("OpenRequest").len(), 2);
    // The methods go on working.
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);

    let mut again = world.challenged().await;
    world.daemon.on("OpenRequest", r#"{"verdict":"open_already"}"#);
    again.post("/postern/lost", &fields).await.leads_to("/postern/lost");
    again.get("/postern/lost").await.shows(200, "There is a request for this mailbox already");
    // Whoever has not given the password, or is in, has nothing to ask.
    world.browser().get("/postern/lost").await.leads_to("/");
    browser.post("/postern/lost", &fields).await.leads_to("/");
    assert_eq!(world.daemon.calls("OpenRequest").len(), 3);
}

#[tokio::test]
async fn a_copied_key_is_not_asked_again() {
    let world = World::start().await;
    world.daemon.on("Prepare", asked("q1").as_str());
    let mut browser = world.challenged_by(TWO_KEYS).await;
    world.daemon.on("Answer", COPIED);
    world.daemon.on("Ask", RED_KEY);
    let page = browser.post("/postern/code", &[("response", r#"{"id":"x"}"#)]).await;
    page.shows(403, "This security key cannot be used any more");
    page.shows(403, "Red");
    assert!(!page.text.contains("Blue") && !page.text.contains("key.js"), "{}", page.text);
    // The other one is asked when the person chooses it.
    browser.get("/postern/code").await.shows(200, "form=\"another\"");
    assert_eq!(world.daemon.calls("Prepare").len(), 1);
    browser.post("/postern/methods", &[("method", "k1")]).await.leads_to("/postern/methods");
    browser.post("/postern/methods", &[("method", "k2")]).await.leads_to("/postern/code");
    browser.get("/postern/code").await.shows(200, "key.js");
    // With none left there is no more to do than to ask for help.
    world.daemon.on("Ask", NO_METHOD);
    browser.post("/postern/code", &[("response", r#"{"id":"y"}"#)]).await.leads_to("/postern/code");
    let page = browser.get("/postern/code").await;
    page.shows(503, "there is a copy of your security key");
    page.shows(503, r#"href="/postern/lost""#);
}

#[tokio::test]
async fn what_is_removed_meanwhile_is_not_offered_any_more() {
    let world = World::start().await;
    world.daemon.on("Prepare", sent("c1", LONG_AGO).as_str());
    let mut browser = world.challenged_by(BY_SMS).await;
    browser.post("/postern/methods", &[("method", "t1")]).await.leads_to("/postern/code");
    let without = |id: &str| {
        let mut verdict: serde_json::Value = serde_json::from_str(BY_SMS).unwrap();
        verdict["methods"].as_array_mut().unwrap().retain(|method| method["id"] != id);
        verdict.to_string()
    };
    // The choice stays while it is there, and so does the code that was sent.
    world.daemon.on("Ask", without("k1").as_str());
    let page = browser.get("/postern/methods").await;
    page.shows(200, "Code by SMS");
    assert!(!page.text.contains("My key"), "{}", page.text);
    browser.get("/postern/code").await.shows(200, "authenticator app");
    world.daemon.on("Ask", without("t1").as_str());
    browser.get("/postern/code").await.shows(200, "Enter the code that we sent");
    browser.post("/postern/methods", &[("method", "t1")]).await.leads_to("/postern/methods");
    assert_eq!(world.daemon.calls("Prepare").len(), 1);
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);
}

#[tokio::test]
async fn a_sign_in_of_which_no_code_is_asked_any_more_begins_again() {
    const FOREIGN: &str =
        r#"{"verdict":"challenge","mailbox":"eve@example.com","methods":[{"id":"t1","kind":"totp","description":""}]}"#;
    const ENROL: &str = r#"{"verdict":"enrol","mailbox":"alice@example.com","kinds":["totp"]}"#;
    for page in ["/postern/methods", "/postern/code", "/postern/backup-code"] {
        for (verdict, status, is_over) in [
            (FREE, 401, true),
            (ENROL, 401, true),
            (FOREIGN, 403, true),
            (r#"{"verdict":"refused","reason":"name"}"#, 403, true),
            (r#"{"verdict":"yes"}"#, 503, false),
            (r#"{"verdict":"refused","reason":"unavailable"}"#, 503, false),
            (r#"{"verdict":"refused","reason":"locked","mailbox":"alice@example.com"}"#, 200, false),
        ] {
            let world = World::start().await;
            world.daemon.on("Prepare", sent("c1", LONG_AGO).as_str());
            let mut browser = world.challenged_by(BY_SMS).await;
            world.daemon.on("Ask", verdict);
            assert_eq!(browser.get(page).await.status, status, "{page} {verdict}");
            assert_eq!(browser.session().is_none(), is_over, "{page} {verdict}");
            world.webmail.forget();
            browser.get("/?_task=mail").await;
            let lines = world.webmail.lines();
            assert!(!lines.iter().any(|line| line.contains("_task=mail")), "{page} {verdict}: {lines:?}");
        }
    }
}

#[tokio::test]
async fn the_tick_survives_another_code_and_another_method() {
    let world = World::start().await;
    world.daemon.on("Prepare", sent("c1", LONG_AGO).as_str());
    let trusting = BY_SMS.replace(r#""mailbox""#, r#""trust_days":30,"mailbox""#);
    let mut browser = world.challenged_by(&trusting).await;
    let ticked = |page: &crate::browser::Got| page.text.contains(r#"name="trust" value="yes" checked"#);
    let page = browser.get("/postern/code").await;
    page.shows(200, r#"formaction="/postern/send""#);
    page.shows(200, r#"formaction="/postern/methods""#);
    assert!(!ticked(&page), "{}", page.text);
    browser.post("/postern/send", &[("code", ""), ("trust", "yes")]).await.leads_to("/postern/code");
    assert!(ticked(&browser.get("/postern/code").await));
    browser.post("/postern/send", &[]).await.leads_to("/postern/code");
    assert!(ticked(&browser.get("/postern/code").await), "that form has no tick");
    browser.post("/postern/methods", &[("code", "")]).await.leads_to("/postern/methods");
    assert!(!ticked(&browser.get("/postern/code").await));
    browser.post("/postern/methods", &[("code", ""), ("trust", "yes")]).await.leads_to("/postern/methods");
    browser.post("/postern/methods", &[("method", "t1")]).await.leads_to("/postern/code");
    assert!(ticked(&browser.get("/postern/code").await));
}
