//! Postern's IMAP front beside nginx's mail proxy and Dovecot's login proxy, before the same backend, in the same run:
//!
//! ```text
//! cargo bench --package postern-tests --bench imap [-- logins noop fetch memory plain tls]
//! ```
//!
//! It needs root, nginx with its mail module (`apt install nginx-light libnginx-mod-mail`), Dovecot 2.3, and eight
//! minutes; words choose a part of it. All three offer TLS to clients with the same certificate. The backend is reached
//! in the clear over loopback, then with TLS, which nginx's mail proxy cannot do. For sign-ins, NOOP
//! and FETCH it is a real Dovecot; for thousands of idle sessions an imitation (`backend.rs`) that costs little.
//!
//! What a candidate costs is what all of its processes cost together; for Postern that is the front and posternd. Not
//! counted is the server that tells nginx where the backend is (`auth_http`), which is this program.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures time and prints it")]

mod backend;
mod candidate;
mod client;
mod cost;
mod load;
mod memory;
mod people;

use candidate::{Candidate, Candidates, Security};
use load::BIG;
use people::{PROTECTED, People};
use postern_tests::dovecot::Dovecot;
use postern_tests::mailboxes;
use postern_tests::{Plan, Upstream, World, backend::private_directory};
use std::fs;
use std::path::Path;
use tokio::runtime::Runtime;

/// What can be measured.
const PARTS: [&str; 4] = ["logins", "noop", "fetch", "memory"];
/// What of it is measured before Dovecot.
const LOADS: [(&str, Load); 3] = [(PARTS[0], load::logins), (PARTS[1], load::noop), (PARTS[2], load::fetch)];
/// The two ways to the backend.
const WAYS: [(&str, Security); 2] = [("plain", Security::Plain), ("tls", Security::Tls)];
/// Bytes of each of its lines, the end included.
const LINE: usize = 80;

type Load = fn(&Runtime, &[Candidate], &People);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if words.first().is_some_and(|word| word == backend::ROLE) {
        return backend::run(&words[1..]);
    }
    let wants = |word: &str, among: &[&str]| {
        words.iter().any(|it| it == word) || !words.iter().any(|it| among.contains(&it.as_str()))
    };
    cost::raise_file_limit();
    let runtime = Runtime::new().expect("threads");
    let directory = private_directory().expect("a directory");
    let mut world = World::start(Plan { upstream: Upstream::None, ..Plan::default() }).expect("a world");
    let posternd = world.posternd.pid().expect("posternd");
    let people = People::meet(&world);
    let dovecot = deliver_and_start(directory.path(), &world);
    for (name, security) in WAYS {
        if !wants(name, &WAYS.map(|(name, _)| name)) {
            continue;
        }
        println!("\nbackend: {name}");
        let candidates = Candidates::new(&world, posternd, directory.path().join(name), security);
        let port = if security == Security::Plain { dovecot.imap } else { dovecot.imaps };
        let loads = LOADS.iter().filter(|(part, _)| wants(part, &PARTS)).collect::<Vec<_>>();
        if !loads.is_empty() {
            let all = candidates.start(&runtime, port);
            loads.iter().for_each(|(_, load)| load(&runtime, &all, &people));
        }
        if wants(PARTS[3], &PARTS) {
            memory::measure(&runtime, &candidates);
        }
    }
}

/// The backend, with a big message in the mailbox of the first who needs no code.
fn deliver_and_start(directory: &Path, world: &World) -> Dovecot {
    let place = directory.join("backend");
    let owner = &mailboxes::all()[PROTECTED].name;
    let new = place.join("mail").join(owner).join("Maildir/new");
    fs::create_dir_all(&new).expect("a directory");
    let line = [vec![b'x'; LINE - 2], b"\r\n".to_vec()].concat();
    let head = b"From: a@example.com\r\nSubject: big\r\n\r\n".to_vec();
    // Its name puts it before the messages that every mailbox has.
    fs::write(new.join("1.M1P1.mail"), [head, line.repeat(BIG / LINE)].concat()).expect("100 MB of room");
    Dovecot::start(&place, &world.certificates, mailboxes::all()).expect("Dovecot")
}
