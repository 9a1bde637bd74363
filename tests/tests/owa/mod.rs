//! Outlook on the web behind the front: the story of a sign-in over the imitation of Exchange, and every door beside it
//! that takes the password alone.

mod active_sync;
mod bound;
mod browser;
mod closed;
mod passing;
mod sign_in;
mod tricks;

use crate::story::visitor::{Answer, Visitor};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::exchange_web::{ExchangeWeb, Request};
use postern_tests::mailboxes::Mailbox;
use postern_tests::{Plan, Upstream, World};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// Seconds that a code is shown.
const STEP: i64 = 30;
/// How long the end of what runs may take to be seen.
const SOON: Duration = Duration::from_secs(5);

/// A world in which time can be moved, before Exchange. The front goes first.
struct Site {
    world: World,
    exchange: ExchangeWeb,
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
        let exchange = ExchangeWeb::start(postern_tests::mailboxes::all()).unwrap();
        let upstream = Upstream::Owa { url: exchange.url(), doors };
        let world = World::start(Plan { upstream, movable_clock: true, ..Plan::default() }).unwrap();
        let site = Site { world, exchange };
        // Before Exchange a mailbox that is not listed is refused.
        site.admin("account add bob@example.com");
        site
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

    /// Makes an app password: its id, and what goes into the mail app.
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

    /// What has reached Exchange from here on.
    fn watch(&self) -> Watch {
        Watch(self.exchange.requests().len())
    }
}

/// Reads what reaches Exchange from some moment on.
struct Watch(usize);

impl Watch {
    fn reached(&self, site: &Site) -> Vec<Request> {
        site.exchange.requests().split_off(self.0)
    }

    /// Each as one line.
    fn lines(&self, site: &Site) -> Vec<String> {
        self.reached(site).iter().map(Request::to_string).collect()
    }
}

/// Basic authentication, as curl's argument.
fn basic(name: &str, password: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// Sends Outlook's own form.
fn password(visitor: &Visitor, name: &str, password: &str) -> Answer {
    let fixed = [("destination", "https://localhost/owa/"), ("flags", "4"), ("forcedownlevel", "0")];
    let typed = [("username", name), ("password", password), ("passwordText", ""), ("isUtf8", "1")];
    visitor.post("/owa/auth.owa", &[&fixed[..], &typed].concat())
}

fn sign_in(visitor: &Visitor, mailbox: &Mailbox) -> Answer {
    password(visitor, &mailbox.name, &mailbox.password)
}

/// Signs in where no code is asked for: the canary that the browser's script has then.
#[track_caller]
fn sign_in_without(visitor: &Visitor, mailbox: &Mailbox) -> String {
    sign_in(visitor, mailbox).leads_to("/owa/");
    open(visitor)
}

/// Signs in where a code is asked for.
#[track_caller]
fn sign_in_with(visitor: &Visitor, mailbox: &Mailbox, code: &str) -> String {
    sign_in(visitor, mailbox).leads_to("/postern/code");
    visitor.code(code).leads_to("/owa/");
    open(visitor)
}

/// Opens the webmail in a session: the canary.
#[track_caller]
fn open(visitor: &Visitor) -> String {
    let page = visitor.get("/owa/");
    page.shows(200, "Mail - Outlook");
    let cookies = page.headers("set-cookie");
    let canary = cookies.iter().find_map(|line| line.strip_prefix("X-OWA-CANARY="));
    canary.and_then(|line| line.split(';').next()).unwrap_or_else(|| panic!("{cookies:?}")).to_owned()
}

/// Asks as Outlook's script does.
fn call(visitor: &Visitor, action: &str, canary: &str) -> Answer {
    let (action, canary) = (format!("/owa/service.svc?action={action}"), format!("X-OWA-CANARY: {canary}"));
    let script = ["--header", "X-Requested-With: XMLHttpRequest", "--header", &canary, "--data", "{}"];
    visitor.request(&action, &script)
}

/// Whether its session reads this mailbox.
fn reads(visitor: &Visitor, canary: &str, mailbox: &Mailbox) -> bool {
    call(visitor, "FindConversation", canary).body.contains(&mailbox.private_subject())
}
