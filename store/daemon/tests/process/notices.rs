//! Notices when the mail server does not accept them at once: each is tried until it is accepted, for some hours,
//! across restarts, and delivered once.

use crate::calls::DEADLINE;
use crate::home::{Home, Plan, Running};
use crate::people::ALICE;
use crate::wait_until;
use crate::wall_clock::HOUR;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const ADDRESS: &str = "alice@elsewhere.example";

/// How a mail server responds to the next mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Takes,
    /// RFC 5321 section 4.2.2: 450, the mailbox is unavailable for now.
    PutsOff,
    /// 451 after the mail data.
    PutsOffTheMail,
    /// It closes the connection before the mail data.
    BreaksOff,
    /// It reads the whole mail and closes the connection without a reply.
    ReadsAndBreaksOff,
    /// 550: there is no such mailbox.
    Refuses,
}

/// A mail server, and the mails that it has accepted.
struct MailServer {
    port: u16,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<String>>>,
    tries: Arc<Mutex<Vec<Mood>>>,
}

impl MailServer {
    fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            mood: Arc::new(Mutex::new(mood)),
            taken: Arc::default(),
            tries: Arc::default(),
        };
        let (mood, taken, tries) = (server.mood.clone(), server.taken.clone(), server.tries.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mood = *mood.lock().unwrap();
                if let Some(mail) = serve(stream, mood) {
                    taken.lock().unwrap().push(mail);
                }
                tries.lock().unwrap().push(mood);
            }
        });
        server
    }

    fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// Number of attempts so far; each attempt that began has ended.
    fn tries(&self) -> usize {
        self.tries.lock().unwrap().len()
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    fn has_tried(&self, times: usize) {
        wait_until(&format!("try {times}"), DEADLINE, || self.tries() >= times);
        assert_eq!(self.tries(), times, "{:?}", self.tries.lock().unwrap());
    }
}

/// Handles one SMTP dialogue; returns the mail if it was accepted.
fn serve(mut stream: TcpStream, mood: Mood) -> Option<String> {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    say("220 mail.example");
    let mut mail = String::new();
    let mut taken = None;
    while let Some(Ok(line)) = lines.next() {
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match (verb.as_str(), mood) {
            ("RCPT", Mood::PutsOff) => say("450 4.2.1 try again later"),
            ("RCPT", Mood::Refuses) => say("550 5.1.1 no such user"),
            ("RCPT", Mood::BreaksOff) => return None,
            ("DATA", _) => {
                say("354 go on");
                while let Some(Ok(line)) = lines.next().filter(|line| line.as_ref().is_ok_and(|line| line != ".")) {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                match mood {
                    Mood::PutsOffTheMail => say("451 4.3.0 try again later"),
                    Mood::ReadsAndBreaksOff => return None,
                    _ => {
                        taken = Some(mail.clone());
                        say("250 taken")
                    }
                }
            }
            ("QUIT", _) => {
                say("221 bye");
                return taken;
            }
            _ => say("250 well"),
        };
    }
    taken
}

fn home(server: &MailServer) -> Home {
    let names = format!("[mail]\nfrom = \"security@example.com\"\nsmtp = \"smtp://127.0.0.1:{}\"\n", server.port);
    Home::new(Plan { names: &names, clock: true, ..Plan::default() })
}

/// Causes a notice, which is tried once: Alice is informed that no code is required for an hour.
fn with_notice(home: &Home) -> Running<'_> {
    let (posternd, _) = home.start_with_alice();
    posternd.set_contact(Some(ADDRESS)).unwrap();
    posternd.suspend(ALICE, 1).unwrap();
    posternd
}

fn shown(home: &Home, name: &str) -> u64 {
    use std::io::Read;
    let mut stream = std::os::unix::net::UnixStream::connect(home.metrics()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}: {page}"));
    line.trim().parse().unwrap()
}

#[test]
fn a_notice_outlives_temporary_refusals_and_restarts_and_is_taken_once() {
    let server = MailServer::start(Mood::PutsOff);
    let home = home(&server);
    let mut posternd = with_notice(&home);
    server.has_tried(1);
    // Each response is given once, at the time of the next attempt and not before.
    let moods = [Mood::PutsOffTheMail, Mood::BreaksOff, Mood::Takes];
    for (done, (mood, wait)) in moods.into_iter().zip([60, 120, 240]).enumerate() {
        wait_until("it is noted", DEADLINE, || home.log().matches("a notice is not sent yet").count() == done + 1);
        server.becomes(mood);
        home.clock().advance(wait - 1);
        posternd.kill();
        posternd = home.start();
        assert_eq!(server.tries(), done + 1, "{mood:?}: too early");
        assert_eq!(shown(&home, "postern_notices_waiting"), 1);
        home.clock().advance(1);
        server.has_tried(done + 2);
    }
    wait_until("nothing waits", DEADLINE, || shown(&home, "postern_notices_waiting") == 0);
    posternd.stop();
    let posternd = home.start();
    home.clock().advance(HOUR / 2);
    assert_eq!(shown(&home, "postern_notices_given_up_total"), 0);
    // Another notice shows that the sender is working.
    posternd.suspend(ALICE, 2).unwrap();
    wait_until("the next notice", DEADLINE, || server.taken().len() == 2);
    let [first, second] = &server.taken()[..] else { panic!("{:?}", server.taken()) };
    assert!(first.contains("no code is asked") && first.contains(ADDRESS), "{first}");
    assert_ne!(id(first), id(second));
}

/// It is unknown whether the server has the mail: it receives the mail again, and can recognize it.
#[test]
fn a_notice_that_may_have_been_taken_comes_again_under_the_same_id() {
    let server = MailServer::start(Mood::ReadsAndBreaksOff);
    let home = home(&server);
    let _posternd = with_notice(&home);
    server.has_tried(1);
    wait_until("it is noted", DEADLINE, || home.log().contains("a notice is not sent yet"));
    server.becomes(Mood::Takes);
    home.clock().advance(60);
    wait_until("it is taken", DEADLINE, || server.taken().len() == 1);
    assert!(id(&server.taken()[0]).contains("@example.com"));
}

#[test]
fn a_notice_is_given_up_when_it_is_refused_for_good_or_its_time_is_over() {
    let server = MailServer::start(Mood::Refuses);
    let home = home(&server);
    let posternd = with_notice(&home);
    wait_until("it is given up", DEADLINE, || shown(&home, "postern_notices_given_up_total") == 1);
    wait_until("it is gone", DEADLINE, || shown(&home, "postern_notices_waiting") == 0);
    server.becomes(Mood::PutsOff);
    posternd.suspend(ALICE, 3).unwrap();
    server.has_tried(2);
    wait_until("it is noted", DEADLINE, || home.log().contains("a notice is not sent yet"));
    home.clock().advance(12 * HOUR);
    wait_until("the next one is given up", DEADLINE, || shown(&home, "postern_notices_given_up_total") == 2);
    wait_until("and is gone", DEADLINE, || shown(&home, "postern_notices_waiting") == 0);
    assert!(home.log().contains("a notice is given up: no mail server has taken it"));
    let log = home.log();
    let mut said = log.lines().filter(|line| line.contains("posternd::notify::outbox"));
    assert!(said.all(|line| !line.contains(ADDRESS)), "whose address it is, is not said there");
    assert_eq!(server.tries(), 2);
}

fn id(mail: &str) -> &str {
    mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("it has no Message-ID")
}
