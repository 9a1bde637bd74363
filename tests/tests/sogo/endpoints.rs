//! The endpoints beside SOGo: tried with the right password while they are closed, and opened to app passwords.

use super::{Site, folder, inbox, inside, inside_by_code};
use crate::story::visitor::{Answer, Visitor, basic};

/// What takes the password alone, and what nobody needs from outside.
const ENDPOINTS: [&str; 10] = [
    "/SOGo/dav/",
    "/SOGo/DAV/",
    "/SOGo/dav/alice/Calendar/personal/",
    "/SOGo/dav/alice/Mail/0/folderINBOX/",
    "/.well-known/caldav",
    "/.well-known/carddav/",
    "/Microsoft-Server-ActiveSync?Cmd=Sync",
    "/microsoft-server-activesync",
    "/SOGo/Microsoft-Server-ActiveSync",
    "/SOGo/so/Microsoft-Server-ActiveSync",
];
const CLOSED: [&str; 14] = [
    "/SOGo/changePassword",
    "/SOGo/so/changePassword",
    "/SOGo/so/passwordRecovery",
    "/SOGo/so/alice/passwordRecoveryEmail",
    "/SOGo/casProxy?pgtId=1&pgtIou=2",
    "/SOGo/saml2-signon-post",
    "/SOGo.woa/x",
    "/principals/",
    "/SOGo/so/bob/Mail/1/folderINBOX/view",
    "/SOGo/so/bob/Mail/_1/folderINBOX/view",
    "/SOGo/dav/bob/Mail/1/",
    "/SOGo/SOGoAPI/",
    "/SOGo/connectName",
    "/SOGo/so/openid_redirect",
];
const METHODS: [&str; 6] = ["GET", "POST", "OPTIONS", "PROPFIND", "REPORT", "PUT"];
const DAV: &str = "/SOGo/dav/alice/";

/// A program: no cookies are kept.
fn program(visitor: &Visitor, method: &str, target: &str, headers: &[&str]) -> Answer {
    visitor.program(method, target, headers, &["--header", "Depth: 0"])
}

#[test]
fn no_endpoint_opens_to_the_password() {
    let mut site = Site::new();
    let (alice, _, bob) = site.alice_and_bob();
    let [stranger, challenged] = [Visitor::new(&site), inside(&site, &alice)];
    let released = inside(&site, &bob);
    inbox(&released, &bob).shows(200, "uids");
    // They really open: this is what stands behind.
    let behind = format!("{}SOGo/dav/alice/", site.webmail.url());
    let alices = basic("alice", &alice.password);
    let answer =
        stranger.curl(["--include", "--request", "PROPFIND", "--header", &alices, "--header", "Depth: 0", &behind]);
    Answer::read(&answer.stdout).shows(207, "/SOGo/dav/alice/");
    let credentials =
        [alices, basic("bob", &bob.password), basic(&alice.name, &alice.password).replace("Basic", "Negotiate")];
    let reached = site.reached(|| {
        for visitor in [&stranger, &challenged, &released] {
            let session = visitor.session_header();
            for credentials in &credentials {
                for method in METHODS {
                    for target in ENDPOINTS {
                        let answer = program(visitor, method, target, &[credentials, &session]);
                        assert_eq!(answer.status, 403, "{method} {target}\n{}", answer.head);
                        assert!(answer.headers("www-authenticate").is_empty());
                    }
                    for target in CLOSED {
                        let answer = program(visitor, method, target, &[credentials, &session]);
                        assert_eq!(answer.status, 404, "{method} {target}\n{}", answer.head);
                    }
                }
            }
        }
    });
    assert!(reached.is_empty(), "{reached:?}");
}

#[test]
fn elsewhere_credentials_say_nothing() {
    let mut site = Site::new();
    let (alice, secret, bob) = site.alice_and_bob();
    let alices = basic("alice", &alice.password);
    let trusted = "x-webobjects-remote-user: alice";
    let visitor = Visitor::new(&site);
    let reached = site.reached(|| {
        // SOGo takes them with every method of WebDAV, wherever that is sent.
        for method in ["PROPFIND", "REPORT", "MKCALENDAR", "PUT"] {
            for target in ["/SOGo/so/alice/Calendar/personal", "/SOGo/alice/Contacts/personal", "/SOGo/"] {
                let answer = program(&visitor, method, target, &[&alices, trusted]);
                answer.shows(200, "The session is over.");
            }
        }
    });
    assert!(reached.is_empty(), "{reached:?}");

    super::sign_in(&visitor, &bob);
    let session = visitor.session_header();
    let answer = program(&visitor, "PROPFIND", "/SOGo/so/alice/Calendar/personal", &[&alices, trusted, &session]);
    assert_ne!(answer.status, 207, "{}", answer.body);
    let answer = program(&visitor, "GET", &format!("{}/Preferences", folder(&alice)), &[&alices, trusted, &session]);
    assert!(!answer.body.contains(&alice.name), "{}", answer.body);

    // Her own session reads her mail; it is the same address.
    let owner = inside_by_code(&mut site, &alice, &secret);
    inbox(&owner, &alice).shows(200, "uids");
}

#[test]
fn a_calendar_synchronises_by_an_app_password_until_that_is_revoked() {
    let mut site = Site::with_endpoints("dav = \"app-password\"");
    let (alice, _) = site.protected("alice");
    let (id, typed) = site.app_password(&alice, &["--unchecked"]);
    let visitor = Visitor::new(&site);
    let reached = site.reached(|| {
        for credentials in [basic("alice", &alice.password), basic(&alice.name, &alice.password), "X: y".to_owned()] {
            let answer = program(&visitor, "PROPFIND", DAV, &[&credentials]);
            answer.shows(401, "Sign in with an app password.");
        }
    });
    assert!(reached.is_empty(), "{reached:?}");
    for name in [alice.name.as_str(), "alice"] {
        program(&visitor, "PROPFIND", DAV, &[&basic(name, &typed)]).shows(207, "/SOGo/dav/alice/");
    }
    // Through an open endpoint as well there is no other account.
    for target in ["/SOGo/dav/alice/Mail/1/", "/SOGo/dav/alice/Mail/_1/"] {
        assert_eq!(program(&visitor, "PROPFIND", target, &[&basic("alice", &typed)]).status, 404, "{target}");
    }
    let answer = program(&visitor, "GET", "/.well-known/caldav", &[&basic("alice", &typed)]);
    assert_eq!(answer.status, 301, "{}", answer.head);
    assert!(answer.location().ends_with("/SOGo/dav/"), "{}", answer.head);
    // The other endpoint is closed still.
    assert_eq!(program(&visitor, "OPTIONS", "/Microsoft-Server-ActiveSync", &[&basic("alice", &typed)]).status, 403);

    site.admin(&format!("app-password revoke {} {id}", alice.name));
    program(&visitor, "PROPFIND", DAV, &[&basic("alice", &typed)]).shows(401, "Sign in with an app password.");
}
