//! The doors beside SOGo: tried with the right password while they are closed, and opened to app passwords.

use super::{Site, basic, folder, inbox, sign_in, sign_in_with};
use crate::story::visitor::{Answer, Visitor};

/// What takes the password alone, and what nobody needs from outside.
const DOORS: [&str; 10] = [
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
    let url = visitor.address(target);
    let mut args = vec!["--include", "--request", method, "--header", "Depth: 0"];
    args.extend(headers.iter().flat_map(|header| ["--header", header]));
    Answer::read(&visitor.curl(args.into_iter().chain([url.as_str()])).stdout)
}

#[test]
fn no_door_opens_to_the_password() {
    let mut site = Site::new();
    let [alice, bob] = ["alice", "bob"].map(|person| site.mailbox(person));
    site.protect(&alice);
    let visitors = [(); 3].map(|()| Visitor::new(&site));
    let [stranger, challenged, released] = &visitors;
    // They really open: this is what stands behind.
    let behind = format!("{}SOGo/dav/alice/", site.sogo.url());
    let alices = basic("alice", &alice.password);
    let answer =
        stranger.curl(["--include", "--request", "PROPFIND", "--header", &alices, "--header", "Depth: 0", &behind]);
    Answer::read(&answer.stdout).shows(207, "/SOGo/dav/alice/");

    sign_in(challenged, &alice);
    sign_in(released, &bob);
    inbox(released, &bob).shows(200, "uids");
    let credentials =
        [alices, basic("bob", &bob.password), basic(&alice.name, &alice.password).replace("Basic", "Negotiate")];
    let reached = site.reached(|| {
        for visitor in [stranger, challenged, released] {
            let session = format!("Cookie: __Host-postern={}", visitor.session());
            for credentials in &credentials {
                for method in METHODS {
                    for target in DOORS {
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
    let [alice, bob] = ["alice", "bob"].map(|person| site.mailbox(person));
    let secret = site.protect(&alice);
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

    sign_in(&visitor, &bob);
    let session = format!("Cookie: __Host-postern={}", visitor.session());
    let answer = program(&visitor, "PROPFIND", "/SOGo/so/alice/Calendar/personal", &[&alices, trusted, &session]);
    assert_ne!(answer.status, 207, "{}", answer.body);
    let answer = program(&visitor, "GET", &format!("{}/Preferences", folder(&alice)), &[&alices, trusted, &session]);
    assert!(!answer.body.contains(&alice.name), "{}", answer.body);

    // Her own session reads her mail; it is the same address.
    let owner = Visitor::new(&site);
    sign_in_with(&owner, &alice, &site.next_code(&secret));
    inbox(&owner, &alice).shows(200, "uids");
}

#[test]
fn a_calendar_synchronises_by_an_app_password_until_that_is_revoked() {
    let mut site = Site::with_doors("dav = \"app-password\"");
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let (id, typed) = site.app_password(&alice);
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
    // Through an open door as well there is no other account.
    for target in ["/SOGo/dav/alice/Mail/1/", "/SOGo/dav/alice/Mail/_1/"] {
        assert_eq!(program(&visitor, "PROPFIND", target, &[&basic("alice", &typed)]).status, 404, "{target}");
    }
    let answer = program(&visitor, "GET", "/.well-known/caldav", &[&basic("alice", &typed)]);
    assert_eq!(answer.status, 301, "{}", answer.head);
    assert!(answer.location().ends_with("/SOGo/dav/"), "{}", answer.head);
    // The other door is closed still.
    assert_eq!(program(&visitor, "OPTIONS", "/Microsoft-Server-ActiveSync", &[&basic("alice", &typed)]).status, 403);

    site.admin(&format!("app-password revoke {} {id}", alice.name));
    program(&visitor, "PROPFIND", DAV, &[&basic("alice", &typed)]).shows(401, "Sign in with an app password.");
}
