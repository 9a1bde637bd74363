//! Outlook on the web behind the front: the story of a sign-in over the imitation of Exchange, and every endpoint beside it
//! that takes the password alone.

mod active_sync;
mod bound;
mod browser;
mod closed;
mod passing;
mod sign_in;
mod tricks;

use crate::story::visitor::{Answer, Visitor};
use postern_tests::exchange_web::{ExchangeWeb, Request};
use postern_tests::mailboxes::Mailbox;
use std::time::Duration;

/// How long the end of what runs may take to be seen.
const SOON: Duration = Duration::from_secs(5);

/// A world in which time can be moved, before Exchange.
pub(crate) type Site = crate::site::Site<ExchangeWeb>;

impl Site {
    /// With these lines in `[webmail.endpoints]`.
    pub(crate) fn with_endpoints(endpoints: &'static str) -> Site {
        let exchange = ExchangeWeb::start(postern_tests::mailboxes::all()).unwrap();
        let url = exchange.url();
        let site = Site::before(exchange, "owa", url, endpoints);
        // Before Exchange a mailbox that is not listed is refused.
        site.admin("account add bob@example.com");
        site
    }

    /// With all endpoints closed.
    fn new() -> Site {
        Site::with_endpoints("")
    }

    /// The same, with Alice, who is protected, and Bob, who is not.
    fn of_two() -> (Site, Mailbox, Mailbox) {
        let mut site = Site::new();
        let (alice, _, bob) = site.alice_and_bob();
        (site, alice, bob)
    }

    /// What reaches Exchange from here on.
    fn watch(&self) -> Watch {
        Watch(self.webmail.requests().len())
    }
}

/// Reads what reaches Exchange from some moment on.
struct Watch(usize);

impl Watch {
    fn reached(&self, site: &Site) -> Vec<Request> {
        site.webmail.requests().split_off(self.0)
    }

    /// Each as one line.
    fn lines(&self, site: &Site) -> Vec<String> {
        self.reached(site).iter().map(Request::to_string).collect()
    }
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

/// A visitor who has signed in where no code is asked for, and the canary that the browser's script has then.
#[track_caller]
fn inside(site: &Site, mailbox: &Mailbox) -> (Visitor, String) {
    let visitor = Visitor::new(site);
    sign_in(&visitor, mailbox).leads_to("/owa/");
    let canary = open(&visitor);
    (visitor, canary)
}

/// A visitor who has signed in with the next code of the authenticator, and the canary.
#[track_caller]
fn inside_by_code(site: &mut Site, mailbox: &Mailbox, secret: &str) -> (Visitor, String) {
    let (visitor, code) = (Visitor::new(site), site.next_code(secret));
    sign_in(&visitor, mailbox).leads_to("/postern/code");
    visitor.code(&code).leads_to("/owa/");
    let canary = open(&visitor);
    (visitor, canary)
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
