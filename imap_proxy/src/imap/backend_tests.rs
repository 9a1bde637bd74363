use super::*;
use crate::imap::command;
use crate::imap::credentials::Credentials;
use crate::imap::verdict::{AfterAsk, after_ask};
use postern_wire::auth::AskVerdict;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// A pass for Bob, whose password is `p w`.
fn pass() -> Pass {
    let free = AskVerdict::NotRequired { mailbox: "bob@example.com".into(), standing: "s".into() };
    let typed = Credentials::new(b"bob", b"p w").unwrap();
    let AfterAsk::Pass(pass) = after_ask(Ok::<_, ()>(free), &typed) else { panic!() };
    pass
}

fn tag() -> Tag {
    command::parse(b"a1 NOOP\r\n").0.unwrap()
}

/// Plays a backend: what it says, what it then waits for, in turns. Gives what the client would be told.
async fn play(script: &[(&str, &str)], piece: usize) -> Result<String, BackendError> {
    let (mut backend, front) = duplex(64 * 1024);
    let stream: Box<dyn Stream> = Box::new(front);
    let talk = async move {
        let (dialogue, capabilities) = greet(stream).await?;
        sign_in(dialogue, capabilities, &pass(), &tag(), "192.0.2.7".parse().unwrap()).await
    };
    let backend = async move {
        for (says, hears) in script {
            for piece in says.as_bytes().chunks(piece) {
                backend.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            expect(&mut backend, hears).await;
        }
        // It hangs up, so that nobody waits for what it does not say.
        drop(backend);
    };
    let (signed_in, ()) = tokio::join!(talk, backend);
    let mut signed_in = signed_in?;
    let mut told = String::from_utf8(signed_in.told).unwrap();
    signed_in.stream.read_to_string(&mut told).await.unwrap();
    Ok(told)
}

async fn expect(stream: &mut DuplexStream, text: &str) {
    let mut heard = vec![0; text.len()];
    if stream.read_exact(&mut heard).await.is_ok() {
        assert_eq!(String::from_utf8(heard).unwrap(), text);
    }
}

const DOVECOT: &str = "* OK [CAPABILITY IMAP4rev1 SASL-IR ID LITERAL+ AUTH=PLAIN] ready\r\n";
const IN_ONE: &str =
    "P1 ID (\"x-originating-ip\" \"192.0.2.7\")\r\nP2 AUTHENTICATE PLAIN AGJvYkBleGFtcGxlLmNvbQBwIHc=\r\n";

#[tokio::test]
async fn dovecot_is_signed_in_to_in_one_flight_and_at_any_split() {
    let answer = "* ID (\"name\" \"Dovecot\")\r\nP1 OK ID completed.\r\n* OK [ALERT] Hello\r\n\
                  P2 OK [CAPABILITY IMAP4rev1 IDLE] Logged in\r\n* 1 EXISTS\r\n";
    for piece in 1..answer.len() {
        let told = play(&[(DOVECOT, IN_ONE), (answer, "")], piece).await.unwrap();
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
            ("P2 OK LOGIN completed.\r\n", "P3 CAPABILITY\r\n"),
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
    let ok = ("P2 OK [CAPABILITY IMAP4rev1] in\r\n", "");
    play(&[(literals, "P2 LOGIN {15+}\r\nbob@example.com {3+}\r\np w\r\n"), ok], 99).await.unwrap();
    let asked = "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] ready\r\n";
    let script = [(asked, "P2 AUTHENTICATE PLAIN\r\n"), ("+ \r\n", "AGJvYkBleGFtcGxlLmNvbQBwIHc=\r\n"), ok];
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
        assert!(matches!(end, Err(ref error) if error.stop() != Stop::Refused || greeting == "* NO\r\n"), "{greeting}");
    }
    for (answer, stop) in [
        ("P2 NO [AUTHENTICATIONFAILED] no\r\n", Stop::Refused),
        ("P2 NO LOGIN failed.\r\n", Stop::Refused),
        ("P2 NO [UNAVAILABLE] later\r\n", Stop::Unavailable),
        ("P2 NO [LIMIT] too many\r\n", Stop::Limit),
        ("P2 BAD what\r\n", Stop::Unavailable),
        ("* BYE later\r\n", Stop::Unavailable),
        ("P2 OK [REFERRAL imap://other/] in\r\n", Stop::Unavailable),
        ("P2 OK [CAPABILITY IMAP4rev1 UNAUTHENTICATE] in\r\n", Stop::Unavailable),
        ("* CAPABILITY IMAP4rev1 UNAUTHENTICATE\r\nP2 OK in\r\n", Stop::Unavailable),
        ("P2 OK [CAPABILITY IMAP4rev1]\u{e9} in\r\n", Stop::Unavailable),
        ("P9 OK in\r\n", Stop::Unavailable),
        ("+ more\r\n", Stop::Unavailable),
        ("* PREAUTH in\r\n", Stop::Unavailable),
        ("P2 O", Stop::Unavailable),
    ] {
        let answer = format!("P1 BAD no ID\r\n{answer}");
        let end = play(&[(DOVECOT, IN_ONE), (&answer, "")], 99).await;
        assert_eq!(end.unwrap_err().stop(), stop, "{answer}");
    }
}

#[tokio::test]
async fn no_error_shows_a_password() {
    let end = play(&[(DOVECOT, IN_ONE), ("P1 OK\r\nP2 NO \"p w\"\r\n", "")], 99).await.unwrap_err();
    assert!(!format!("{end} {end:?}").contains("p w"));
}
