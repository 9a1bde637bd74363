//! Mail through a mail server.

use crate::faults::{Faulty, Step};
use crate::mail_server::MailServer;
use crate::tls::Certificate;
use crate::{ADDRESS, CODE, refused, secret_file, send_mail, senders, text, unavailable};
use posternd::notify::senders::{SendError, Senders};

fn config(url: &str, more: &str) -> String {
    format!("[mail]\nfrom = \"Postern « é » <security@example.com>\"\nsmtp = \"{url}\"\n{more}\n")
}

fn to(port: u16) -> Senders {
    senders(&config(&format!("smtp://127.0.0.1:{port}"), ""))
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(dir.path());
    let password = secret_file(dir.path(), "password", "s3cret");
    for (security, scheme, user) in [
        ("plain", "smtp", ""),
        ("smtps", "smtps", "postern"),
        ("starttls", "smtp+starttls", "postern"),
        ("starttls", "smtp+starttls", ""),
    ] {
        let mut server = MailServer::start(security, &certificate, [user, "s3cret"]).await;
        let mut more = String::new();
        if security != "plain" {
            more.push_str(&format!("ca = {:?}\n", certificate.ca));
        }
        if !user.is_empty() {
            more.push_str(&format!("user = \"{user}\"\npassword_file = {password:?}\n"));
        }
        let senders = senders(&config(&format!("{scheme}://127.0.0.1:{}", server.port), &more));
        send_mail(&senders, ADDRESS).await.unwrap();
        let mail = server.mail().await;
        assert_eq!((&mail["from"], &mail["to"][0]), (&"security@example.com".into(), &ADDRESS.into()));
        assert_eq!((&mail["tls"], &mail["hello"]), (&(security != "plain").into(), &"example.com".into()));
        assert_eq!(mail["user"].as_str().unwrap_or_default(), user);
        let content = mail["content"].as_str().unwrap();
        let (head, body) = content.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Subject: Votre code =?utf-8?b?w6A=?= usage unique\r\n"), "{head}");
        assert!(body.contains(&format!("@webmail.example.com #{CODE}")), "{body}");
        assert_eq!(server.left().await, 0);
    }
}

#[tokio::test]
async fn each_no_has_its_meaning() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = MailServer::start("plain", &Certificate::new(dir.path()), ["", ""]).await;
    let senders = to(server.port);
    let why = refused(send_mail(&senders, "nobody@example.org").await);
    assert!(why.contains("n***@example.org") && why.contains("answers 550 and says “#.#.# @ no such user”"), "{why}");
    let why = unavailable(send_mail(&senders, "busy@example.org").await);
    assert!(why.contains("b***@example.org") && why.contains("451"), "{why}");
    for wrong in ["bob", "bob@example.org\r\nDATA", "bob@example.org> SIZE=1", "\"bob\"@example.org"] {
        assert!(refused(send_mail(&senders, wrong).await).contains("no mail was sent"), "{wrong}");
    }
    let subject = senders.mail(crate::NOW, ADDRESS, "a\r\nBcc: eve@example.org", &text()).await;
    assert!(unavailable(subject).contains("more than one line"));
    let why = refused(send_mail(&senders, "spam@example.org").await);
    assert!(why.contains("554"), "{why}");
    server.mail().await;
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn who_may_not_sign_in_sends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(dir.path());
    let server = MailServer::start("smtps", &certificate, ["postern", "another"]).await;
    let password = secret_file(dir.path(), "password", "s3cret");
    let login = format!("ca = {:?}\nuser = \"postern\"\npassword_file = {password:?}\n", certificate.ca);
    let senders = senders(&config(&format!("smtps://127.0.0.1:{}", server.port), &login));
    let why = unavailable(send_mail(&senders, ADDRESS).await);
    assert!(why.contains("535") && why.contains("[mail] user and password_file"), "{why}");
    assert_eq!(server.left().await, 0);
}

#[tokio::test]
async fn an_untrusted_certificate_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(dir.path());
    for security in ["smtps", "starttls"] {
        let server = MailServer::start(security, &certificate, ["", ""]).await;
        let scheme = if security == "smtps" { "smtps" } else { "smtp+starttls" };
        let senders = senders(&config(&format!("{scheme}://127.0.0.1:{}", server.port), ""));
        let why = unavailable(send_mail(&senders, ADDRESS).await);
        assert!(why.contains("could not be sent") && why.contains("name that in `ca`"), "{why}");
        assert_eq!(server.left().await, 0);
    }
}

/// If STARTTLS is missing from the capabilities, or unencrypted data follows it, the mail is not sent without TLS.
#[tokio::test]
async fn nobody_between_can_keep_tls_away() {
    const OFFER: [Step; 3] =
        [Step::Say("220 mail\r\n"), Step::Hear("EHLO example.com\r\n"), Step::Say("250-mail\r\n250 STARTTLS\r\n")];
    for (steps, says) in [
        (&[OFFER[0], OFFER[1], Step::Say("250-mail\r\n250 SIZE 1000\r\n")][..], "does not offer STARTTLS"),
        (
            &[OFFER[0], OFFER[1], OFFER[2], Step::Hear("STARTTLS\r\n"), Step::Say("220 go\r\n250 mail\r\n")],
            "in the clear behind STARTTLS",
        ),
        (&[OFFER[0], OFFER[1], OFFER[2], Step::Hear("STARTTLS\r\n"), Step::Say("454 no\r\n")], "“### no” is not 220"),
        (
            &[
                Step::Say("220\n"),
                OFFER[1],
                Step::Say("250-\r\n250-\u{e9}\r\n250 starttls\r\n"),
                Step::Hear("STARTTLS\r\n"),
                Step::Say("454\r\n"),
            ],
            "“###” is not 220",
        ),
        (&[Step::Say("2200 mail\r\n")], "is not 220"),
        (&[Step::Say("SSH-2.0-OpenSSH_9.2\r\n")], "is not 220"),
        (&[Step::Say("220"), Step::Reset], "is not 220"),
        (&[Step::Flood], "is not 220"),
    ] {
        let server = Faulty::start(steps).await;
        let senders = senders(&config(&format!("smtp+starttls://127.0.0.1:{}", server.port), ""));
        let why = unavailable(send_mail(&senders, ADDRESS).await);
        assert!(why.contains(says) || why.contains("broke off"), "{says}: {why}");
        assert!(!server.heard().concat().contains("MAIL"), "{:?}", server.heard());
    }
}

/// What a mail server receives until it has a mail.
const HEARS: [&str; 5] = [
    "EHLO example.com\r\n",
    "MAIL FROM:<security@example.com>\r\n",
    "RCPT TO:<bob.smith@example.org>\r\n",
    "DATA\r\n",
    "\r\n.\r\n",
];

/// An exchange in which each of `says` comes before one of `hears`, and `then` follows.
fn conversation(says: &[&'static str], hears: &[&'static str], then: &[Step]) -> Vec<Step> {
    assert_eq!(says.len(), hears.len());
    let turns = says.iter().zip(hears).flat_map(|(says, hears)| [Step::Say(says), Step::Hear(hears)]);
    turns.chain(then.iter().copied()).collect()
}

/// An exchange that succeeds up to its last line.
fn until_content(then: &[Step]) -> Vec<Step> {
    let says = ["220 mail\r\n", "250 mail\r\n", "250 OK\r\n", "250 OK\r\n", "354 go\r\n"];
    conversation(&says, &HEARS, then)
}

/// Codes without text, keywords in small letters, lines that end with LF, and no reply to QUIT: by its codes it has
/// accepted the mail.
#[tokio::test]
async fn a_server_of_few_words_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new(dir.path());
    let terse = |then: &[Step]| {
        let says =
            ["220\r\n", "250-\r\n250-8bitmime\n250 auth plain login\r\n", "235\r\n", "250\n", "250 \r\n", "354\r\n"];
        let auth = "AUTH PLAIN AHBvc3Rlcm4AczNjcmV0\r\n";
        conversation(&says, &[HEARS[0], auth, HEARS[1], HEARS[2], HEARS[3], HEARS[4]], then)
    };
    let password = secret_file(dir.path(), "password", "s3cret");
    let more = format!("ca = {:?}\nuser = \"postern\"\npassword_file = {password:?}\n", certificate.ca);
    let mut outcomes = Vec::new();
    for steps in [
        terse(&[Step::Say("250\r\n")]),
        terse(&[Step::Say("250 2.0.0 queued as 1"), Step::Leave]),
        terse(&[Step::Say("25"), Step::Leave]),
        terse(&[Step::Say("250-queued"), Step::Leave]),
    ] {
        let server = Faulty::behind(Some(certificate.acceptor.clone()), steps).await;
        let senders = senders(&config(&format!("smtps://127.0.0.1:{}", server.port), &more));
        outcomes.push(send_mail(&senders, ADDRESS).await);
    }
    let [alone, queued, cut, more_to_come] = outcomes.try_into().unwrap();
    alone.unwrap();
    queued.unwrap();
    for unclear in [cut, more_to_come] {
        assert!(unavailable(unclear).contains("is not known"));
    }
}

#[tokio::test]
async fn what_may_have_been_taken_is_not_sent_again() {
    for steps in [
        until_content(&[Step::Reset]),
        until_content(&[Step::Say("garbage <bob.smith@example.org> 246810\r\n")]),
        until_content(&[Step::Say("2"), Step::Reset]),
    ] {
        let server = Faulty::start(steps).await;
        let senders = senders(&config(&format!("smtp://127.0.0.1:{}", server.port), "daily_budget = 1"));
        let why = unavailable(send_mail(&senders, ADDRESS).await);
        assert!(why.contains("whether a mail to b***@example.org was sent is not known"), "{why}");
        assert_eq!(server.heard().len(), 1);
        // It counts, since it may have been sent.
        assert!(matches!(send_mail(&senders, ADDRESS).await, Err(SendError::Budget(..))));
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    for (steps, says, limit) in [
        (vec![Step::Hang], "could not be sent: 127.0.0.1", "10 s"),
        (vec![Step::Say("220 mail\r\n"), Step::Hear("EHLO"), Step::Hang], "could not be sent: 127.0.0.1", "10 s"),
        (until_content(&[Step::Hang]), "is not known: 127.0.0.1", "8 s"),
    ] {
        let server = Faulty::start(steps).await;
        let senders = to(server.port);
        let (outcome, ()) = tokio::join!(send_mail(&senders, ADDRESS), server.let_time_pass());
        let why = unavailable(outcome);
        assert!(why.contains(says) && why.ends_with(&format!("did not answer within {limit}")), "{why}");
        assert_eq!(server.heard().len(), 1);
        tokio::time::resume();
    }
}

#[tokio::test]
async fn nonsense_is_an_error() {
    for steps in [
        &[Step::Say("SSH-2.0-OpenSSH_9.2\r\n")][..],
        &[Step::Say("\0\r\n"), Step::Reset],
        &[Step::Reset],
        &[Step::Flood],
        &[Step::Say("421 too busy\r\n")],
        &[Step::Say("220 mail\r\n"), Step::Hear("EHLO"), Step::Reset],
    ] {
        let server = Faulty::start(steps).await;
        let why = unavailable(send_mail(&to(server.port), ADDRESS).await);
        assert!(why.contains("could not be sent") && !why.contains("did not answer"), "{why}");
    }
}

/// A line with a single dot would end a mail: it is sent with another dot before it.
#[tokio::test]
async fn a_dot_ends_no_mail() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = MailServer::start("plain", &Certificate::new(dir.path()), ["", ""]).await;
    let body = postern_wire::Secret::from("a\n.\nMAIL FROM:<eve@example.org>\n..\r\n.\r\nb\n");
    to(server.port).mail(crate::NOW, ADDRESS, "Hello", &body).await.unwrap();
    let mail = server.mail().await;
    let content = mail["content"].as_str().unwrap();
    assert!(content.ends_with("\r\n\r\na\r\n.\r\nMAIL FROM:<eve@example.org>\r\n..\r\n.\r\nb\r\n"), "{content:?}");
    assert_eq!(server.left().await, 0);
}
