//! Mail apps through the POP3 front, against a real Dovecot, with posternd beside it.

mod client;
mod clients;
mod sign_in;

use postern_tests::{Plan, World, wait};

/// A world with a POP3 front beside the IMAP front, in which time can be moved.
fn world() -> World {
    World::start(Plan { movable_clock: true, imap_front: true, pop3_front: true, ..Plan::default() }).unwrap()
}

/// How often Dovecot's log contains this name.
fn heard_of(world: &World, name: &str) -> usize {
    world.backend.as_ref().unwrap().dovecot.service.log().matches(name).count()
}

/// Waits until Dovecot's log, which a process of its own writes, contains this name so often.
fn is_heard_of(world: &World, name: &str, times: usize) {
    wait::until("Dovecot's log", || Ok((heard_of(world, name) >= times).then_some(()))).unwrap();
}
