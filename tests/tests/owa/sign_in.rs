//! Signing in and out, with and without a code.

use super::{Site, call, inside, inside_by_code, open, password, reads, sign_in};
use crate::story::visitor::Visitor;

#[test]
fn a_code_stands_between_the_password_and_the_mail() {
    let mut site = Site::new();
    let (alice, secret) = site.protected("alice");
    let visitor = Visitor::new(&site);
    visitor.get("/").leads_to("/owa/");
    visitor.get("/owa/").shows(200, "name=\"username\"");
    visitor.get("/owa/auth/15.2.1544/themes/resources/logon.css").shows(200, ".signinbutton");

    let watch = site.watch();
    sign_in(&visitor, &alice).leads_to("/postern/code");
    let own = [
        "GET /owa/auth/logon.aspx?replaceCurrent=1&reason=0",
        "POST /owa/auth.owa",
        "GET /owa/",
        "POST /owa/service.svc?action=GetOwaUserConfiguration&AC=1",
    ];
    assert_eq!(watch.lines(&site), own);
    for target in ["/owa/", "/ecp/", "/owa/service.svc?action=FindConversation", "/owa/auth/15.2.1544/themes/x.css"] {
        visitor.get(target);
        visitor.post(target, &[("x", "y")]);
    }
    let script = visitor.request("/owa/ev.owa2?ns=PendingRequest", &["--header", "X-Requested-With: XMLHttpRequest"]);
    script.shows(440, "440 Login Timeout");
    assert_eq!(watch.lines(&site), own, "while a code is awaited nothing goes upstream");

    let code = site.next_code(&secret);
    visitor.code(&code).leads_to("/owa/");
    let canary = open(&visitor);
    assert!(reads(&visitor, &canary, &alice));
}

#[test]
fn a_link_to_a_message_leads_there_after_signing_in() {
    let mut site = Site::new();
    let (alice, secret, bob) = site.alice_and_bob();
    let link = "/owa/?ItemID=AAMkAD%2Bx%3D&exvsurl=1&viewmodel=ReadMessageItem";
    // As Exchange itself sends people to its login page.
    let host = Visitor::new(&site).address("").replace(':', "%3a").replace('/', "%2f");
    let carried = "%2fowa%2f%3fItemID%3dAAMkAD%252Bx%253D%26exvsurl%3d1%26viewmodel%3dReadMessageItem";
    let page = format!("/owa/auth/logon.aspx?replaceCurrent=1&url={host}{carried}&reason=0");
    let elsewhere = format!("/owa/auth/logon.aspx?url=https%3a%2f%2fevil.example{carried}&reason=0");
    for (address, wanted) in [(link, link), (&page, link), (&elsewhere, "/owa/")] {
        let visitor = Visitor::new(&site);
        visitor.get(address).shows(200, "name=\"username\"");
        sign_in(&visitor, &alice).leads_to("/postern/code");
        visitor.code(&site.next_code(&secret)).leads_to(wanted);
        let visitor = Visitor::new(&site);
        visitor.get(address).shows(200, "name=\"username\"");
        sign_in(&visitor, &bob).leads_to(wanted);
        visitor.get(wanted).shows(200, "Mail - Outlook");
    }
}

#[test]
fn the_browser_gets_no_cookie_but_ours_and_what_its_script_reads() {
    let site = Site::new();
    let bob = site.mailbox("bob");
    let visitor = Visitor::new(&site);
    let mut heads = sign_in(&visitor, &bob).head;
    for target in ["/owa/", "/owa/", "/ecp/", "/owa/logoff.owa"] {
        heads += &visitor.get(target).head;
    }
    let cookies: Vec<&str> = heads.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
    let ours = |name: &str| cookies.iter().filter(|line| line.starts_with(name)).count();
    assert_eq!((ours("__Host-postern="), ours("X-OWA-CANARY="), ours("msExchEcpCanary=")), (2, 1, 1), "{cookies:?}");
    // After signing out, the login page comes with its own.
    assert_eq!((ours("__Host-postern-browser="), ours("__Host-postern-login=")), (1, 1), "{cookies:?}");
    assert_eq!(cookies.len(), 6, "{cookies:?}");
    let canary = cookies.iter().find(|line| line.starts_with("X-OWA-CANARY=")).unwrap();
    assert!(canary.ends_with("; Secure; SameSite=Lax; Path=/"), "{canary}");
    assert!(!heads.to_lowercase().contains("cadata"));
}

#[test]
fn one_mailbox_has_many_names() {
    let mut site = Site::new();
    let (alice, _) = site.protected("alice");
    for name in ["alice", "ALICE@Example.com", "example.com\\Alice", " alice@example.com "] {
        password(&Visitor::new(&site), name, &alice.password).leads_to("/postern/code");
    }
}

#[test]
fn a_login_is_taken_wherever_it_is_posted() {
    let mut site = Site::new();
    let (alice, _) = site.protected("alice");
    for target in ["/OWA/AUTH.OWA", "/owa/auth/owaauth.dll", "/ecp/auth.owa", "/any/where/OwaAuth.DLL", "/EWS/auth.owa"]
    {
        let watch = site.watch();
        let fields = [("destination", "https://evil.example/"), ("username", "alice"), ("password", &alice.password)];
        Visitor::new(&site).post(target, &fields).leads_to("/postern/code");
        let posts: Vec<String> = watch.lines(&site).into_iter().filter(|line| line.starts_with("POST")).collect();
        assert_eq!(posts[0], "POST /owa/auth.owa", "{target}");
        let form = String::from_utf8(watch.reached(&site)[1].body.clone()).unwrap();
        assert!(form.starts_with("destination=https%3A%2F%2Flocalhost%3A") && !form.contains("evil"), "{form}");
    }
}

#[test]
fn a_wrong_password_is_told_by_the_webmails_own_page() {
    let mut site = Site::new();
    site.protected("alice");
    let wrong = "/owa/auth/logon.aspx?replaceCurrent=1&reason=2";
    for name in ["alice@example.com", "bob@example.com", "nobody@example.com"] {
        let visitor = Visitor::new(&site);
        password(&visitor, name, "not it").leads_to(wrong);
        visitor.get(wrong).shows(200, "isn't correct");
        assert!(visitor.session().is_empty());
    }
}

#[test]
fn an_expired_password_opens_nothing_and_changes_nothing() {
    let mut site = Site::new();
    let (alice, _) = site.protected("alice");
    site.webmail.expire(&alice.name);
    let visitor = Visitor::new(&site);
    sign_in(&visitor, &alice).leads_to("/owa/auth/logon.aspx?replaceCurrent=1&reason=2");
    let watch = site.watch();
    let (bob, _) = inside(&site, &site.mailbox("bob"));
    let change = [("username", "alice"), ("oldPwd", &alice.password), ("newPwd1", "x"), ("newPwd2", "x")];
    for visitor in [&visitor, &bob] {
        visitor.get("/owa/auth/expiredpassword.aspx").shows(404, "");
        visitor.post("/owa/auth/ExpiredPassword.aspx?url=/owa/auth.owa", &change).shows(404, "");
    }
    assert!(watch.lines(&site).iter().all(|line| !line.to_lowercase().contains("expired")));
}

#[test]
fn a_mailbox_that_was_never_opened_is_opened_and_no_more_under_the_name_that_was_typed() {
    let (site, alice, bob) = Site::of_two();
    site.webmail.never_opened(&alice.name);
    site.webmail.never_opened(&bob.name);
    sign_in(&Visitor::new(&site), &alice).leads_to("/postern/code");
    let visitor = Visitor::new(&site);
    sign_in(&visitor, &bob).leads_to("/owa/languageselection.aspx");
    let watch = site.watch();
    assert_eq!(call(&visitor, "FindItem", "").status, 440, "nothing but the language");
    assert_eq!(visitor.post("/ecp/rules.svc", &[("a", "b")]).status, 440);
    assert!(watch.lines(&site).is_empty());
    visitor.get("/owa/languageselection.aspx").shows(200, "/owa/lang.owa");
    assert!(visitor.post("/owa/lang.owa", &[("lcid", "1033")]).location().ends_with("/owa/"));
    assert!(visitor.get("/owa/").location().contains("logon.aspx"), "Exchange has not said whose it is");
    sign_in(&visitor, &bob).leads_to("/owa/");
    let canary = open(&visitor);
    assert!(reads(&visitor, &canary, &bob));
}

#[test]
fn who_is_in_is_learned_in_either_way() {
    let mut site = Site::new();
    let (alice, _) = site.protected("alice");
    site.webmail.be_reticent();
    let watch = site.watch();
    sign_in(&Visitor::new(&site), &alice).leads_to("/postern/code");
    assert_eq!(watch.lines(&site).last().unwrap(), "POST /owa/sessiondata.ashx?appcacheclient=0");
}

#[test]
fn signing_out_ends_both_sessions() {
    for target in ["/owa/logoff.owa", "/OWA/Logoff.owa?src=x"] {
        let mut site = Site::new();
        let (alice, secret) = site.protected("alice");
        let (visitor, canary) = inside_by_code(&mut site, &alice, &secret);
        let answer = visitor.get(target);
        assert_eq!((answer.status, answer.location()), (302, "/owa/auth/logoff.aspx?Cmd=logoff&src=exch"), "{target}");
        visitor.get(answer.location()).shows(200, "You signed out");
        call(&visitor, "FindConversation", &canary).shows(440, "440 Login Timeout");
        visitor.get("/owa/").shows(200, "name=\"username\"");
    }
}

#[test]
fn when_exchange_forgets_a_session_it_is_over_here_too() {
    let site = Site::new();
    let bob = site.mailbox("bob");
    let [(script, canary), (person, _)] = [(); 2].map(|()| inside(&site, &bob));
    site.webmail.forget_sessions();
    person.get("/ecp/").leads_to("/owa/auth/logon.aspx?replaceCurrent=1&reason=3");
    person.get("/owa/auth/logon.aspx?replaceCurrent=1&reason=3").shows(200, "Your session has timed out.");
    for _ in 0..2 {
        call(&script, "FindConversation", &canary).shows(440, "440 Login Timeout");
    }
}
