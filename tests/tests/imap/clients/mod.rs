//! Programs that people use: each reads a mailbox through the front, with all that may stand in its password field, and
//! then from Dovecot itself. The messages are the same.

mod text;
mod thunderbird;

use super::world;
use postern_tests::World;
use postern_tests::backend::private_directory;
use postern_tests::mailboxes::Mailbox;
use sha2::{Digest, Sha256};
use std::path::Path;

/// How many messages a mailbox has.
const MESSAGES: usize = 3;

/// How a program begins TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Imaps,
    StartTls,
}

/// What a program is told about a mailbox; the host is `localhost`.
struct Account<'a> {
    way: Way,
    port: u16,
    /// The certificate authority to trust, and no other.
    ca: &'a Path,
    name: &'a str,
    password: &'a str,
    /// For its files.
    directory: &'a Path,
}

/// Somebody, and what they have beside their password.
struct Owner {
    mailbox: Mailbox,
    second: Second,
}

enum Second {
    Nothing,
    /// An authenticator with this secret.
    Authenticator(String),
    /// What was made for this one mail app.
    AppPassword(String),
}

impl Owner {
    /// What stands in the password field of their mail app.
    fn field(&self, world: &mut World) -> String {
        match &self.second {
            Second::Nothing => self.mailbox.password.clone(),
            Second::Authenticator(secret) => world.with_next_code(&self.mailbox, secret),
            Second::AppPassword(password) => password.clone(),
        }
    }
}

/// Everybody who reads mail here.
fn owners(world: &mut World) -> Vec<Owner> {
    let (alice, secret, bob) = world.alice_and_bob();
    let (_, app_password) = world.app_password(&alice, &[]);
    vec![
        Owner { mailbox: bob, second: Second::Nothing },
        Owner { mailbox: alice.clone(), second: Second::Authenticator(secret) },
        Owner { mailbox: alice, second: Second::AppPassword(app_password) },
    ]
}

/// Has a program `fetch` all messages, each as it came, through the front and from Dovecot, for everybody.
fn reads_the_same(way: Way, fetch: impl Fn(&Account<'_>) -> Vec<Vec<u8>>) {
    let mut world = world();
    for owner in owners(&mut world) {
        let (front, backend) = (world.imap_front.unwrap(), world.backend.as_ref().unwrap().dovecot.imap);
        let (through, direct) = match way {
            Way::Imaps => (front.imaps, front.backend),
            Way::StartTls => (front.starttls, backend),
        };
        let field = owner.field(&mut world);
        world.plant(&field);
        let name = owner.mailbox.name.as_str();
        let read = |port, password: &str| {
            let directory = private_directory().unwrap();
            fetch(&Account { way, port, ca: &world.certificates.ca, name, password, directory: directory.path() })
        };
        let direct = read(direct, &owner.mailbox.password);
        let messages = read(through, &field);
        let private = owner.mailbox.private_subject();
        let is_private = |message: &Vec<u8>| String::from_utf8_lossy(message).contains(&private);
        assert!(messages.len() == MESSAGES && messages.iter().any(is_private), "{name}: {messages:?}");
        assert_eq!(hashes(&messages), hashes(&direct), "{name}");
    }
}

/// In an order of their own, as some programs number their files as they like.
fn hashes(messages: &[Vec<u8>]) -> Vec<[u8; 32]> {
    let mut hashes: Vec<[u8; 32]> = messages.iter().map(|message| Sha256::digest(message).into()).collect();
    hashes.sort_unstable();
    hashes
}
