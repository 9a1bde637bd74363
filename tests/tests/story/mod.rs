//! The story of a sign-in, against the real thing: Dovecot, Roundcube, posternd, postern-proxy, Chromium, a camera and
//! an authenticator; and what a thief who has the password tries.

mod accessibility;
mod account;
mod attachment;
mod barriers;
mod bound;
mod boundaries;
mod browsers;
pub(crate) mod bytes;
mod closed;
mod cookie;
mod keys;
mod links;
mod looks;
mod methods;
mod outage;
mod pages;
pub(crate) mod person;
mod race;
mod receivers;
mod security;
mod sign_in;
mod twice;
pub(crate) mod visitor;
mod ways_out;
mod wrong_code;
mod wrong_password;

use postern_tests::mailboxes::Mailbox;
use postern_tests::{Plan, World};
use std::time::{Duration, Instant};
use visitor::{Answer, Visitor};

/// Seconds that a code is shown.
const STEP: i64 = 30;

/// A world in which time can be moved.
fn world() -> World {
    World::start(Plan { movable_clock: true, ..Plan::default() }).unwrap()
}

/// The mailbox of this person.
fn mailbox(world: &World, person: &str) -> Mailbox {
    world.mailboxes().into_iter().find(|mailbox| mailbox.name.starts_with(&format!("{person}@"))).unwrap()
}

/// Runs an administrator's command that succeeds.
#[track_caller]
fn admin(world: &World, command: &str) -> String {
    world.postern(command.split(' ')).unwrap().success().unwrap()
}

/// Enables the account and gives it an authenticator: its secret.
fn protect(world: &mut World, mailbox: &Mailbox) -> String {
    admin(world, &format!("account enable {}", mailbox.name));
    let added: serde_json::Value =
        serde_json::from_str(&admin(world, &format!("method add totp {} --json", mailbox.name))).unwrap();
    let secret = added["secret"].as_str().unwrap().to_owned();
    world.plant(&secret);
    secret
}

/// Lets the next code come.
fn next_code(world: &mut World, secret: &str) -> String {
    world.move_clock(STEP).unwrap();
    world.code(secret).unwrap()
}

/// Brings the authenticator's next code for a change that was asked for, whatever else the account has to answer with: what
/// follows.
#[track_caller]
fn confirms(world: &mut World, visitor: &Visitor, (mailbox, secret): (&Mailbox, &str), asked: &Answer) -> Answer {
    asked.leads_to("/postern/code");
    let shown = admin(world, &format!("account show {} --json", mailbox.name));
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let app = shown["methods"].as_array().unwrap().iter().find(|method| method["kind"] == "totp").unwrap();
    visitor.post("/postern/methods", &[("method", app["id"].as_str().unwrap())]).leads_to("/postern/code");
    visitor.get("/postern/code").shows(200, "confirm that it is you");
    visitor.code(&next_code(world, secret))
}

/// How long the end of a session may take to be seen: a second until the daemon notices that a time has passed, where it
/// is a time, a second until the front has asked, and what looking takes on a busy machine.
const SOON: Duration = Duration::from_secs(3);

/// The visitor's session ends, soon after now.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn ends_soon(visitor: &Visitor) {
    let start = Instant::now();
    while visitor.is_in() {
        assert!(start.elapsed() < SOON, "the session is still open");
    }
}
