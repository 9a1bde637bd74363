use super::*;
use crate::connection::Stream;
use crate::dialogue::Dialogue;
use crate::pop3::Pop3;
use crate::protocol::Protocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// Simulates a backend: what it sends, and what it then waits for, alternately. Returns the reply that the client gets.
async fn play(script: &[(&str, &str)], password: &str) -> Result<String, BackendError> {
    let (mut backend, front) = duplex(64 * 1024);
    let stream: Box<dyn Stream> = Box::new(front);
    let talk = async move {
        let mut dialogue = Dialogue::over(stream);
        let offers = greet(&mut dialogue).await?;
        let client = Some("192.0.2.7".parse().unwrap());
        let login = Login { name: b"bob@example.com", password: password.as_bytes(), client };
        let told = sign_in(&mut dialogue, &offers, &login).await?;
        assert!(dialogue.end().1.is_empty());
        Ok(String::from_utf8(told).unwrap())
    };
    let backend = async move {
        for (says, hears) in script {
            if backend.write_all(says.as_bytes()).await.is_err() {
                break;
            }
            let mut heard = vec![0; hears.len()];
            if backend.read_exact(&mut heard).await.is_ok() {
                assert_eq!(String::from_utf8(heard).unwrap(), *hears);
            }
        }
    };
    tokio::join!(talk, backend).0
}

const CAPA: &str = "CAPA\r\n";
const DOVECOT: &str =
    "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nUSER\r\nSASL PLAIN\r\n.\r\n";
const PLAIN: &str = "AUTH PLAIN AGJvYkBleGFtcGxlLmNvbQBwIHc=\r\n";

#[tokio::test]
async fn each_backend_is_signed_in_to_as_it_offers() {
    let dovecot = [
        ("+OK [XCLIENT] Dovecot ready.\r\n", CAPA),
        (DOVECOT, "XCLIENT ADDR=192.0.2.7\r\n"),
        ("+OK Updated\r\n", PLAIN),
        ("+OK Logged in.\r\n", ""),
    ];
    assert_eq!(play(&dovecot, "p w").await.unwrap(), "+OK Logged in.\r\n");
    let refused = [dovecot[0], dovecot[1], ("-ERR no\r\n", PLAIN), dovecot[3]];
    assert_eq!(play(&refused, "p w").await.unwrap(), "+OK Logged in.\r\n", "what it says to XCLIENT is no verdict");
    let exchange = "+OK\r\nTOP\r\nUIDL\r\nSASL NTLM GSSAPI PLAIN\r\nUSER\r\n.\r\n";
    let message = "AGJvYkBleGFtcGxlLmNvbQBwIHc=\r\n";
    let script = [
        ("+OK The Microsoft Exchange POP3 service is ready.\r\n", CAPA),
        (exchange, "AUTH PLAIN\r\n"),
        ("+ \r\n", message),
        ("+OK User successfully logged on.\r\n", ""),
    ];
    assert_eq!(play(&script, "p w").await.unwrap(), "+OK User successfully logged on.\r\n");
    let old = [
        ("+OK POP3 ready <1896.697170952@old.example>\r\n", CAPA),
        ("-ERR unknown\r\n", "USER bob@example.com\r\n"),
        ("+OK\r\n", "PASS  p w \r\n"),
        ("+OK 2 messages\r\n", ""),
    ];
    assert_eq!(play(&old, " p w ").await.unwrap(), "+OK 2 messages\r\n");
    // An initial response may make a command of 255 bytes, and no longer one.
    let long = "x".repeat(200);
    let script = [("+OK\r\n", CAPA), (DOVECOT, "AUTH PLAIN\r\n"), ("+\r\n", "AGJv"), ("+OK in\r\n", "")];
    play(&script, &long).await.unwrap();
    let none = play(&[("+OK\r\n", CAPA), ("+OK\r\nSASL NTLM\r\n.\r\n", "")], "pw").await;
    assert!(matches!(none, Err(BackendError::Unfit(why)) if why.contains("no password")));
}

#[tokio::test]
async fn what_a_backend_refuses_has_a_reason() {
    for (answer, failure) in [
        ("-ERR [AUTH] Authentication failed.\r\n", SignInFailure::Refused),
        ("-ERR Logon failure: unknown user name or bad password.\r\n", SignInFailure::Refused),
        ("-err\r\n", SignInFailure::Refused),
        ("-ERR [SYS/TEMP] later\r\n", SignInFailure::Unavailable),
        ("-ERR [SYS/PERM] broken\r\n", SignInFailure::Unavailable),
        ("-ERR [in-use] Do you have another POP session running?\r\n", SignInFailure::Limit),
        ("-ERR [LOGIN-DELAY] minimum time between mail checks violation\r\n", SignInFailure::TooSoon),
        ("-ERR [IN-USE\r\n", SignInFailure::Refused),
        ("+ more\r\n", SignInFailure::Unavailable),
        // As Exchange says it.
        ("-ERR Server Unavailable. 21\r\n", SignInFailure::Unavailable),
        // As Dovecot ends an idle connection.
        ("-ERR Disconnected for inactivity.\r\n", SignInFailure::Unavailable),
        ("+OKAY\r\n", SignInFailure::Unavailable),
        ("250 ok\r\n", SignInFailure::Unavailable),
        ("+OK in", SignInFailure::Unavailable),
        ("", SignInFailure::Unavailable),
    ] {
        let end = play(&[("+OK\r\n", CAPA), (DOVECOT, PLAIN), (answer, "")], "p w").await;
        assert_eq!(end.unwrap_err().failure(), failure, "{answer}");
    }
    for greeting in ["-ERR [SYS/TEMP] full\r\n", "-ERR no\r\n", "* OK IMAP\r\n", "220 ESMTP\r\n", "+ \r\n", ""] {
        assert_eq!(
            play(&[(greeting, "")], "pw").await.unwrap_err().failure(),
            SignInFailure::Unavailable,
            "{greeting}"
        );
    }
    let end = play(&[("+OK\r\n", CAPA), (DOVECOT, PLAIN), ("-ERR \"p w\"\r\n", "")], "p w").await.unwrap_err();
    assert!(!format!("{} {end:?}", end.of(&Pop3::TERMS)).contains("p w"), "no error shows a password");
}

#[tokio::test]
async fn after_user_only_ok_leads_on() {
    for answer in ["+ \r\n", "-ERR [AUTH] no such user\r\n", "* BAD\r\n"] {
        // A front that sent the password would be signed in.
        let script =
            [("+OK\r\n", CAPA), ("-ERR\r\n", "USER bob@example.com\r\n"), (answer, "PASS pw\r\n"), ("+OK in\r\n", "")];
        play(&script, "pw").await.unwrap_err();
    }
}

#[test]
fn only_exchange_is_taken_for_exchange() {
    assert!(Pop3::is_of_exchange(b"+OK The Microsoft Exchange POP3 service is ready.\r\n"));
    assert!(!Pop3::is_of_exchange(b"+OK Dovecot ready.\r\n"));
}
