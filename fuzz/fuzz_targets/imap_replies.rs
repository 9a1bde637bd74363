//! Lines of a backend: none panics, and none is interpreted as more than its first two words say. A success begins with
//! a tag and `OK`, a continuation request with `+`, a greeting with `* OK`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_mail::imap::reply::{Outcome, Reply, read};
use std::sync::Once;

/// libFuzzer ends at a panic, also at one that is caught; imap-proto's panics are expected. The assertions of this
/// target are outside of the parser, and still end it.
fn let_the_reader_catch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(std::panic::take_hook()));
}

fn check(line: &[u8]) {
    let text = line.to_ascii_uppercase();
    let begins = |words: &str| text.starts_with(words.to_ascii_uppercase().as_bytes());
    let is_right = match read(line) {
        Reply::Done { tag, outcome: Outcome::Ok(_) } => !tag.is_empty() && begins(&format!("{tag} OK")),
        Reply::Done { tag, outcome } => !tag.is_empty() && tag != "*" && begins(&tag) && said(&outcome, &text),
        Reply::Untagged(Outcome::Ok(_)) => begins("* OK"),
        Reply::Untagged(outcome) => begins("* ") && said(&outcome, &text),
        Reply::Capabilities(_) => begins("* CAPABILITY"),
        Reply::Invitation => begins("+"),
        Reply::Other => true,
    };
    assert!(is_right, "{}: {:?}", line.escape_ascii(), read(line));
}

/// Whether the second word is that of this outcome.
fn said(outcome: &Outcome, text: &[u8]) -> bool {
    let second = text.split(|byte| b" \r\n".contains(byte)).nth(1).unwrap_or_default();
    match outcome {
        Outcome::Ok(_) => second == b"OK",
        Outcome::No(_) => second == b"NO",
        Outcome::Bad => second == b"BAD",
        Outcome::Bye => second == b"BYE",
        Outcome::PreAuth => second == b"PREAUTH",
        // Whether it comes with an OK or a NO: no client is referred to another server, bypassing the second factor.
        Outcome::Referral => text.windows(b"REFERRAL".len()).any(|word| word == b"REFERRAL"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let_the_reader_catch();
    check(bytes);
    check(&[bytes, b"\r\n"].concat());
    // Split into lines as the front's own dialogue does.
    bytes.split_inclusive(|byte| *byte == b'\n').for_each(check);
});
