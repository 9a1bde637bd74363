//! The commands that a client may send before it is signed in (RFC 1939, section 4; CAPA: RFC 2449; STLS: RFC 2595; AUTH:
//! RFC 5034). Everything else is refused without being parsed.

use zeroize::Zeroizing;

/// A command before sign-in.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// `CAPA`.
    Capabilities,
    /// `USER`, with what follows.
    User(Zeroizing<Vec<u8>>),
    /// `PASS`, with everything that follows, spaces included (RFC 1939, section 7).
    Pass(Zeroizing<Vec<u8>>),
    /// `AUTH` alone, which asks for the mechanisms (an early draft of RFC 1734; clients still send it).
    Mechanisms,
    /// `AUTH PLAIN`, with an initial response; none: the client waits for a challenge.
    Plain(Option<Zeroizing<Vec<u8>>>),
    /// `AUTH LOGIN`, for very old clients; with the name, where the client sends it at once.
    Login(Option<Zeroizing<Vec<u8>>>),
    /// A mechanism that is not verified here. Passing one on would bypass the second factor.
    OtherMechanism,
    /// `STLS`.
    StartTls,
    /// `QUIT`.
    Quit,
    /// Anything else.
    Unknown,
}

/// Parses a line without its end.
#[must_use]
pub fn parse(line: &[u8]) -> Command {
    let (verb, rest) = word(line);
    match (verb.to_ascii_uppercase().as_slice(), rest) {
        (b"CAPA", None) => Command::Capabilities,
        (b"USER", Some(name)) => Command::User(owned(name)),
        (b"PASS", Some(password)) => Command::Pass(owned(password)),
        (b"AUTH", None) => Command::Mechanisms,
        (b"AUTH", Some(rest)) => mechanism(rest),
        (b"STLS", None) => Command::StartTls,
        (b"QUIT", None) => Command::Quit,
        _ => Command::Unknown,
    }
}

fn mechanism(text: &[u8]) -> Command {
    let (mechanism, initial) = word(text);
    match mechanism.to_ascii_uppercase().as_slice() {
        b"PLAIN" => Command::Plain(initial.map(owned)),
        b"LOGIN" => Command::Login(initial.map(owned)),
        _ => Command::OtherMechanism,
    }
}

/// The first word, and what follows the space after it.
fn word(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b' ') {
        Some(end) => (&text[..end], Some(&text[end + 1..])),
        None => (text, None),
    }
}

fn owned(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_as_clients_write_them() {
        let text = |text: &str| owned(text.as_bytes());
        for (line, command) in [
            ("CAPA", Command::Capabilities),
            ("capa", Command::Capabilities),
            ("USER bob@example.com", Command::User(text("bob@example.com"))),
            ("user EXAMPLE\\bob", Command::User(text("EXAMPLE\\bob"))),
            ("PASS  p w ", Command::Pass(text(" p w "))),
            ("PASS ", Command::Pass(text(""))),
            ("AUTH", Command::Mechanisms),
            ("AUTH PLAIN", Command::Plain(None)),
            ("auth plain AGJvYgBwdw==", Command::Plain(Some(text("AGJvYgBwdw==")))),
            ("AUTH PLAIN =", Command::Plain(Some(text("=")))),
            ("AUTH LOGIN", Command::Login(None)),
            ("AUTH LOGIN Ym9i", Command::Login(Some(text("Ym9i")))),
            ("AUTH NTLM", Command::OtherMechanism),
            ("AUTH CRAM-MD5", Command::OtherMechanism),
            ("STLS", Command::StartTls),
            ("QUIT", Command::Quit),
        ] {
            assert_eq!(parse(line.as_bytes()), command, "{line}");
        }
        for line in [
            "",
            " ",
            "USER",
            "PASS",
            "CAPA x",
            "STLS now",
            "QUIT 1",
            "APOP bob c4c9334bac560ecc979e58001b3e22fb",
            "STAT",
            "NOOP",
            "XCLIENT ADDR=127.0.0.1",
            "UTF8",
            "GET / HTTP/1.1",
        ] {
            assert_eq!(parse(line.as_bytes()), Command::Unknown, "{line}");
        }
    }
}
