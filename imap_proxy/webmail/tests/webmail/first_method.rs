//! The first method, where it is not an authenticator app, and the administrator's enrolment code before it.

use crate::browser::{Browser, ORIGIN};
use crate::front::{ALICE, CONFIRMED, OFFERED, World};

const KINDS: &str = r#""kinds":["totp","sms","email","key"]"#;
const GUARDED: &str = r#"{"verdict":"refused","reason":"enrolment_code"}"#;
const WRONG: &str = r#"{"verdict":"refused","reason":"wrong","failures":0}"#;

fn enrol(kinds: &str) -> String {
    format!(r#"{{"verdict":"enrol","mailbox":"alice@example.com",{kinds}}}"#)
}

fn offered() -> String {
    OFFERED.replacen('{', &format!("{{{KINDS},"), 1)
}

fn sent(ticket: &str, to: &str) -> String {
    format!(
        r#"{{"verdict":"sent","mailbox":"alice@example.com","ticket":"{ticket}","to":"{to}","again":1000000000,{KINDS}}}"#
    )
}

fn key(ticket: &str) -> String {
    let options = r#"{\"pubKeyCredParams\":[]}"#;
    format!(r#"{{"verdict":"key","mailbox":"alice@example.com","ticket":"{ticket}","options":"{options}",{KINDS}}}"#)
}

async fn at_the_set_up(world: &World, kinds: &str) -> Browser {
    world.daemon.on("Ask", enrol(kinds).as_str());
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/set-up");
    browser
}

#[tokio::test]
async fn a_number_is_confirmed_with_the_code_that_was_sent_there() {
    let world = World::start().await;
    world.daemon.on("Enrol", offered().as_str());
    let mut browser = at_the_set_up(&world, KINDS).await;
    let page = browser.get("/postern/set-up").await;
    page.shows(200, "JBSW Y3DP EHPK 3PXP");
    page.shows(200, "Set up another way");
    assert!(page.text.contains(r#"value="sms""#) && !page.text.contains(r#"value="totp""#), "{}", page.text);

    let so_far = world.daemon.calls("Enrol").len();
    browser.post("/postern/set-up-with", &[("method", "sms")]).await.leads_to("/postern/set-up");
    browser.get("/postern/set-up").await.shows(200, "Phone number with country code");
    browser.post("/postern/set-up", &[("destination", " ")]).await.shows(400, "international form");
    assert_eq!(world.daemon.calls("Enrol").len(), so_far, "nothing is asked before there is a number");
    for (reason, status, text) in [
        ("unfit", 400, "international form"),
        ("in_use", 403, "That number is in use already"),
        ("not_sent", 403, "The code could not be sent"),
        ("too_many", 403, "No more codes can be sent today"),
    ] {
        world.daemon.on("Enrol", format!(r#"{{"verdict":"refused","reason":"{reason}"}}"#).as_str());
        let page = browser.post("/postern/set-up", &[("destination", "0612345678")]).await;
        page.shows(status, text);
        page.shows(status, r#"value="0612345678""#);
    }
    world.daemon.on("Enrol", sent("ticket-2", "+33612345678").as_str());
    browser.post("/postern/set-up", &[("destination", "+33 612345678")]).await.leads_to("/postern/set-up");
    let call = world.daemon.calls("Enrol").pop().unwrap();
    assert!(call.contains(r#""kind":"sms","to":"+33 612345678","language":"en""#), "{call}");

    // Looking at it sends nothing; another code is a form.
    let so_far = world.daemon.calls("Enrol").len();
    browser.get("/postern/set-up").await.shows(200, "We have sent a code to <strong>+33612345678</strong>");
    browser.get("/postern/send").await.leads_to("/postern/set-up");
    assert_eq!(world.daemon.calls("Enrol").len(), so_far);
    world.daemon.on("Enrol", sent("ticket-3", "+33612345678").as_str());
    browser.post("/postern/send", &[]).await.leads_to("/postern/set-up");
    let call = world.daemon.calls("Enrol").pop().unwrap();
    assert!(call.contains(r#""ticket":"ticket-2""#) && !call.contains(r#""to":"#), "{call}");

    world.daemon.on("Confirm", WRONG);
    let fields = [("code", "111111"), ("description", "Mobile")];
    let page = browser.post("/postern/set-up", &fields).await;
    page.shows(403, "have another one sent");
    page.shows(403, r#"value="Mobile""#);
    world.daemon.on("Confirm", CONFIRMED);
    let fields = [("code", "123 456"), ("description", "Mobile")];
    browser.post("/postern/set-up", &fields).await.leads_to("/postern/backup-codes");
    let call = world.daemon.calls("Confirm").pop().unwrap();
    assert!(call.contains(r#""ticket":"ticket-3","code":"123456","description":"Mobile""#), "{call}");
}

#[tokio::test]
async fn a_key_is_set_up_with_what_the_script_sends() {
    let world = World::start().await;
    world.daemon.on("Enrol", offered().as_str());
    let mut browser = at_the_set_up(&world, KINDS).await;
    world.daemon.on("Enrol", key("ticket-4").as_str());
    browser.post("/postern/set-up-with", &[("method", "key")]).await.leads_to("/postern/set-up");
    let call = world.daemon.calls("Enrol").pop().unwrap();
    assert!(call.contains(r#""kind":"key""#) && call.contains(&format!(r#""site":"{ORIGIN}""#)), "{call}");
    browser.get("/postern/set-up").await.shows(200, r#"{"pubKeyCredParams":[]}"#);
    browser.post("/postern/set-up", &[("response", "")]).await.shows(400, "has given no answer");
    world.daemon.on("Confirm", r#"{"verdict":"refused","reason":"in_use"}"#);
    let fields = [("response", "{}"), ("description", "My key")];
    browser.post("/postern/set-up", &fields).await.shows(403, "This key is set up already");
    world.daemon.on("Confirm", CONFIRMED);
    browser.post("/postern/set-up", &fields).await.leads_to("/postern/backup-codes");
    let call = world.daemon.calls("Confirm").pop().unwrap();
    assert!(call.contains(r#""ticket":"ticket-4","code":"{}","description":"My key""#), "{call}");
}

#[tokio::test]
async fn the_enrolment_code_comes_first_and_goes_with_each_beginning() {
    let world = World::start().await;
    world.daemon.on("Enrol", GUARDED);
    let mut browser = at_the_set_up(&world, KINDS).await;
    let page = browser.get("/postern/set-up").await;
    page.shows(200, "Enter your enrolment code");
    assert!(!page.text.contains("JBSW"), "{}", page.text);
    browser.post("/postern/set-up", &[("code", " ")]).await.shows(400, "just as you got it");
    assert_eq!(world.daemon.calls("Enrol").len(), 1);
    browser.post("/postern/set-up", &[("code", "wrong")]).await.shows(403, "That enrolment code is not right");
    // No way around it: the daemon is asked without a code, and says what is missing.
    browser.post("/postern/set-up-with", &[("method", "key")]).await.shows(200, "Enter your enrolment code");
    assert!(!world.daemon.calls("Enrol").pop().unwrap().contains("enrolment_code"));

    world.daemon.on("Enrol", offered().as_str());
    browser.post("/postern/set-up", &[("code", " abcd-efgh ")]).await.leads_to("/postern/set-up");
    let call = world.daemon.calls("Enrol").pop().unwrap();
    assert!(call.contains(r#""enrolment_code":"abcd-efgh""#), "{call}");
    browser.get("/postern/set-up").await.shows(200, "JBSW Y3DP EHPK 3PXP");
    world.daemon.on("Enrol", key("ticket-5").as_str());
    browser.post("/postern/set-up-with", &[("method", "key")]).await.leads_to("/postern/set-up");
    assert!(world.daemon.calls("Enrol").pop().unwrap().contains(r#""enrolment_code":"abcd-efgh""#));
}

#[tokio::test]
async fn without_apps_the_first_possible_kind_is_set_up() {
    let world = World::start().await;
    let mut browser = at_the_set_up(&world, r#""kinds":["key","email"]"#).await;
    assert!(world.daemon.calls("Enrol").is_empty());
    let page = browser.get("/postern/set-up").await;
    page.shows(200, "Your other email address");
    page.shows(200, r#"value="key""#);
    browser.post("/postern/set-up-with", &[("method", "totp")]).await.leads_to("/postern/set-up");
    assert!(world.daemon.calls("Enrol").is_empty(), "what is not offered is not asked for");

    world.daemon.on("Enrol", key("ticket-6").as_str());
    let mut browser = at_the_set_up(&world, r#""kinds":["key"]"#).await;
    browser.get("/postern/set-up").await.shows(200, "Set up a security key");
}

#[tokio::test]
async fn an_enrolment_of_another_kind_or_mailbox_is_none() {
    let world = World::start().await;
    let of_eve = offered().replace("alice", "eve");
    for (verdict, status) in [(of_eve.as_str(), 403), (&key("t"), 503), (&sent("t", "+33612345678"), 503)] {
        world.daemon.on("Ask", enrol(KINDS).as_str());
        world.daemon.on("Enrol", verdict);
        let mut browser = world.browser();
        assert_eq!(browser.sign_in(ALICE, "right").await.status, status, "{verdict}");
        assert!(browser.cookies.is_empty(), "{verdict}");
    }
}
