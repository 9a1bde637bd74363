//! Parses the backend's replies up to sign-in: the greeting, capabilities, and the outcome of a sign-in.
//!
//! imap-proto does the parsing, of a copy in ASCII: it panics on some characters beyond ASCII, and no relevant word
//! contains one. Other panics are caught, and what cannot be relevant (a BODYSTRUCTURE nested ten thousand levels deep)
//! is not passed to it.

use imap_proto::{Capability, Response, ResponseCode, Status};
use std::panic::catch_unwind;

/// A line from the backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A continuation request.
    Invitation,
    /// The tagged reply that completes a command.
    Done {
        /// The command's tag.
        tag: String,
        /// The command's outcome.
        outcome: Outcome,
    },
    /// An untagged status response: a greeting, or a notice.
    Untagged(Outcome),
    /// Untagged capabilities.
    Capabilities(Capabilities),
    /// Anything else, including lines that cannot be parsed.
    Other,
}

/// The status in a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// OK, with the backend's capabilities if the reply contains them.
    Ok(Option<Capabilities>),
    /// NO, for this reason.
    No(Why),
    /// BAD.
    Bad,
    /// BYE.
    Bye,
    /// PREAUTH: it treats the client as signed in.
    PreAuth,
    /// A referral to another server (RFC 2221).
    Referral,
}

/// The reason of a NO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Name or password is wrong; also what a backend without response codes says.
    Credentials,
    /// There are too many sessions.
    Limit,
    /// The password was right once, and has expired (RFC 5530).
    Expired,
    /// It no longer admits this mailbox, or not now; the administrator knows why (RFC 5530).
    ContactAdmin,
    /// Temporarily unavailable.
    Unavailable,
}

/// The backend's capabilities that matter here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// AUTHENTICATE PLAIN.
    pub plain: bool,
    /// An initial response in the AUTHENTICATE command (RFC 4959).
    pub initial_response: bool,
    /// LOGIN is refused.
    pub login_disabled: bool,
    /// Non-synchronizing literals (RFC 7888).
    pub literal_plus: bool,
    /// ID (RFC 2971).
    pub id: bool,
    /// STARTTLS.
    pub starttls: bool,
    /// UNAUTHENTICATE (RFC 8437).
    pub unauthenticate: bool,
}

/// Parses one line, including its CRLF. A caller that waits for a command's completion compares the tag.
#[must_use]
pub fn read(line: &[u8]) -> Reply {
    if !line.ends_with(b"\n") || !is_readable(line) {
        return Reply::Other;
    }
    let line = in_ascii(line);
    let code = code(&line);
    let parsed = catch_unwind(|| match Response::parse(&line) {
        Ok((_, Response::Continue(_))) => Reply::Invitation,
        Ok((_, Response::Done { tag, status, outcome })) => {
            Reply::Done { tag: tag.0, outcome: judge(&status, outcome.code.as_ref(), code) }
        }
        Ok((_, Response::Data { status, outcome })) => Reply::Untagged(judge(&status, outcome.code.as_ref(), code)),
        Ok((_, Response::Capabilities(list))) => Reply::Capabilities(Capabilities::of(&list)),
        _ => Reply::Other,
    });
    parsed.unwrap_or(Reply::Other)
}

/// Whether the line is passed to imap-proto.
fn is_readable(line: &[u8]) -> bool {
    let mut words = line.split(|byte| b" \r\n".contains(byte));
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_known = [b"OK".as_slice(), b"NO", b"BAD", b"BYE", b"PREAUTH", b"CAPABILITY"]
        .iter()
        .any(|known| second.eq_ignore_ascii_case(known));
    // A tag beyond ASCII is not the front's.
    (is_known && first.is_ascii()) || first.starts_with(b"+")
}

/// The line with a `?` for each byte beyond ASCII, and ended by CRLF.
fn in_ascii(line: &[u8]) -> Vec<u8> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let plain = |byte: &u8| if byte.is_ascii() { *byte } else { b'?' };
    text.iter().map(plain).chain(*b"\r\n").collect()
}

/// The word after `[` at the beginning of the text: imap-proto does not know the codes of RFC 5530.
fn code(line: &[u8]) -> &[u8] {
    let text = line.splitn(3, |byte| *byte == b' ').nth(2).unwrap_or_default();
    // Exchange has no codes: this text, followed by a number, means that the password is not the reason.
    if text.starts_with(b"Server Unavailable") {
        return b"UNAVAILABLE";
    }
    let inside = text.strip_prefix(b"[").unwrap_or_default();
    inside.split(|byte| b" ]".contains(byte)).next().unwrap_or_default()
}

fn judge(status: &Status, parsed: Option<&ResponseCode<'_>>, code: &[u8]) -> Outcome {
    let is = |known: &[&str]| known.iter().any(|known| code.eq_ignore_ascii_case(known.as_bytes()));
    if is(&["REFERRAL"]) {
        return Outcome::Referral;
    }
    match status {
        Status::Ok => Outcome::Ok(match parsed {
            Some(ResponseCode::Capabilities(list)) => Some(Capabilities::of(list)),
            _ => None,
        }),
        Status::No if is(&["LIMIT", "OVERQUOTA"]) => Outcome::No(Why::Limit),
        Status::No if is(&["EXPIRED"]) => Outcome::No(Why::Expired),
        Status::No if is(&["CONTACTADMIN"]) => Outcome::No(Why::ContactAdmin),
        Status::No if is(&["UNAVAILABLE", "INUSE", "SERVERBUG", "PRIVACYREQUIRED"]) => Outcome::No(Why::Unavailable),
        Status::No => Outcome::No(Why::Credentials),
        Status::Bad => Outcome::Bad,
        Status::Bye => Outcome::Bye,
        Status::PreAuth => Outcome::PreAuth,
    }
}

impl Capabilities {
    fn of(list: &[Capability<'_>]) -> Self {
        let has = |wanted: &str| {
            list.iter().any(|it| matches!(it, Capability::Atom(word) if word.eq_ignore_ascii_case(wanted)))
        };
        Self {
            plain: list.iter().any(|it| matches!(it, Capability::Auth(word) if word.eq_ignore_ascii_case("PLAIN"))),
            initial_response: has("SASL-IR"),
            login_disabled: has("LOGINDISABLED"),
            literal_plus: has("LITERAL+") || has("LITERAL-"),
            id: has("ID"),
            starttls: has("STARTTLS"),
            unauthenticate: has("UNAUTHENTICATE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn done(outcome: Outcome) -> Reply {
        Reply::Done { tag: "P1".into(), outcome }
    }

    #[test]
    fn greetings_of_dovecot_and_exchange() {
        let dovecot =
            Capabilities { plain: true, initial_response: true, literal_plus: true, id: true, ..Default::default() };
        let line = b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN] Ready.\r\n";
        assert_eq!(read(line), Reply::Untagged(Outcome::Ok(Some(dovecot))));
        assert_eq!(
            read(b"* OK The Microsoft Exchange IMAP4 service is ready.\r\n"),
            Reply::Untagged(Outcome::Ok(None))
        );
        let exchange = Capabilities {
            plain: true,
            literal_plus: true,
            starttls: true,
            login_disabled: true,
            ..Default::default()
        };
        let line = b"* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=NTLM UIDPLUS LITERAL+ STARTTLS LOGINDISABLED\r\n";
        assert_eq!(read(line), Reply::Capabilities(exchange));
        assert_eq!(read(b"+\r\n"), Reply::Invitation);
        assert_eq!(read(b"+ idling\r\n"), Reply::Invitation);
    }

    #[test]
    fn the_ways_in_which_a_sign_in_ends() {
        let id = Capabilities { id: true, ..Default::default() };
        for (line, outcome) in [
            ("P1 OK LOGIN completed.", Outcome::Ok(None)),
            (
                "P1 OK [CAPABILITY IMAP4rev1 ID] Logged in",
                Outcome::Ok(Some(Capabilities { id: true, ..Default::default() })),
            ),
            ("P1 OK [REFERRAL imap://bob@other/] Else\u{77}here", Outcome::Referral),
            ("P1 NO [REFERRAL imap://other/] Elsewhere", Outcome::Referral),
            ("P1 NO LOGIN failed.", Outcome::No(Why::Credentials)),
            ("P1 NO Server Unavailable. 15", Outcome::No(Why::Unavailable)),
            ("P1 NO [AUTHENTICATIONFAILED] No", Outcome::No(Why::Credentials)),
            ("P1 NO [unavailable] Later", Outcome::No(Why::Unavailable)),
            ("P1 NO [LIMIT] Too many", Outcome::No(Why::Limit)),
            ("P1 NO [EXPIRED] Change it", Outcome::No(Why::Expired)),
            ("P1 NO [contactadmin] Closed", Outcome::No(Why::ContactAdmin)),
            ("P1 NO [CONTACTADMIN]", Outcome::No(Why::ContactAdmin)),
            ("P1 NO [UNAVAILABLE]\u{fc} later", Outcome::No(Why::Unavailable)),
            ("P1 OK", Outcome::Ok(None)),
            ("p1 ok [capability imap4rev1 id]\u{e9} hi".replacen('p', "P", 1).as_str(), Outcome::Ok(Some(id))),
            ("P1 OK [ALERT]\u{2028}", Outcome::Ok(None)),
            ("P1 BAD Command received in Invalid state.", Outcome::Bad),
        ] {
            assert_eq!(read(format!("{line}\r\n").as_bytes()), done(outcome.clone()), "{line}");
            assert_eq!(read(format!("{line}\n").as_bytes()), done(outcome), "{line}");
        }
        // Latin-1, as older servers write it.
        assert_eq!(read(b"P1 OK [CAPABILITY IMAP4rev1 ID]\xe9t\xe9\r\n"), done(Outcome::Ok(Some(id))));
        assert_eq!(read(b"* PREAUTH hello\r\n"), Reply::Untagged(Outcome::PreAuth));
        assert_eq!(read(b"* BYE later\r\n"), Reply::Untagged(Outcome::Bye));
    }

    #[test]
    fn what_it_digs_itself_into_is_kept_from_it() {
        let deep = format!("* 1 FETCH (BODYSTRUCTURE {})\r\n", "(".repeat(100_000));
        for line in [&deep, "", "\r\n", "* \r\n", "P1 OK", "P1 é\r\n", "é OK\r\n"] {
            assert_eq!(read(line.as_bytes()), Reply::Other);
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "(\\*|\\+|P1) (OK|NO|BYE)?( ?\\[[A-Z ]*\\]?)?\\PC{0,20}\r\n") {
            let _ = (read(&bytes), read(text.as_bytes()));
        }
    }
}
