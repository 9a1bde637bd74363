use super::*;
use crate::before_sign_in::tests::options;
use crate::before_sign_in::{self, MAX_BAD, MAX_BYTES, MAX_FAILED};
use crate::front::{DEADLINE, REFUSAL};
use crate::protocol::Listening as _;
use postern_front::credentials::Credentials;
use postern_front::password_field::until_refusal;
use proptest::prelude::*;
use std::time::Duration;

fn talk<'a>(
    security: Security,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, Vec<Credentials>, &'static str) {
    let Next::Read(listening) = Listening::begin(security, options(true)).next else { panic!("a greeting") };
    before_sign_in::tests::talk(listening, pieces)
}

fn bob() -> Credentials {
    Credentials::new(b"bob", b"pw").unwrap()
}

#[test]
fn every_way_to_say_who_one_is_leads_to_the_same() {
    for (text, invitations) in [
        ("a LOGIN bob pw\r\n", 0),
        ("a LOGIN {3}\r\nbob {2}\r\npw\r\n", 2),
        ("a LOGIN {3+}\r\nbob {2+}\r\npw\r\n", 0),
        ("a AUTHENTICATE PLAIN AGJvYgBwdw==\r\n", 0),
        ("a AUTHENTICATE PLAIN\r\nAGJvYgBwdw==\r\n", 1),
        ("a AUTHENTICATE LOGIN\r\nYm9i\r\ncHc=\r\n", 2),
    ] {
        let (said, asked, end) = talk(Security::Tls, [text.as_bytes()]);
        assert_eq!((asked, end), (vec![bob()], "open"), "{text}");
        assert_eq!(said.lines().filter(|line| line.starts_with("+ ")).count(), invitations, "{text}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("a NO [AUTHENTICATIONFAILED] ") && last.contains("https://webmail.example.com/"));
    }
}

#[test]
fn in_the_clear_nobody_signs_in() {
    let (said, asked, end) =
        talk(Security::Clear, [b"a CAPABILITY\r\nb LOGIN bob pw\r\nc AUTHENTICATE PLAIN\r\n".as_slice()]);
    assert!(said.contains("STARTTLS LOGINDISABLED\r\na OK") && !said.contains("AUTH=PLAIN"), "{said}");
    assert!(said.contains("b NO [PRIVACYREQUIRED]") && said.contains("c NO [PRIVACYREQUIRED]"));
    assert!(asked.is_empty() && end == "open");
}

#[test]
fn what_is_behind_starttls_in_the_clear_is_forgotten() {
    let Next::Read(listening) = Listening::begin(Security::Clear, options(true)).next else { panic!() };
    let step = listening.receive(b"a STARTTLS\r\nb LOGIN eve pw\r\nc LOG");
    assert_eq!(step.say, b"a OK Begin TLS now\r\n");
    let Next::StartTls(listening) = step.next else { panic!("{:?}", step.next) };
    let step = listening.receive(b"d LOGIN bob pw\r\n");
    let Next::Judge(judging) = step.next else { panic!("{:?}", step.next) };
    assert_eq!((&judging.credentials, step.say.as_slice()), (&bob(), b"".as_slice()));
    assert!(
        matches!(talk(Security::Tls, [b"a STARTTLS\r\n".as_slice()]), (said, _, "open") if said.starts_with("a BAD"))
    );
}

#[test]
fn three_of_a_kind_and_it_closes() {
    assert_eq!((MAX_BAD, MAX_FAILED), (3, 3));
    let (said, _, end) = talk(Security::Tls, [b"a SELECT x\r\nb AUTHENTICATE NTLM\r\n\r\nd NOOP\r\n".as_slice()]);
    assert_eq!((said.matches(" BAD ").count(), said.matches(" NO ").count(), end), (2, 1, "closed"), "{said}");
    let logins = b"a LOGIN bob pw\r\nb LOGIN bob pw\r\nc NOOP\r\nd LOGIN bob pw\r\ne LOGIN bob pw\r\n";
    let (said, asked, end) = talk(Security::Tls, [logins.as_slice()]);
    assert_eq!((asked.len(), end), (3, "closed"));
    assert!(said.ends_with("* BYE Too many sign-ins have failed\r\n"));
}

#[test]
fn there_is_an_end_to_talk() {
    assert_eq!((MAX_BYTES, DEADLINE), (65536, Duration::from_secs(60)));
    let chatter = b"a NOOP\r\n".repeat(MAX_BYTES / 8);
    assert_eq!(talk(Security::Tls, [chatter.as_slice()]).2, "open");
    let (said, _, end) = talk(Security::Tls, [chatter.as_slice(), b"b NOOP\r\n"]);
    assert_eq!((end, said.lines().last().unwrap().starts_with("* BYE ")), ("closed", true));
}

#[test]
fn what_is_too_long_is_refused_under_its_tag() {
    let refused = |text: &str| {
        let (said, asked, end) = talk(Security::Tls, [text.as_bytes()]);
        assert!(asked.is_empty(), "{text}");
        (said, end)
    };
    // A client that waits for a continuation request gets none, and goes on.
    let (said, end) = refused("a LOGIN {99999}\r\nb NOOP\r\n");
    assert!(said.starts_with("a BAD [TOOBIG] ") && said.ends_with("\r\nb OK Done\r\n") && end == "open", "{said}");
    let (said, end) = refused("a X {99999}\r\nb X {3}\r\nxyz {99999}\r\nc X {99999}\r\n");
    assert!(said.contains("\r\nb BAD ") && said.contains("\r\nc BAD ") && end == "closed", "{said}");
    // All further bytes are part of it.
    let answer = format!("a AUTHENTICATE PLAIN\r\n{}\r\n", "x".repeat(20_000));
    for text in ["a LOGIN {99999+}\r\nb NOOP\r\n", &format!("a LOGIN {}", "x".repeat(20_000)), &answer] {
        let (said, end) = refused(text);
        assert!(said.contains("a BAD [TOOBIG] ") && said.ends_with("* BYE That command is too long\r\n"), "{said}");
        assert_eq!((end, said.contains("b OK")), ("closed", false));
    }
    assert!(refused(&"x".repeat(20_000)).0.starts_with("* BAD [TOOBIG] "));
}

#[test]
fn only_what_was_not_used_is_left_for_the_backend() {
    let Next::Read(listening) = Listening::begin(Security::Tls, options(true)).next else { panic!() };
    let step = listening.receive(b"a ID (\"name\" \"K-9\")\r\nb LOGIN bob pw\r\nc SELECT INBOX\r\nd ");
    let Next::Judge(judging) = step.next else { panic!("{:?}", step.next) };
    assert_eq!(judging.listening.client(), Some("K-9"));
    assert_eq!(judging.tag.to_string(), "b");
    assert_eq!(judging.listening.accept().as_slice(), b"c SELECT INBOX\r\nd ");
}

#[test]
fn every_reason_is_the_same_text_and_the_rest_have_codes() {
    let refused = |failure| {
        let Next::Read(listening) = Listening::begin(Security::Tls, options(true)).next else { panic!() };
        let Next::Judge(judging) = listening.receive(b"a LOGIN bob pw\r\n").next else { panic!() };
        String::from_utf8(judging.refuse(failure).say).unwrap()
    };
    assert!(refused(SignInFailure::Refused).starts_with("a NO [AUTHENTICATIONFAILED] "));
    assert!(refused(SignInFailure::Unavailable).starts_with("a NO [UNAVAILABLE] "));
    assert!(refused(SignInFailure::Limit).starts_with("a NO [LIMIT] "));
    assert!(refused(SignInFailure::PasswordExpired).starts_with("a NO [EXPIRED] The mail server says "));
    assert!(refused(SignInFailure::ContactAdmin).starts_with("a NO [CONTACTADMIN] "));
}

#[test]
fn a_refusal_comes_at_the_full_strokes() {
    assert_eq!(REFUSAL, Duration::from_secs(3));
    for (taken, until) in [(0, 3000), (1, 2999), (2999, 1), (3000, 3000), (3001, 2999), (7000, 2000)] {
        assert_eq!(until_refusal(Duration::from_millis(taken), REFUSAL), Duration::from_millis(until));
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a LOGIN bob pw".to_owned()),
        Just("a LOGIN {3}\r\nbob {2+}\r\npw".to_owned()),
        Just("a AUTHENTICATE PLAIN".to_owned()),
        Just("AGJvYgBwdw==".to_owned()),
        Just("*".to_owned()),
        Just("a ID (\"name\" {3}\r\nx\r\n)".to_owned()),
        Just("a CAPABILITY".to_owned()),
        "[a-c] [A-Z{}0-9+ \"\\\\]{0,12}",
    ]
}

proptest! {
    #[test]
    fn the_pieces_do_not_matter(lines in proptest::collection::vec(line(), 0..6), size in 1usize..40) {
        let text = lines.into_iter().map(|line| line + "\r\n").collect::<String>();
        let whole = talk(Security::Tls, [text.as_bytes()]);
        prop_assert_eq!(&talk(Security::Tls, text.as_bytes().chunks(size)), &whole);
        prop_assert_eq!(&talk(Security::Tls, text.as_bytes().chunks(1)), &whole);
    }

    #[test]
    fn a_password_is_never_said(password in "[a-z0-9]{8,40}", line in "[a-z] [A-Z ]{0,20}") {
        let text = format!("{line} {password}\r\na LOGIN {password} {password} x\r\nb LOGIN bob \"{password}\r\n");
        let (said, ..) = talk(Security::Tls, [text.as_bytes()]);
        prop_assert!(!said.contains(&password), "{said}");
    }
}

#[test]
fn the_mechanism_login_is_there_by_option_only_and_can_be_taken_back() {
    let Step { say, next: Next::Read(listening) } = Listening::begin(Security::Tls, options(false)) else { panic!() };
    assert!(!String::from_utf8(say).unwrap().contains("AUTH=LOGIN"));
    let said = String::from_utf8(listening.receive(b"a AUTHENTICATE LOGIN\r\n").say).unwrap();
    assert!(said.starts_with("a NO [CANNOT]"), "{said}");
    let Step { say, .. } = Listening::begin(Security::Tls, options(true));
    assert!(String::from_utf8(say).unwrap().contains("AUTH=PLAIN AUTH=LOGIN"));
    for answers in ["*\r\n", "Ym9i\r\n*\r\n", "AA==\r\n", "Ym9i\r\nAA==\r\n", "=\r\n"] {
        let (said, asked, end) = talk(Security::Tls, [format!("a AUTHENTICATE LOGIN\r\n{answers}").as_bytes()]);
        assert!(asked.is_empty() && end == "open" && said.ends_with("written as it should be\r\n"), "{answers}{said}");
    }
    let (said, ..) = talk(Security::Clear, [b"a AUTHENTICATE LOGIN\r\n".as_slice()]);
    assert!(said.starts_with("a NO [PRIVACYREQUIRED]"), "{said}");
}
