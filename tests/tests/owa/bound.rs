//! A released session stays that of one login.

use super::{Site, inside, password, reads, sign_in};
use crate::story::visitor::{Answer, session_header};

#[test]
fn a_login_inside_a_session_is_a_login() {
    let (site, alice, bob) = Site::of_two();
    let (visitor, canary) = inside(&site, &bob);
    let session = visitor.session();
    password(&visitor, "alice", "not it").leads_to("/owa/auth/logon.aspx?replaceCurrent=1&reason=2");
    assert!(reads(&visitor, &canary, &bob), "a slip costs no session");
    sign_in(&visitor, &alice).leads_to("/postern/code");
    assert_ne!(visitor.session(), session);
    let old = session_header(&session);
    let answer =
        visitor.curl(["--header", &old, "--data", "{}", &visitor.address("/owa/service.svc?action=FindConversation")]);
    assert!(answer.stdout.contains("440 Login Timeout"), "{answer:?}");
}

#[test]
fn a_login_in_disguise_opens_no_other_mailbox() {
    let (site, alice, bob) = Site::of_two();
    let form = format!("destination=%2Fowa%2F&username=alice&password={}&isUtf8=1", alice.password);
    let form_type = "Content-Type: application/x-www-form-urlencoded";
    let multipart =
        [("username", "alice"), ("password", &alice.password)].map(|(name, value)| format!("{name}={value}"));
    let headers = |more: &'static str, method: &'static str| vec!["--header", more, "--request", method];
    let disguises: Vec<(&str, Vec<&str>)> = vec![
        ("/owa/", headers("X-Rewrite-URL: /owa/auth.owa", "POST")),
        ("/owa/", headers("X-Original-URL: /owa/auth.owa", "POST")),
        ("/owa/x", headers("X-HTTP-Method-Override: POST", "GET")),
        ("/owa/auth.owa", headers("X-HTTP-Method-Override: POST", "GET")),
        ("/owa/auth.owa", headers("X-HTTP-Method-Override: POST", "PUT")),
        ("/owa/auth%2eowa", headers(form_type, "POST")),
        ("/owa/auth.owa;x", headers(form_type, "POST")),
        ("/owa/auth.owa/.", headers(form_type, "POST")),
        ("/owa/auth.owa.", headers(form_type, "POST")),
        ("/owa/auth.owa%20", headers(form_type, "POST")),
        ("/owa/x/..%2fauth.owa", headers(form_type, "POST")),
        ("/owa/x/../auth.owa", headers(form_type, "POST")),
        ("//owa//auth.owa", headers(form_type, "POST")),
        ("/owa/auth.owa::$DATA", headers(form_type, "POST")),
        ("/owa/auth.owa", headers("Content-Type: text/plain", "POST")),
        ("/owa/auth.owa", vec!["--form-string", &multipart[0], "--form-string", &multipart[1]]),
    ];
    for (target, mut args) in disguises {
        let (visitor, canary) = inside(&site, &bob);
        let watch = site.watch();
        if !args.contains(&"--form-string") {
            args.extend(["--data", &form]);
        }
        args.extend(["--http1.1", "--request-target", target]);
        let Answer { head, body, .. } = visitor.request("/", &args);
        assert!(!body.contains(&alice.private_subject()) && !head.contains("cadata"), "{target}\n{head}\n{body}");
        assert!(!reads(&visitor, &canary, &alice), "{target}");
        let logins = watch.lines(&site).into_iter().filter(|line| line.to_lowercase().contains("auth.owa"));
        // Only what is known for a login goes there, rebuilt, and then a code is asked for.
        let at_code = head.contains("/postern/code");
        assert_eq!(logins.count(), usize::from(at_code), "{target}\n{head}");
    }
}
