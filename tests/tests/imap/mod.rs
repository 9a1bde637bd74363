//! Mail apps through the IMAP front, against the real thing: Dovecot behind it, posternd beside it; and what a thief
//! who has the password tries.

mod app_passwords;
mod backends;
mod client;
mod clients;
mod compress;
mod exchange;
mod outage;
mod sessions;
mod sign_in;
mod telemetry;

use client::Client;
use postern_tests::mailboxes::Mailbox;
use postern_tests::{Plan, World, wait};

/// Seconds that a code is shown.
const STEP: i64 = 30;

/// A world with an IMAP front, in which time can be moved.
fn world() -> World {
    World::start(Plan { movable_clock: true, imap_front: true, ..Plan::default() }).unwrap()
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

/// Password and the code that is next, in one.
fn with_next_code(world: &mut World, mailbox: &Mailbox, secret: &str) -> String {
    world.move_clock(STEP).unwrap();
    format!("{}{}", mailbox.password, world.code(secret).unwrap())
}

/// How often Dovecot's log speaks of this name.
fn heard_of(world: &World, name: &str) -> usize {
    world.backend.as_ref().unwrap().dovecot.service.log().matches(name).count()
}

/// Waits until Dovecot's log, which a process of its own writes, speaks of this name so often.
fn is_heard_of(world: &World, name: &str, times: usize) {
    wait::until("Dovecot's log", || Ok((heard_of(world, name) >= times).then_some(()))).unwrap();
}

/// Signs in on a connection of its own: the answer.
async fn sign_in(world: &World, name: &str, password: &str) -> (Client, String) {
    let mut client = Client::open(world).await;
    let answer = client.ask(&format!("a LOGIN \"{name}\" \"{password}\"")).await;
    (client, answer)
}

/// Adds lines to Dovecot's configuration and starts it anew.
fn extend_dovecot(world: &mut World, lines: &str) {
    let path = world.files.directory.with_file_name("dovecot").join("dovecot.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + lines).unwrap();
    world.backend.as_mut().unwrap().dovecot.service.restart().unwrap();
}
