//! SOGo behind the front, for real: the story of a sign-in, and every door beside it that takes the password alone.

mod bound;
mod browser;
mod doors;

use crate::story::visitor::{Answer, Visitor};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::backend::private_directory;
use postern_tests::certificates::Certificates;
use postern_tests::dovecot::Dovecot;
use postern_tests::mailboxes::{self, Mailbox};
use postern_tests::sogo::Sogo;
use postern_tests::{Plan, Result, Upstream, World, wait};
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use tempfile::TempDir;

/// Seconds that a code is shown.
const STEP: i64 = 30;

/// A world in which time can be moved, before SOGo. The front goes first, the directory last.
struct Site {
    world: World,
    sogo: Sogo,
    _dovecot: Dovecot,
    _directory: TempDir,
}

impl Deref for Site {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Site {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Site {
    /// With these lines in `[webmail.doors]`.
    fn with_doors(doors: &'static str) -> Site {
        Site::before(doors, Sogo::start)
    }

    fn before(doors: &'static str, start: fn(&Path, u16, &[Mailbox]) -> Result<Sogo>) -> Site {
        let directory = private_directory().unwrap();
        let [tls, mail, web] = ["tls", "dovecot", "sogo"].map(|name| directory.path().join(name));
        for path in [&tls, &mail, &web] {
            fs::create_dir(path).unwrap();
        }
        let dovecot = Dovecot::start(&mail, &Certificates::issue(&tls).unwrap(), mailboxes::all()).unwrap();
        let sogo = start(&web, dovecot.imap, &mailboxes::all()).unwrap();
        let upstream = Upstream::Product { product: "sogo", url: sogo.url(), doors };
        let world = World::start(Plan { upstream, movable_clock: true, ..Plan::default() }).unwrap();
        Site { world, sogo, _dovecot: dovecot, _directory: directory }
    }

    /// With all doors closed.
    fn new() -> Site {
        Site::with_doors("")
    }

    /// The mailbox of this person.
    fn mailbox(&self, person: &str) -> Mailbox {
        self.mailboxes().into_iter().find(|mailbox| mailbox.name.starts_with(&format!("{person}@"))).unwrap()
    }

    /// Runs an administrator's command that succeeds.
    #[track_caller]
    fn admin(&self, command: &str) -> String {
        self.postern(command.split(' ')).unwrap().success().unwrap()
    }

    /// Enables the account and gives it an authenticator: its secret.
    fn protect(&mut self, mailbox: &Mailbox) -> String {
        self.admin(&format!("account enable {}", mailbox.name));
        let added: serde_json::Value =
            serde_json::from_str(&self.admin(&format!("method add totp {} --json", mailbox.name))).unwrap();
        let secret = added["secret"].as_str().unwrap().to_owned();
        self.plant(&secret);
        secret
    }

    /// Makes an app password: its id, and what goes into the program.
    fn app_password(&mut self, mailbox: &Mailbox) -> (String, String) {
        let words = ["app-password", "create", &mailbox.name, "--description", "phone", "--unchecked", "--json"];
        let made = self.postern_reading(words, &format!("{}\n", mailbox.password)).unwrap().success().unwrap();
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        self.plant(&text("app_password"));
        (text("id"), text("app_password"))
    }

    /// Lets the next code come.
    fn next_code(&mut self, secret: &str) -> String {
        self.move_clock(STEP).unwrap();
        self.code(secret).unwrap()
    }

    /// What reaches SOGo while `act` runs: all between two requests that are in its log.
    fn reached(&self, act: impl FnOnce()) -> Vec<String> {
        let mark = |number: u8| {
            let file = format!("/SOGo.woa/WebServerResources/js/Main.js?lm={number}");
            assert_eq!(Visitor::new(self).get(&file).status, 200);
            let at = || self.sogo.requests().iter().rposition(|line| line.contains(&file));
            wait::until("a request to be in the log", || Ok(at())).unwrap()
        };
        let first = mark(1);
        act();
        let last = mark(2);
        self.sogo.requests()[first + 1..last].to_vec()
    }
}

/// Basic authentication, as curl's argument.
fn basic(name: &str, password: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{name}:{password}")))
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
    answer.shows(200, r#"{"cn":"","expire":-1,"grace":-1}"#);
    assert_eq!(answer.headers("content-type"), ["application/json"]);
}

/// Signs in where a code is asked for.
#[track_caller]
fn sign_in_with(visitor: &Visitor, mailbox: &Mailbox, code: &str) {
    sign_in(visitor, mailbox);
    visitor.get(&folder(mailbox)).leads_to("/postern/code");
    visitor.code(code).leads_to("/SOGo/");
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
