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
use postern_tests::world::rewrite;
use postern_tests::{Plan, World, wait};

/// A world with an IMAP front, in which time can be moved.
fn world() -> World {
    World::start(Plan { movable_clock: true, imap_front: true, ..Plan::default() }).unwrap()
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

/// Signs in, which has to succeed.
async fn accepted(world: &World, name: &str, password: &str) -> Client {
    let (client, answer) = sign_in(world, name, password).await;
    assert!(answer.contains("a OK "), "{name}: {answer}");
    client
}

/// A world in which Bob, whose account asks for nothing, is signed in.
async fn bob_is_in() -> (World, Mailbox, Client) {
    let world = world();
    let bob = world.mailbox("bob");
    let client = accepted(&world, &bob.name, &bob.password).await;
    (world, bob, client)
}

/// Signs in, which has to be refused by an answer that begins with `refusal`. The connection goes on.
async fn refused(world: &World, name: &str, password: &str, refusal: &str) -> Client {
    let (client, answer) = sign_in(world, name, password).await;
    assert!(answer.starts_with(refusal), "{name}: {answer}");
    client
}

/// Adds lines to Dovecot's configuration and starts it anew.
fn extend_dovecot(world: &mut World, lines: &str) {
    let path = world.files.directory.with_file_name("dovecot").join("dovecot.conf");
    rewrite(&path, |text| text.to_owned() + lines).unwrap();
    world.dovecot().service.restart().unwrap();
}
