//! A sign-in without eyes, and a session that stays with its mailbox.

use super::{RIGHT, Site, folder, inbox, inside, inside_by_code, password, script, sign_in};
use crate::story::visitor::Visitor;
use postern_tests::sogo::Sogo;
use postern_tests::wait;

#[test]
fn the_script_hears_what_has_become_of_a_login() {
    let mut site = Site::new();
    let (alice, secret, bob) = site.alice_and_bob();
    let visitor = Visitor::new(&site);
    visitor.get("/").leads_to("/SOGo/");
    visitor.get("/SOGo/").shows(200, "app.creds.username");
    visitor.get(&folder(&alice)).leads_to("/");
    let file = "/SOGo.woa/WebServerResources/js/Main.js?lm=1";
    visitor.get(file).shows(200, "function");

    password(&visitor, &alice.name, "not it").shows(403, r#"{"LDAPPasswordPolicyError":65535}"#);
    assert_eq!(visitor.session(), "");
    // A form of another site's has another content type.
    let answer = visitor.post("/SOGo/connect", &[("userName", "alice"), ("password", &alice.password)]);
    assert_eq!(answer.status, 400, "{}", answer.head);
    script(&visitor, "/SOGo/connect", r#"{"userName":"alice","password":"x","password":"y"}"#).shows(400, "{}");

    // Whatever name is typed, her account is found by the address that SOGo names.
    let another = Visitor::new(&site);
    for (visitor, name) in [(&another, "alice"), (&visitor, alice.name.as_str())] {
        password(visitor, name, &alice.password).shows(200, RIGHT);
        visitor.get("/SOGo/so/alice/Mail/view").leads_to("/postern/code");
        inbox(visitor, &alice).shows(200, "The session is over.");
    }
    visitor.code(&site.next_code(&secret)).leads_to("/SOGo/");
    inbox(&visitor, &alice).shows(200, "uids");

    // Who is not enabled notices nothing at all.
    let other = inside(&site, &bob);
    inbox(&other, &bob).shows(200, "uids");
}

#[test]
fn a_link_leads_there_after_signing_in() {
    let mut site = Site::new();
    let (alice, secret, bob) = site.alice_and_bob();
    for mailbox in [&alice, &bob] {
        let link = format!("{}/Calendar/view", folder(mailbox));
        let visitor = Visitor::new(&site);
        visitor.get(&link).leads_to("/");
        visitor.get("/").leads_to("/SOGo/");
        visitor.get("/SOGo/").shows(200, "app.creds.username");
        sign_in(&visitor, mailbox);
        // Where the script goes then.
        if mailbox.name == alice.name {
            visitor.get(&folder(mailbox)).leads_to("/postern/code");
            visitor.code(&site.next_code(&secret)).leads_to(&link);
        } else {
            visitor.get(&folder(mailbox)).leads_to(&link);
        }
        visitor.get(&link).shows(200, "SOGo");
    }
}

#[test]
fn a_session_does_not_become_another_users() {
    let mut site = Site::new();
    let (alice, secret, bob) = site.alice_and_bob();
    let visitor = inside(&site, &bob);
    let before = visitor.session();

    // Every spelling of the sign-in is one: it leads to the code, and the first session is over.
    sign_in(&visitor, &alice);
    assert_ne!(visitor.session(), before);
    visitor.get(&folder(&bob)).leads_to("/postern/code");
    for target in ["/SOGo/so/connect", "/SOGo/CONNECT", "/SOGo/so/bob/connect", "/SOGo/so/bob/Mail/connect"] {
        let thief = inside(&site, &bob);
        let login = serde_json::json!({ "userName": "alice", "password": alice.password });
        script(&thief, target, &login.to_string());
        assert!(!inbox(&thief, &alice).body.contains("uids"), "{target}");
    }

    // Signing out is seen by the front, whoever asks for it.
    let owner = inside_by_code(&mut site, &alice, &secret);
    let answer = owner.get(&format!("{}/logoff", folder(&alice)));
    assert_eq!(answer.status, 302, "{}", answer.head);
    inbox(&owner, &alice).shows(200, "The session is over.");
}

#[test]
fn an_address_that_changes_in_the_directory_leads_past_no_code() {
    let mut site = Site::new();
    let (alice, secret) = site.protected("alice");
    // Postern knows nothing of this one, so it would ask for no code there.
    let another = "alice.a@example.com";
    site.webmail.readdress("alice", another).unwrap();
    let visitor = Visitor::new(&site);
    assert_ne!(password(&visitor, another, &alice.password).status, 200);
    assert_eq!(visitor.session(), "");
    inbox(&visitor, &alice).shows(200, "The session is over.");

    // Told that it is hers, it asks her.
    site.admin(&format!("account alias add {} {another}", alice.name));
    password(&visitor, another, &alice.password).shows(200, RIGHT);
    visitor.get(&folder(&alice)).leads_to("/postern/code");
    visitor.code(&site.next_code(&secret)).leads_to("/SOGo/");
    inbox(&visitor, &alice).shows(200, "uids");
}

#[test]
fn an_account_kept_from_other_days_locks_nobody_out() {
    let site = Site::new();
    let [alice, bob] = ["alice", "bob"].map(|person| site.mailbox(person));
    sign_in(&Visitor::new(&site), &alice);
    let kept = serde_json::json!({ "AuxiliaryMailAccounts": [{
        "name": "alice", "userName": alice.name, "password": alice.password, "serverName": "127.0.0.1"
    }] });
    site.webmail.keep_preferences("bob", &kept.to_string()).unwrap();
    let visitor = inside(&site, &bob);
    inbox(&visitor, &bob).shows(200, "uids");
    let preferences = script(&visitor, &format!("{}/jsonDefaults", folder(&bob)), "");
    assert!(preferences.body.contains(&alice.password), "SOGo has not kept it\n{}", preferences.body);
}

#[test]
fn where_mailboxes_can_be_added_nobody_is_let_in() {
    let site = Site::started_by(Sogo::start_with_bypasses, "");
    let bob = site.mailbox("bob");
    let visitor = Visitor::new(&site);
    assert_eq!(password(&visitor, &bob.name, &bob.password).status, 503);
    assert_eq!(visitor.session(), "");
    wait::until("the front to say why", || {
        Ok(site.proxy.log().contains("set `SOGoMailAuxiliaryUserAccountsEnabled = NO;`").then_some(()))
    })
    .unwrap();
}
