//! SOGo behind the front, for real: the story of a sign-in, and every endpoint beside it that takes the password alone.

mod bound;
mod browser;
mod endpoints;

use crate::story::visitor::{Answer, Visitor};
use postern_tests::backend::private_directory;
use postern_tests::certificates::Certificates;
use postern_tests::dovecot::Dovecot;
use postern_tests::mailboxes::{self, Mailbox};
use postern_tests::sogo::Sogo;
use postern_tests::{Result, wait};
use std::fs;
use std::ops::Deref;
use std::path::Path;
use tempfile::TempDir;

/// What the script of the login page is told of a right password.
const RIGHT: &str = r#"{"cn":"","expire":-1,"grace":-1}"#;

/// SOGo on a Dovecot of its own. What drops first ends first.
struct Groupware {
    sogo: Sogo,
    _dovecot: Dovecot,
    _directory: TempDir,
}

impl Deref for Groupware {
    type Target = Sogo;

    fn deref(&self) -> &Sogo {
        &self.sogo
    }
}

/// A world in which time can be moved, before SOGo.
type Site = crate::site::Site<Groupware>;

impl Site {
    /// With these lines in `[webmail.endpoints]`.
    fn with_endpoints(endpoints: &'static str) -> Site {
        Site::started_by(Sogo::start, endpoints)
    }

    /// With all endpoints closed.
    fn new() -> Site {
        Site::with_endpoints("")
    }

    fn started_by(start: fn(&Path, u16, &[Mailbox]) -> Result<Sogo>, endpoints: &'static str) -> Site {
        let directory = private_directory().unwrap();
        let [tls, mail, web] = ["tls", "dovecot", "sogo"].map(|name| directory.path().join(name));
        for path in [&tls, &mail, &web] {
            fs::create_dir(path).unwrap();
        }
        let dovecot = Dovecot::start(&mail, &Certificates::issue(&tls).unwrap(), mailboxes::all()).unwrap();
        let sogo = start(&web, dovecot.imap, &mailboxes::all()).unwrap();
        let url = sogo.url();
        Site::before(Groupware { sogo, _dovecot: dovecot, _directory: directory }, "sogo", url, endpoints)
    }

    /// What reaches SOGo while `act` runs: all between two requests that are in its log.
    fn reached(&self, act: impl FnOnce()) -> Vec<String> {
        let mark = |number: u8| {
            let file = format!("/SOGo.woa/WebServerResources/js/Main.js?lm={number}");
            assert_eq!(Visitor::new(self).get(&file).status, 200);
            let at = || self.webmail.requests().iter().rposition(|line| line.contains(&file));
            wait::until("a request to be in the log", || Ok(at())).unwrap()
        };
        let first = mark(1);
        act();
        let last = mark(2);
        self.webmail.requests()[first + 1..last].to_vec()
    }
}

/// Sends what the login page's script sends.
fn password(visitor: &Visitor, name: &str, password: &str) -> Answer {
    let login = serde_json::json!({
        "userName": name, "password": password, "domain": null, "language": null, "rememberLogin": 0
    });
    script(visitor, "/SOGo/connect", &login.to_string())
}

/// Posts JSON, as its scripts do: with the token that they find in a cookie.
fn script(visitor: &Visitor, target: &str, body: &str) -> Answer {
    let token = format!("X-XSRF-TOKEN: {}", visitor.cookie("XSRF-TOKEN"));
    let headers = ["Content-Type: application/json;charset=UTF-8", "Accept: application/json", token.as_str()];
    let headers = headers.iter().flat_map(|header| ["--header", header]);
    visitor.request(target, &headers.chain(["--data", body]).collect::<Vec<_>>())
}

/// Signs in with the password; the script hears that it is right, whatever comes then.
#[track_caller]
fn sign_in(visitor: &Visitor, mailbox: &Mailbox) {
    let answer = password(visitor, &mailbox.name, &mailbox.password);
    answer.shows(200, RIGHT);
    assert_eq!(answer.headers("content-type"), ["application/json"]);
}

/// A visitor who has signed in where no code is asked for.
#[track_caller]
fn inside(site: &Site, mailbox: &Mailbox) -> Visitor {
    let visitor = Visitor::new(site);
    sign_in(&visitor, mailbox);
    visitor
}

/// A visitor who has signed in with the next code of the authenticator.
#[track_caller]
fn inside_by_code(site: &mut Site, mailbox: &Mailbox, secret: &str) -> Visitor {
    let visitor = inside(site, mailbox);
    visitor.get(&folder(mailbox)).leads_to("/postern/code");
    visitor.code(&site.next_code(secret)).leads_to("/SOGo/");
    visitor
}

/// Where a person's things lie.
fn folder(mailbox: &Mailbox) -> String {
    format!("/SOGo/so/{}", mailbox.name.split('@').next().unwrap())
}

/// Reads the inbox, as the script of a page does.
fn inbox(visitor: &Visitor, mailbox: &Mailbox) -> Answer {
    visitor.get("/SOGo/");
    script(visitor, &format!("{}/Mail/0/folderINBOX/view", folder(mailbox)), "{}")
}
