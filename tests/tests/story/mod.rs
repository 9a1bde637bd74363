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

/// The page on which a person looks after their account, and where its forms go.
const SECURITY: &str = "/postern/security";
const CHANGE: &str = "/postern/security/change";

/// A world in which time can be moved.
fn world() -> World {
    World::start(Plan { movable_clock: true, ..Plan::default() }).unwrap()
}

/// The same, with a telephone and a mailbox elsewhere.
fn world_with_receivers() -> World {
    World::start(Plan { movable_clock: true, receivers: true, ..Plan::default() }).unwrap()
}

/// Brings the authenticator's next code for a change that was asked for, whatever else the account has to answer with: what
/// follows.
#[track_caller]
fn confirms(world: &mut World, visitor: &Visitor, (mailbox, secret): (&Mailbox, &str), asked: &Answer) -> Answer {
    asked.leads_to("/postern/code");
    let app = world.method_id(mailbox, "kind", "totp");
    visitor.post("/postern/methods", &[("method", &app)]).leads_to("/postern/code");
    visitor.get("/postern/code").shows(200, "confirm that it is you");
    visitor.code(&world.next_code(secret))
}

/// Asks for a change of the account on the Security page and confirms it by the authenticator's next code: what follows.
#[track_caller]
fn changes(world: &mut World, visitor: &Visitor, own: (&Mailbox, &str), fields: &[(&str, &str)]) -> Answer {
    let asked = visitor.post(CHANGE, fields);
    confirms(world, visitor, own, &asked)
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
