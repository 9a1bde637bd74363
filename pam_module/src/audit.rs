//! The single log line for each sign-in. `packaging/fail2ban/postern.conf` parses it.
//!
//! Untrusted input (the user name) is last, and nothing in a value can look like the next field.

use crate::host::{Facts, Priority};
use crate::verdict::{Admitted, AuthFailure, Unfit};
use postern_wire::address::parse_address;
use postern_wire::auth::Reason;

/// The most characters of a value in the line.
const SHOWN: usize = 320;
/// The capacity that is enough for most lines, in bytes.
const USUAL: usize = 160;

/// The line, and its priority.
pub(crate) fn line(ended: &Result<Admitted, AuthFailure>, facts: &Facts) -> (Priority, String) {
    let nothing = String::new();
    // In the same form as in all other logs, so that a ban applies to one address.
    let rhost = parse_address(&facts.rhost).map_or_else(|| facts.rhost.clone(), |address| address.to_string());
    let (priority, outcome, reason, method, detail) = match ended {
        Ok(Admitted::NotRequired) => (Priority::Info, "not_required", "", "", nothing),
        Ok(Admitted::Verified { method }) => (Priority::Info, "accepted", "", method.as_str(), nothing),
        Ok(Admitted::Enrolled { method }) => (Priority::Notice, "enrolled", "", method.as_str(), nothing),
        Err(failure) => {
            let (priority, reason, detail) = reason(failure);
            (priority, "refused", reason, "", detail)
        }
    };
    let mut line = String::with_capacity(USUAL);
    line.extend(["outcome=", outcome]);
    for (key, value) in [
        ("reason", reason),
        ("detail", &detail),
        ("method", method),
        ("service", &facts.service),
        ("rhost", &rhost),
        ("user", &facts.user),
    ] {
        if !value.is_empty() {
            line.extend([" ", key, "="]);
            line.extend(clean(value));
        }
    }
    (priority, line)
}

fn reason(failure: &AuthFailure) -> (Priority, &'static str, String) {
    let (priority, reason) = match failure {
        AuthFailure::Refused(Reason::Wrong) => (Priority::Notice, "wrong"),
        AuthFailure::Refused(Reason::Locked) => (Priority::Notice, "locked"),
        AuthFailure::Refused(Reason::Name) => (Priority::Notice, "name"),
        AuthFailure::Refused(Reason::Unenrolled) => (Priority::Notice, "unenrolled"),
        AuthFailure::Refused(Reason::Stale) => (Priority::Notice, "stale"),
        AuthFailure::Refused(Reason::Expired) => (Priority::Notice, "expired"),
        AuthFailure::Refused(Reason::Unavailable) => (Priority::Err, "unavailable"),
        AuthFailure::Refused(_) => (Priority::Notice, "refused"),
        AuthFailure::Unfit(Unfit::Empty) => (Priority::Notice, "empty"),
        AuthFailure::Unfit(Unfit::StandIn) => (Priority::Notice, "stand_in"),
        AuthFailure::Unfit(Unfit::NotText) => (Priority::Notice, "not_utf8"),
        AuthFailure::Unfit(Unfit::TooLong) => (Priority::Notice, "too_long"),
        AuthFailure::Unfit(Unfit::Invalid) => (Priority::Notice, "invalid"),
        AuthFailure::ConversationFailed => (Priority::Notice, "no_answer"),
        AuthFailure::Unavailable(error) => return (Priority::Err, "unavailable", error.to_string()),
        AuthFailure::Option(option) => return (Priority::Err, "option", option.clone()),
        AuthFailure::Panicked => (Priority::Err, "panic"),
    };
    (priority, reason, String::new())
}

/// A value as one word: blanks, quotes, `=` and all characters that a terminal or a log parser might interpret become
/// `_`.
fn clean(value: &str) -> impl Iterator<Item = char> {
    let harmless = |char: char| char.is_alphanumeric() || (char.is_ascii_graphic() && !"\"'`=".contains(char));
    value.chars().take(SHOWN).map(move |char| if harmless(char) { char } else { '_' })
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_wire::CallError;

    fn facts(user: &str) -> Facts {
        Facts { user: user.to_owned(), service: "sshd".to_owned(), rhost: "192.0.2.7".to_owned() }
    }

    #[test]
    fn each_end_has_its_line() {
        let lost = CallError::Lost(std::io::ErrorKind::TimedOut.into());
        for (ended, expected) in [
            (Ok(Admitted::NotRequired), "outcome=not_required service=sshd rhost=192.0.2.7 user=bob"),
            (
                Ok(Admitted::Verified { method: "backup".to_owned() }),
                "outcome=accepted method=backup service=sshd rhost=192.0.2.7 user=bob",
            ),
            (
                Err(AuthFailure::Refused(Reason::Wrong)),
                "outcome=refused reason=wrong service=sshd rhost=192.0.2.7 user=bob",
            ),
            (
                Err(AuthFailure::Option("nullok".to_owned())),
                "outcome=refused reason=option detail=nullok service=sshd rhost=192.0.2.7 user=bob",
            ),
            (
                Err(AuthFailure::Unavailable(lost)),
                "outcome=refused reason=unavailable detail=posternd_did_not_answer:_timed_out service=sshd \
                 rhost=192.0.2.7 user=bob",
            ),
        ] {
            assert_eq!(line(&ended, &facts("bob")).1, expected);
        }
    }

    #[test]
    fn an_address_is_written_as_in_all_other_logs() {
        for (rhost, written) in [
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("fe80::1%eth0", "fe80::1"),
            ("2001:DB8::7", "2001:db8::7"),
            ("desk.example.com", "desk.example.com"),
            ("a=b c", "a_b_c"),
        ] {
            let facts = Facts { rhost: rhost.to_owned(), ..facts("bob") };
            let (_, line) = line(&Err(AuthFailure::Refused(Reason::Wrong)), &facts);
            assert!(line.ends_with(&format!(" rhost={written} user=bob")), "{line}");
        }
    }

    #[test]
    fn a_name_cannot_forge_a_field_or_a_line() {
        let name = "bob rhost=198.51.100.1\nJan 1 sshd: \u{1b}[2J\u{202e}\u{9b}é";
        let (_, line) = line(&Err(AuthFailure::Refused(Reason::Wrong)), &facts(name));
        assert!(line.ends_with("user=bob_rhost_198.51.100.1_Jan_1_sshd:__[2J__é"), "{line}");
        assert_eq!(line.matches("rhost=").count(), 1);
        assert_eq!(clean(&"x".repeat(1000)).count(), SHOWN);
    }
}
