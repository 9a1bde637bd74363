//! The next certificate: in time, by itself, and nobody notices.

use super::*;
use postern_tests::wait::DEADLINE;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// Seconds after which a certificate of 90 days is due: two thirds of them, and a little more.
const DUE: i64 = 60 * 24 * 3600 + 600;

/// An IMAP session by openssl, which believes one authority.
struct Session {
    openssl: Child,
    lines: Receiver<String>,
}

impl Session {
    fn open(port: u16, root: &Path) -> Session {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-crlf", "-verify_return_error", "-verify_hostname", DOMAINS[0]]);
        command.args(["-servername", DOMAINS[0], "-connect", &format!("127.0.0.1:{port}"), "-CAfile"]).arg(root);
        let mut openssl = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (said, lines) = channel();
        let answers = BufReader::new(openssl.stdout.take().unwrap()).lines();
        // It ends with the process.
        std::thread::spawn(move || answers.map_while(Result::ok).try_for_each(|line| said.send(line)));
        let session = Session { openssl, lines };
        session.hear("* OK ");
        session
    }

    fn hear(&self, beginning: &str) {
        while !self.lines.recv_timeout(DEADLINE).unwrap().starts_with(beginning) {}
    }

    fn ask(&mut self, tag: &str, command: &str) {
        writeln!(self.openssl.stdin.as_mut().unwrap(), "{tag} {command}").unwrap();
        self.hear(&format!("{tag} OK"));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
    }
}

/// A session goes on over a renewal. Then the authority is away when the next one is due, and comes back as one that was
/// set up anew: until then the certificate that there is stays.
#[test]
fn a_session_outlives_its_certificate() {
    let mut world = World::start(Plan { movable_clock: true, imap_front: true, ..Plan::default() }).unwrap();
    let mut authority = authority(&world, &manners(&world));
    authority.service.start().unwrap();
    configure(&world, &authority.url(), "");
    world.proxy.restart().unwrap();
    let imaps = world.imap_front.unwrap().imaps;
    let first = comes(&world, imaps, None);
    assert_eq!(shown(world.files.webmail).as_ref(), Some(&first));

    let mut session = Session::open(imaps, &authority.root().unwrap());
    let bob = &world.mailboxes()[1];
    session.ask("a", &format!("LOGIN {} {}", bob.name, bob.password));
    session.ask("b", "SELECT INBOX");
    world.move_clock(DUE).unwrap();
    let second = comes(&world, imaps, Some(&first));
    session.ask("c", "NOOP");
    Session::open(imaps, &authority.root().unwrap());
    // By the moved clock the second is due as well.
    says(&world, "the certificate is due already when it comes; is this host's clock right?", 1);
    assert_eq!(world.proxy.log().matches("a certificate is ordered").count(), 2);

    authority.service.stop().unwrap();
    world.proxy.restart().unwrap();
    says(&world, "no certificate was got; the one in use stays", 1);
    assert_eq!(shown(imaps).as_ref(), Some(&second));
    authority.service.start().unwrap();
    says(&world, "the authority does not know our account any more", 1);
    comes(&world, imaps, Some(&second));
    is_believed(&world, &authority);
}
