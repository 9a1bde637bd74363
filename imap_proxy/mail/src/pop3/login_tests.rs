use super::super::offers::Offers;
use super::*;
use crate::before_sign_in;
use crate::before_sign_in::tests::options;
use crate::protocol::Listening as _;
use proptest::prelude::*;

fn begin(security: Security) -> Listening {
    let shown = Offers::of(&[b"TOP".to_vec(), b"UIDL".to_vec(), b"SASL GSSAPI".to_vec()]).shown;
    let Step { say, next: Next::Read(listening) } = Listening::begin(security, options(true), shown) else { panic!() };
    assert_eq!(say, b"+OK Postern is ready\r\n");
    listening
}

fn talk<'a>(
    security: Security,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, Vec<Credentials>, &'static str) {
    before_sign_in::tests::talk(begin(security), pieces)
}

fn credentials(password: &str) -> Credentials {
    Credentials::new(b"bob", password.as_bytes()).unwrap()
}

#[test]
fn every_way_to_sign_in_leads_to_the_same() {
    for (text, before) in [
        ("USER bob\r\nPASS pw\r\n", "+OK\r\n"),
        ("user eve\nuser bob\npass pw\n", "+OK\r\n+OK\r\n"),
        ("AUTH PLAIN AGJvYgBwdw==\r\n", ""),
        ("AUTH PLAIN\r\nAGJvYgBwdw==\r\n", "+ \r\n"),
        ("AUTH LOGIN\r\nYm9i\r\ncHc=\r\n", "+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n"),
        ("auth login Ym9i\r\ncHc=\r\n", "+ UGFzc3dvcmQ6\r\n"),
    ] {
        let (said, asked, end) = talk(Security::Tls, [text.as_bytes()]);
        assert_eq!((asked, end), (vec![credentials("pw")], "open"), "{text}");
        let refused = said.strip_prefix(before).unwrap_or_else(|| panic!("{text}: {said}"));
        assert!(
            refused.starts_with("-ERR [AUTH] Sign-in failed. ") && refused.contains("https://webmail.example.com/")
        );
        assert_eq!(refused.matches("\r\n").count(), 1, "one line");
    }
    let (_, asked, _) = talk(Security::Tls, [b"USER bob\r\nPASS  p w \r\n".as_slice()]);
    assert_eq!(asked, [credentials(" p w ")], "spaces are part of a password");
}

#[test]
fn what_is_no_sign_in_is_refused_and_three_of_it_end_the_connection() {
    for text in [
        "PASS pw\r\n",
        "USER bob\r\nPASS \r\n",
        "USER \r\nPASS pw\r\n",
        "AUTH PLAIN =\r\n",
        "AUTH PLAIN ZXZlAGJvYgBwdw==\r\n",
        "AUTH PLAIN\r\n*\r\n",
        "AUTH LOGIN\r\n*\r\n",
        "AUTH LOGIN\r\nYm9i\r\n*\r\n",
        "AUTH NTLM\r\n",
        "APOP bob c4c9334bac560ecc979e58001b3e22fb\r\n",
        "STLS\r\n",
        "STAT\r\n",
        "NOOP\r\n",
    ] {
        let (said, asked, end) = talk(Security::Tls, [text.as_bytes()]);
        assert!(asked.is_empty() && end == "open" && said.contains("-ERR "), "{text}: {said}");
        let (said, _, end) = talk(Security::Tls, [text.repeat(3).as_bytes()]);
        assert!(
            end == "closed" && said.ends_with("-ERR Too many commands that cannot be served\r\n"),
            "{text}: {said}"
        );
    }
    // A name is used once.
    let (_, asked, _) = talk(Security::Tls, [b"USER bob\r\nPASS a\r\nPASS b\r\n".as_slice()]);
    assert_eq!(asked, [credentials("a")]);
    let (said, asked, end) = talk(Security::Tls, [b"USER bob\r\nPASS a\r\n".repeat(4).as_slice()]);
    assert_eq!((asked.len(), end), (3, "closed"));
    assert!(said.ends_with("-ERR Too many sign-ins have failed\r\n"));
    let (said, _, end) = talk(Security::Tls, ["x".repeat(20_000).as_bytes()]);
    assert_eq!((said.as_str(), end), ("-ERR That line is too long\r\n", "closed"));
    let (said, _, end) = talk(Security::Tls, [b"CAPA\r\n".repeat(20_000).as_slice()]);
    assert!(end == "closed" && said.ends_with("-ERR Too much was said before signing in\r\n"));
}

#[test]
fn in_the_clear_no_client_signs_in() {
    for text in ["USER bob\r\n", "PASS pw\r\n", "AUTH\r\n", "AUTH PLAIN AGJvYgBwdw==\r\n", "AUTH LOGIN\r\n"] {
        let (said, asked, end) = talk(Security::Clear, [text.as_bytes()]);
        assert_eq!((said.as_str(), asked.len(), end), ("-ERR Begin TLS first, with STLS\r\n", 0, "open"));
    }
    let capabilities = |security, login_mechanism| {
        let listening = begin(security);
        Listening { options: FrontOptions { login_mechanism, ..listening.options }, ..listening }.capabilities()
    };
    let rest = "PIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nTOP\r\nUIDL\r\n.\r\n";
    assert_eq!(capabilities(Security::Clear, true), format!("+OK\r\nSTLS\r\n{rest}"));
    assert_eq!(capabilities(Security::Tls, false), format!("+OK\r\nUSER\r\nSASL PLAIN\r\n{rest}"));
    assert_eq!(capabilities(Security::Tls, true), format!("+OK\r\nUSER\r\nSASL PLAIN LOGIN\r\n{rest}"));
    let (said, ..) = talk(Security::Tls, [b"AUTH\r\n".as_slice()]);
    assert_eq!(said, "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n");
}

#[test]
fn what_is_behind_stls_in_the_clear_is_forgotten() {
    let step = begin(Security::Clear).receive(b"STLS\r\nUSER eve\r\nPA");
    assert_eq!(step.say, b"+OK Begin TLS now\r\n");
    let Next::StartTls(listening) = step.next else { panic!("{:?}", step.next) };
    let Step { say, next: Next::Read(listening) } = listening.secured() else { panic!() };
    assert_eq!(say, b"", "no second greeting (RFC 2595, section 4)");
    let step = listening.receive(b"PASS pw\r\nUSER bob\r\nPASS pw\r\n");
    let Next::Judge(judging) = step.next else { panic!("{:?}", step.next) };
    assert_eq!((&judging.credentials, step.say.starts_with(b"-ERR ")), (&credentials("pw"), true));
}

#[test]
fn what_follows_a_sign_in_is_left_for_the_backend() {
    let step = begin(Security::Tls).receive(b"USER bob\r\nPASS pw\r\nSTAT\r\nQU");
    let Next::Judge(judging) = step.next else { panic!("{:?}", step.next) };
    assert_eq!(step.say, b"+OK\r\n");
    assert_eq!(judging.listening.accept().as_slice(), b"STAT\r\nQU");
}

#[test]
fn every_reason_has_its_code() {
    for (failure, code) in [
        (SignInFailure::Refused, "AUTH"),
        (SignInFailure::Expired, "AUTH"),
        (SignInFailure::PasswordExpired, "AUTH"),
        (SignInFailure::ContactAdmin, "AUTH"),
        (SignInFailure::Unavailable, "SYS/TEMP"),
        (SignInFailure::Limit, "IN-USE"),
        (SignInFailure::TooSoon, "LOGIN-DELAY"),
    ] {
        let step = begin(Security::Tls).refuse((), failure);
        let said = String::from_utf8(step.say).unwrap();
        assert!(said.starts_with(&format!("-ERR [{code}] ")) && said.len() <= 512, "{failure:?}: {said}");
    }
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        lines in prop::collection::vec(
            prop::sample::select(["USER bob", "PASS pw", "CAPA", "AUTH PLAIN", "AGJvYgBwdw==", "*", "x", "QUIT", "AUTH LOGIN Ym9i"].as_slice()),
            1..12,
        ),
        piece in 1..40_usize,
    ) {
        let text = lines.join("\r\n") + "\r\n";
        prop_assert_eq!(talk(Security::Tls, text.as_bytes().chunks(piece)), talk(Security::Tls, [text.as_bytes()]));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (talk(Security::Tls, [bytes.as_slice()]), talk(Security::Clear, [bytes.as_slice()]));
    }
}
