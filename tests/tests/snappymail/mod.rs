//! SnappyMail behind the front, over an imitation: the story of a sign-in as its script has it, the ways around that its
//! source knows, and a session that stays with its mailbox.

use crate::story::visitor::{Answer, Visitor};
use postern_tests::mailboxes::{self, Mailbox};
use postern_tests::snappymail::{Reached, SnappyMail};
use postern_tests::wait;
use serde_json::{Value, json};

/// Where calls go.
const CALL: &str = "/?/Json/&q[]=/0/";
const APP_DATA: &str = "/?/AppData/0/8372910468713/";
/// What the script loads once a password was right.
const ONWARD: &str = "/?/Lang/0/App/onward/onward/";

/// A world in which time can be moved, before SnappyMail.
type Site = crate::site::Site<SnappyMail>;

impl Site {
    fn new(additional_accounts: bool) -> Site {
        let webmail = SnappyMail::start(&mailboxes::all(), additional_accounts).unwrap();
        let url = webmail.url();
        Site::before(webmail, "snappymail", url, "")
    }

    /// What reaches SnappyMail while `act` runs: all between two requests that are known.
    fn reached(&self, act: impl FnOnce()) -> Vec<Reached> {
        let mark = |name: &str| {
            let file = format!("/snappymail/v/2.38.2/static/css/{name}.css");
            Visitor::new(self).get(&file).shows(200, "body");
            let at = || self.webmail.reached().iter().rposition(|request| request.line.ends_with(&file));
            wait::until("a request to be told", || Ok(at())).unwrap()
        };
        let first = mark("first");
        act();
        let last = mark("last");
        self.webmail.reached()[first + 1..last].to_vec()
    }
}

/// A call of the script's, with the token that it was given.
fn call(visitor: &Visitor, action: &str, fields: Value) -> Answer {
    let data: Value = serde_json::from_str(&visitor.get(APP_DATA).body).unwrap_or_default();
    let token = format!("X-SM-Token: {}", data["System"]["token"].as_str().unwrap_or_default());
    let Value::Object(mut fields) = fields else { panic!("no fields: {fields}") };
    fields.insert("Action".to_owned(), action.into());
    let body = Value::Object(fields).to_string();
    visitor.request(CALL, &["--header", "Content-Type: application/json", "--header", &token, "--data", &body])
}

fn password(visitor: &Visitor, name: &str, password: &str) -> Answer {
    call(visitor, "Login", json!({ "Email": name, "Password": password, "signMe": 1, "language": "" }))
}

/// Signs in with the password; the script is told to load the page anew.
#[track_caller]
fn sign_in(visitor: &Visitor, mailbox: &Mailbox) {
    password(visitor, &mailbox.name, &mailbox.password).shows(200, r#""language":"onward""#);
    let script = visitor.get(ONWARD);
    script.shows(200, "location.reload();");
    assert!(script.headers("content-type")[0].starts_with("application/javascript"));
}

/// Whether its session reads this mailbox.
fn reads(visitor: &Visitor, mailbox: &Mailbox) -> bool {
    call(visitor, "MessageList", json!({})).body.contains(&mailbox.private_subject())
}

#[test]
fn from_the_password_to_the_code_to_the_mail_and_out() {
    let mut site = Site::new(false);
    let (alice, secret, bob) = site.alice_and_bob();
    let visitor = Visitor::new(&site);
    visitor.get("/").shows(200, "rl-app");
    visitor.get("/?/Lang/0/App/fr/2.38.2/").shows(200, "snappymailI18N");
    visitor.get(APP_DATA).shows(200, r#""Auth": false"#);
    password(&visitor, &alice.name, "not it").shows(200, r#""code":102"#);
    // What is no login has no session to be called in.
    call(&visitor, "MessageList", json!({})).shows(200, r#""code":101"#);
    assert_eq!(visitor.session(), "");

    sign_in(&visitor, &alice);
    let reached = site.reached(|| {
        visitor.get("/").leads_to("/postern/code");
        visitor.get(APP_DATA).leads_to("/postern/code");
        call(&visitor, "MessageList", json!({})).shows(200, r#""code":101"#);
        visitor.get("/?/Json/&q[]=/0/MessageList/&q[]=/x").shows(200, r#""code":101"#);
        visitor.get("/?/Raw/&q[]=/0/Download/&q[]=/x").leads_to("/postern/code");
    });
    assert!(reached.is_empty(), "{reached:?}");
    visitor.code(&site.next_code(&secret)).leads_to("/");
    visitor.get(APP_DATA).shows(200, &format!(r#""mainEmail": "{}""#, alice.name));
    assert!(reads(&visitor, &alice));
    visitor.get(ONWARD).shows(200, "location.reload();");

    call(&visitor, "Logout", json!({})).shows(200, r#""Result": true"#);
    assert!(!reads(&visitor, &alice));
    visitor.get("/").shows(200, "rl-app");

    // Who is not enabled notices nothing at all.
    sign_in(&visitor, &bob);
    assert!(reads(&visitor, &bob));
}

#[test]
fn a_mail_that_was_to_be_written_is_written_after_signing_in() {
    let mut site = Site::new(false);
    let (alice, secret, bob) = site.alice_and_bob();
    let link = "/?mailto&to=mailto%3Adave%40example.com";
    for mailbox in [&alice, &bob] {
        let visitor = Visitor::new(&site);
        visitor.get(link).leads_to("/");
        visitor.get("/").shows(200, "rl-app");
        sign_in(&visitor, mailbox);
        if mailbox.name == alice.name {
            // The script loads the page anew.
            visitor.get("/").leads_to("/postern/code");
            visitor.code(&site.next_code(&secret)).leads_to(link);
        } else {
            visitor.get("/").leads_to(link);
        }
        visitor.get(link).shows(200, "rl-app");
        visitor.get("/").shows(200, "rl-app");
    }
}

#[test]
fn no_way_around_reaches_it() {
    let mut site = Site::new(false);
    let (alice, _, bob) = site.alice_and_bob();
    let visitors = [(); 3].map(|()| Visitor::new(&site));
    let [_, challenged, released] = &visitors;
    sign_in(challenged, &alice);
    sign_in(released, &bob);
    assert!(reads(released, &bob));
    let reached = site.reached(|| {
        for visitor in &visitors {
            for target in [
                "/?admin",
                "/?/admin/",
                "/?admin/Json/&q[]=/0/",
                "/?/AdminAppData/0/1/",
                "/?sso&hash=x",
                "/?/Sso/&q[]=/x",
                "/?ExternalLogin&Email=alice@example.com&Password=x",
                "/?/ExternalLogin/",
                "/?&q[]=/admin",
                "/?/Lang/&q[]=/admin",
                "/?LoginOAuth2",
                "/index.php?/Json/&q[]=/0/",
                "/index.php/?admin",
                "/data/",
            ] {
                visitor.get(target).shows(404, "");
                visitor.post(target, &[("Email", &alice.name), ("Password", &alice.password)]).shows(404, "");
            }
        }
    });
    assert!(reached.is_empty(), "{reached:?}");

    // Nobody is believed to be somebody by a header.
    let trusted = ["--header", "Authorization: Basic YWxpY2U6eA==", "--header", "Remote-User: alice@example.com"];
    let reached = site.reached(|| drop(released.request(APP_DATA, &trusted)));
    let seen = |name: &str| reached.iter().any(|request| request.headers.iter().any(|header| header == name));
    assert!(reached.len() == 1 && !seen("authorization") && !seen("remote-user"), "{reached:?}");
}

#[test]
fn where_mailboxes_can_be_added_nobody_is_let_in() {
    let site = Site::new(true);
    let bob = site.mailbox("bob");
    let visitor = Visitor::new(&site);
    password(&visitor, &bob.name, &bob.password).shows(200, r#""code":104"#);
    assert_eq!(visitor.session(), "");
    wait::until("the front to say why", || {
        Ok(site.proxy.log().contains("set `allow_additional_accounts = Off`").then_some(()))
    })
    .unwrap();
}

#[test]
fn a_session_does_not_become_another_users() {
    let mut site = Site::new(false);
    let (alice, _, bob) = site.alice_and_bob();
    let login = json!({ "Email": alice.name, "Password": alice.password });
    for (action, fields) in [("Login", login), ("AccountSwitch", json!({ "Email": alice.name }))] {
        let thief = Visitor::new(&site);
        sign_in(&thief, &bob);
        let answer = call(&thief, action, fields);
        answer.shows(200, r#""code":101"#);
        assert!(!answer.body.contains(&alice.name), "{action}: {}", answer.body);
        assert!(!reads(&thief, &alice) && !reads(&thief, &bob), "{action}: the session is over");
    }
}
