use super::*;
use crate::backend::{self, Backend, SIGN_IN, SignedIn, hand_over};
use crate::connection::Stream;
use crate::imap::{Imap, command};
use crate::protocol::Protocol;
use crate::target::hear;
use crate::verdict::SignInFailure;
use postern_front::credentials::Credentials;
use postern_front::password_field::{AfterAsk, Codes, Pass, after_ask};
use postern_proxy_config::{self as config, BackendUrl, ImapTable};
use postern_wire::auth::{AskVerdict, Asked};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// A pass for Bob, whose password is `p w`.
fn pass() -> Pass {
    let free = AskVerdict::NotRequired { mailbox: "bob@example.com".into(), standing: "s".into() };
    let typed = Credentials::new(b"bob", b"p w").unwrap();
    let AfterAsk::Pass(pass) = after_ask(Ok::<_, ()>(Asked::from(free)), &typed, Codes::Appended) else { panic!() };
    pass
}

fn tag() -> Tag {
    command::parse(b"a1 NOOP\r\n").0.unwrap()
}

/// Simulates a backend: what it sends, and what it then waits for, alternately. Returns what the client would receive.
async fn play(script: &[(&str, &str)], piece: usize) -> Result<String, BackendError> {
    let (mut backend, front) = duplex(64 * 1024);
    let stream: Box<dyn Stream> = Box::new(front);
    let talk = async move {
        let (pass, client) = (pass(), "192.0.2.7".parse().unwrap());
        let login = Login { name: pass.mailbox().as_bytes(), password: pass.password(), client: Some(client) };
        let (dialogue, mut told) = backend::sign_in::<Imap>(hear::<Imap>(stream).await?, &login, Some(&tag())).await?;
        Ok((hand_over::<Imap>(dialogue, &mut told).await?, told))
    };
    let backend = async move {
        for (says, hears) in script {
            for piece in says.as_bytes().chunks(piece) {
                backend.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            expect(&mut backend, hears).await;
        }
        // It closes the connection, so that the front does not wait for more.
        drop(backend);
    };
    let (signed_in, ()): (Result<_, BackendError>, ()) = tokio::join!(talk, backend);
    let (mut stream, told) = signed_in?;
    let mut told = String::from_utf8(told).unwrap();
    stream.read_to_string(&mut told).await.unwrap();
    Ok(told)
}

async fn expect(stream: &mut DuplexStream, text: &str) {
    let mut heard = vec![0; text.len()];
    if stream.read_exact(&mut heard).await.is_ok() {
        assert_eq!(String::from_utf8(heard).unwrap(), text);
    }
}

const DOVECOT: &str = "* OK [CAPABILITY IMAP4rev1 SASL-IR ID LITERAL+ AUTH=PLAIN] ready\r\n";
/// The command it receives after a sign-in, and its reply.
const ASKED: &str = "P3 CAPABILITY\r\n";
const CAN: (&str, &str) = ("* CAPABILITY IMAP4rev1 IDLE\r\nP3 OK done\r\n", "");
const IN_ONE: &str =
    "P1 ID (\"x-originating-ip\" \"192.0.2.7\")\r\nP2 AUTHENTICATE PLAIN AGJvYkBleGFtcGxlLmNvbQBwIHc=\r\n";

#[tokio::test]
async fn dovecot_is_signed_in_to_in_one_flight_and_at_any_split() {
    let answer = "* ID (\"name\" \"Dovecot\")\r\nP1 OK ID completed.\r\n* OK [ALERT] Hello\r\n\
                  P2 OK [CAPABILITY IMAP4rev1 IDLE] Logged in\r\n* 1 EXISTS\r\n";
    for piece in 1..answer.len() {
        let told = play(&[(DOVECOT, IN_ONE), (answer, ASKED), CAN], piece).await.unwrap();
        assert_eq!(told, "* OK [ALERT] Hello\r\na1 OK [CAPABILITY IMAP4rev1 IDLE] Logged in\r\n* 1 EXISTS\r\n");
    }
}

#[tokio::test]
async fn exchange_is_asked_what_it_can_before_and_after() {
    let told = play(
        &[
            ("* OK The Microsoft Exchange IMAP4 service is ready.\r\n", "P1 CAPABILITY\r\n"),
            ("* CAPABILITY IMAP4 IMAP4rev1 AUTH=NTLM\r\nP1 OK CAPABILITY completed.\r\n", "P2 LOGIN {15}\r\n"),
            ("+\r\n", "bob@example.com {3}\r\n"),
            ("+\r\n", "p w\r\n"),
            ("P2 OK LOGIN completed.\r\n", ASKED),
            ("* 7 EXISTS\r\n* CAPABILITY IMAP4 IMAP4rev1 IDLE\r\nP3 OK CAPABILITY completed.\r\n", ""),
        ],
        3,
    )
    .await;
    assert_eq!(told.unwrap(), "a1 OK LOGIN completed.\r\n* 7 EXISTS\r\n");
}

#[tokio::test]
async fn the_other_two_ways_to_say_a_password() {
    let literals = "* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n";
    let ok = ("P2 OK [CAPABILITY IMAP4rev1] in\r\n", ASKED);
    play(&[(literals, "P2 LOGIN {15+}\r\nbob@example.com {3+}\r\np w\r\n"), ok, CAN], 99).await.unwrap();
    let asked = "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] ready\r\n";
    let script = [(asked, "P2 AUTHENTICATE PLAIN\r\n"), ("+ \r\n", "AGJvYkBleGFtcGxlLmNvbQBwIHc=\r\n"), ok, CAN];
    play(&script, 99).await.unwrap();
    let none = play(&[("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=GSSAPI] ready\r\n", "")], 99).await;
    assert!(matches!(none, Err(BackendError::Unfit(why)) if why.contains("no password")));
}

#[tokio::test]
async fn what_a_backend_must_not_say() {
    for greeting in
        ["* PREAUTH hello\r\n", "* BYE\r\n", "* NO\r\n", "HTTP/1.1 400\r\n", "\0\r\n", "220 mail ESMTP\r\n", ""]
    {
        let end = play(&[(greeting, "")], 99).await;
        assert!(
            matches!(end, Err(ref error) if error.failure() != SignInFailure::Refused || greeting == "* NO\r\n"),
            "{greeting}"
        );
    }
    for (answer, failure) in [
        ("P2 NO [AUTHENTICATIONFAILED] no\r\n", SignInFailure::Refused),
        ("P2 NO LOGIN failed.\r\n", SignInFailure::Refused),
        ("P2 NO [UNAVAILABLE] later\r\n", SignInFailure::Unavailable),
        ("P2 NO [LIMIT] too many\r\n", SignInFailure::Limit),
        ("P2 BAD what\r\n", SignInFailure::Unavailable),
        ("* BYE later\r\n", SignInFailure::Unavailable),
        ("P2 OK [REFERRAL imap://other/] in\r\n", SignInFailure::Unavailable),
        ("P2 OK [CAPABILITY IMAP4rev1 UNAUTHENTICATE] in\r\n", SignInFailure::Unavailable),
        ("* CAPABILITY IMAP4rev1 UNAUTHENTICATE\r\nP2 OK in\r\n", SignInFailure::Unavailable),
        ("P2 NO [EXPIRED] change it\r\n", SignInFailure::PasswordExpired),
        ("P2 NO [CONTACTADMIN] closed\r\n", SignInFailure::ContactAdmin),
        ("P9 OK in\r\n", SignInFailure::Unavailable),
        ("+ more\r\n", SignInFailure::Unavailable),
        ("* PREAUTH in\r\n", SignInFailure::Unavailable),
        ("P2 O", SignInFailure::Unavailable),
    ] {
        let answer = format!("P1 BAD no ID\r\n{answer}");
        let end = play(&[(DOVECOT, IN_ONE), (&answer, "")], 99).await;
        assert_eq!(end.unwrap_err().failure(), failure, "{answer}");
    }
}

/// Capabilities are requested each time, whatever was announced: a client cannot sign in again through the front.
#[tokio::test]
async fn unauthenticate_is_seen_wherever_it_is_shown() {
    let more = "* CAPABILITY IMAP4rev1 unauthenticate\r\nP3 OK done\r\n";
    let greeting = DOVECOT.replace("ID", "ID UNAUTHENTICATE");
    for script in [
        &[(DOVECOT, IN_ONE), ("P2 OK [CAPABILITY IMAP4rev1] in\r\n", ASKED), (more, "")][..],
        &[(DOVECOT, IN_ONE), ("* CAPABILITY IMAP4rev1\r\nP2 OK in\r\n", ASKED), (more, "")],
        &[(DOVECOT, IN_ONE), ("P2 OK [CAPABILITY IMAP4rev1] in\r\n", ASKED), ("P3 OK done\r\n", "")],
        &[(DOVECOT, IN_ONE), ("P2 OK [CAPABILITY IMAP4rev1] in\r\n", ASKED), ("P3 BAD what\r\n", "")],
        &[(greeting.as_str(), "")],
    ] {
        let end = play(script, 99).await;
        assert!(matches!(end, Err(BackendError::Unfit(_))), "{script:?}: {end:?}");
    }
}

#[tokio::test]
async fn letters_beyond_ascii_behind_a_code_are_no_matter() {
    let answer = "P2 OK [CAPABILITY IMAP4rev1]\u{e9} in\r\n";
    let told = play(&[(DOVECOT, IN_ONE), (answer, ASKED), CAN], 99).await.unwrap();
    assert_eq!(told, "a1 OK [CAPABILITY IMAP4rev1]\u{e9} in\r\n");
}

#[tokio::test]
async fn no_error_shows_a_password() {
    let end = play(&[(DOVECOT, IN_ONE), ("P1 OK\r\nP2 NO \"p w\"\r\n", "")], 99).await.unwrap_err();
    assert!(!format!("{} {end:?}", end.of(&Imap::TERMS)).contains("p w"));
}

/// How a server handles a connection.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// Signs in a client with Bob's password.
    Serves,
    /// Closes the connection at a sign-in.
    Leaves,
    /// Sends BYE first.
    SaysBye,
    /// Confirms the sign-in, and closes the connection.
    Quits,
    /// Sends plaintext after its reply to STARTTLS.
    Injects,
}

/// A server of the test's own, and what it received on each of its connections.
struct Server {
    backend: Backend<Imap>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// The connections have these habits in order, all further ones the last.
    async fn start(scheme: &str, habits: &'static [Habit], caps: [usize; 2]) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", socket.local_addr().unwrap());
        let settings = config::Mail::before(BackendUrl::<ImapTable>::try_from(url).unwrap().into());
        let [max_sessions, max_sessions_per_mailbox] = caps.map(|cap| cap.try_into().unwrap());
        let settings = config::Mail { max_sessions, max_sessions_per_mailbox, ..settings };
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let book = Arc::clone(&heard);
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = socket.accept().await.unwrap();
                book.lock().unwrap().push(String::new());
                tokio::spawn(serve(stream, *habits.get(number).or(habits.last()).unwrap(), Arc::clone(&book), number));
            }
        });
        Self { backend: Backend::<Imap>::new(&settings).unwrap(), heard }
    }

    async fn sign_in(&self) -> Result<SignedIn, BackendError> {
        self.backend.sign_in(&pass(), &tag(), "192.0.2.7".parse().unwrap()).await
    }

    fn connections(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// Waits until there have been this many connections.
    async fn connected(&self, count: usize) {
        let reached = async {
            while self.connections() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SIGN_IN, reached).await.unwrap();
    }
}

async fn serve(stream: TcpStream, habit: Habit, heard: Arc<Mutex<Vec<String>>>, number: usize) {
    let mut stream = BufStream::new(stream);
    let greeting = "* OK [CAPABILITY IMAP4rev1 SASL-IR ID STARTTLS AUTH=PLAIN] ready\r\n";
    let mut answer = greeting.to_owned();
    loop {
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            heard.lock().unwrap()[number] += "the end";
            return;
        }
        heard.lock().unwrap()[number] += &line;
        answer = match line.split_whitespace().nth(1).unwrap_or_default() {
            "AUTHENTICATE" if habit == Habit::Leaves => return,
            "AUTHENTICATE" if habit == Habit::Quits => {
                stream.write_all(b"P2 OK in\r\n").await.unwrap();
                return stream.flush().await.unwrap();
            }
            "AUTHENTICATE" if habit == Habit::SaysBye => "* BYE Disconnected for inactivity.\r\n".to_owned(),
            "AUTHENTICATE" if line.contains("AGJvYkBleGFtcGxlLmNvbQBwIHc=") => {
                "P2 OK [CAPABILITY IMAP4rev1] in\r\n".to_owned()
            }
            "AUTHENTICATE" => "P2 NO [AUTHENTICATIONFAILED] no\r\n".to_owned(),
            "ID" => "P1 OK done\r\n".to_owned(),
            "STARTTLS" if habit == Habit::Injects => "P1 OK now\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n".to_owned(),
            "CAPABILITY" => "* CAPABILITY IMAP4rev1\r\nP3 OK done\r\n".to_owned(),
            "LOGOUT" => "* BYE\r\n".to_owned(),
            _ => pending().await,
        };
    }
}

#[tokio::test]
async fn a_sign_in_has_a_connection_to_itself_that_was_ready_before_if_there_was_one() {
    let Server { backend, heard } = Server::start("imap", &[Habit::Serves], [9, 9]).await;
    let server = Server { backend: backend.keep_warm(), heard };
    let first = server.sign_in().await.unwrap();
    server.connected(2).await;
    let second = server.sign_in().await.unwrap();
    // Two are kept now, besides the two that were taken.
    server.connected(4).await;
    let heard = server.heard.lock().unwrap().clone();
    let count = |heard: &String| heard.matches("AUTHENTICATE").count();
    assert_eq!(heard.iter().map(count).collect::<Vec<_>>(), [1, 1, 0, 0]);
    drop((first, second, server.backend));
    let all_over = async {
        while !server.heard.lock().unwrap().iter().all(|heard| heard.ends_with("the end")) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SIGN_IN, all_over).await.expect("no connection is left behind");
}

#[tokio::test]
async fn a_ready_connection_that_ends_in_that_moment_fails_no_sign_in() {
    for habit in [&[Habit::Serves, Habit::Leaves, Habit::Serves], &[Habit::Serves, Habit::SaysBye, Habit::Serves]] {
        let Server { backend, heard } = Server::start("imap", habit, [9, 9]).await;
        let server = Server { backend: backend.keep_warm(), heard };
        server.sign_in().await.unwrap();
        server.connected(2).await;
        server.sign_in().await.unwrap();
        assert!(server.heard.lock().unwrap()[1].contains("AUTHENTICATE"), "it was tried first");
    }
}

#[tokio::test]
async fn a_password_is_checked_and_nobody_gets_the_connection() {
    let server = Server::start("imap", &[Habit::Serves], [1, 1]).await;
    let _session = server.sign_in().await.unwrap();
    server.backend.check("bob@example.com", b"p w").await.expect("a check is no session");
    for wrong in [b"wrong".as_slice(), b"p w2"] {
        let error = server.backend.check("bob@example.com", wrong).await.unwrap_err();
        assert_eq!(error.failure(), SignInFailure::Refused);
    }
    assert_eq!(server.connections(), 4);
    for (name, password) in [("bob@example.com", &b"a\0b"[..]), ("bob@example.com", b""), ("eve\0bob", b"p w")] {
        assert_eq!(server.backend.check(name, password).await.unwrap_err().failure(), SignInFailure::Refused);
    }
    assert_eq!(server.connections(), 4, "what is no password is not asked about");
    let gone = async {
        while !server.heard.lock().unwrap()[1].ends_with("P4 LOGOUT\r\nthe end") {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SIGN_IN, gone).await.unwrap();
    assert!(!server.heard.lock().unwrap()[1].contains("x-originating-ip"));
}

/// A check needs only its reply; a session needs the connection to stay open.
#[tokio::test]
async fn a_backend_that_leaves_behind_its_word_has_given_it() {
    let server = Server::start("imap", &[Habit::Quits], [9, 9]).await;
    server.backend.check("bob@example.com", b"p w").await.unwrap();
    assert_eq!(server.sign_in().await.err().unwrap().failure(), SignInFailure::Unavailable);
}

#[tokio::test]
async fn there_are_so_many_sessions_and_no_more() {
    let server = Server::start("imap", &[Habit::Serves], [9, 1]).await;
    let session = server.sign_in().await.unwrap();
    assert_eq!(server.sign_in().await.err().unwrap().failure(), SignInFailure::Limit);
    assert_eq!(server.connections(), 1, "the backend hears of none that would be too many");
    drop(session);
    server.sign_in().await.unwrap();
}

#[tokio::test]
async fn what_is_put_behind_starttls_ends_it() {
    let server = Server::start("imap+starttls", &[Habit::Injects], [9, 9]).await;
    let error = server.sign_in().await.err().unwrap();
    assert!(matches!(error, BackendError::Unfit(why) if why.contains("in the clear behind STARTTLS")), "{error:?}");
    assert_eq!(server.heard.lock().unwrap()[0], "P1 STARTTLS\r\n");
}

#[tokio::test]
async fn whom_a_connection_is_for_is_told_before_all_else() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("imap://{}", socket.local_addr().unwrap());
    let settings = config::Mail::before(BackendUrl::<ImapTable>::try_from(url).unwrap().into());
    let backend = Backend::<Imap>::new(&config::Mail { backend_proxy_protocol: true, ..settings }).unwrap().keep_warm();
    assert!(backend.preconnect.is_none());
    let accepted = async {
        let (mut stream, _) = socket.accept().await.unwrap();
        let told = postern_front::proxy_protocol::read(&mut stream).await.unwrap();
        stream.write_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n").await.unwrap();
        let count = stream.read(&mut [0; 99]).await.unwrap();
        stream.write_all(b"P2 OK [CAPABILITY IMAP4rev1] in\r\n").await.unwrap();
        assert_eq!(stream.read(&mut [0; 99]).await.unwrap(), ASKED.len());
        stream.write_all(CAN.0.as_bytes()).await.unwrap();
        (told, count > 0)
    };
    let (pass, tag, client) = (pass(), tag(), "2001:db8::7".parse().unwrap());
    let (signed_in, told) = tokio::join!(backend.sign_in(&pass, &tag, client), accepted);
    assert!(signed_in.is_ok() && told == (Some(client), true));
}
