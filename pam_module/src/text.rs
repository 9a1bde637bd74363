//! Texts for users.
//!
//! English only: the module knows neither the user's language nor the terminal's. The process's locale is the server's,
//! and an ssh client sends its own only after the sign-in. The administrator can set the prompt (`prompt=`), which
//! users see at each sign-in.

use postern_pam_options::Options;
use postern_wire::Secret;
use postern_wire::auth::{Reason, Refusal};
use zeroize::Zeroizing;

/// The number of wrong codes in a row from which the text mentions the phone's clock.
const HINT_AT: u32 = 2;
/// Characters in a group of the secret.
const GROUP: usize = 4;
/// Backup codes in one line.
const CODES_IN_LINE: usize = 5;

const CODE: &str = "Verification code: ";
const PASSWORD_AND_CODE: &str = "Password & verification code: ";
/// The prompt for the first code of a new method.
pub(crate) const FIRST_CODE: &str = "Code that the app shows: ";
/// The prompt that keeps the backup codes on the screen; its answer is ignored.
pub(crate) const CODES_KEPT: &str = "Press Enter when you have written them down: ";
/// The text after a code that did not match.
pub(crate) const NOT_CONFIRMED: &str = "That code does not fit. Wait for the next one, and check the phone's clock.";

/// The prompt of a sign-in.
pub(crate) fn prompt(options: &Options) -> &str {
    let usual = if options.forward_pass { PASSWORD_AND_CODE } else { CODE };
    options.prompt.as_deref().unwrap_or(usual)
}

/// The text of a refusal. An unknown name has the same text as a wrong code.
pub(crate) fn refused(refusal: &Refusal) -> &'static str {
    match refusal.reason {
        Reason::Wrong if refusal.failures >= Some(HINT_AT) => {
            "The code was not accepted. Check that the phone's clock is right, and wait for the next code."
        }
        Reason::Wrong | Reason::Name => "The code was not accepted. Each code works once: wait for the next one.",
        Reason::Locked => "Too many wrong codes. Wait a while, or ask your administrator.",
        Reason::Stale => "The account changed meanwhile. Please sign in again.",
        Reason::Expired => "This app password is out of date. Sign in to the webmail once, or make a new one.",
        Reason::Unavailable => UNAVAILABLE,
        Reason::Unenrolled => UNENROLLED,
        // The other reasons do not occur for these calls.
        _ => "This sign-in is refused. Please ask your administrator.",
    }
}

/// The text if the daemon gives no verdict.
pub(crate) const UNAVAILABLE: &str = "Sign-in is not possible right now. Please try again later.";
/// The text for a user who must enrol and cannot do so here.
pub(crate) const UNENROLLED: &str = "This account needs a second factor, which cannot be set up here.";

/// The same, if the administrator has set a URL for enrolment.
pub(crate) fn unenrolled_at(url: &str) -> String {
    format!("This account needs a second factor. Set it up at {url} ")
}

/// The text above the QR code. The URI is not printed: it would not be typed, and the QR code would scroll away.
pub(crate) fn invitation(mailbox: &str, secret: &Secret) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(512 + mailbox.len() + 2 * secret.reveal().len()));
    text.push_str("\nThis account needs a second factor. Scan this with an authenticator app, or\n");
    text.push_str("type it in by hand (time-based, 6 digits):\n\n  account ");
    text.push_str(mailbox);
    text.push_str("\n  secret  ");
    for (at, char) in secret.reveal().chars().enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push(' ');
        }
        text.push(char);
    }
    text
}

/// The text after an enrolment.
pub(crate) fn backup_codes(codes: &[Secret]) -> Zeroizing<String> {
    let length: usize = codes.iter().map(|code| code.reveal().len() + 3).sum();
    let mut text = Zeroizing::new(String::with_capacity(256 + length));
    text.push_str("\nDone. Each of these backup codes replaces the app once. Keep them safe: they are\n");
    text.push_str("not shown again.\n");
    for line in codes.chunks(CODES_IN_LINE) {
        text.push_str("\n ");
        for code in line {
            text.push(' ');
            text.push_str(code.reveal());
        }
    }
    text
}

/// The text after a backup code was used.
pub(crate) fn backup_codes_left(count: u32) -> String {
    match count {
        0 => "That was your last backup code. Make new ones soon.".to_owned(),
        1 => "One backup code is left.".to_owned(),
        count => format!("{count} backup codes are left."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_groups_and_backup_codes_in_lines() {
        let text = invitation("bob@example.com", &"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into());
        assert!(text.ends_with("\n  secret  GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"), "{}", *text);
        let codes: Vec<Secret> = (0..10).map(|at| format!("abcd-efg{at}").into()).collect();
        let text = backup_codes(&codes);
        assert!(text.ends_with("\n  abcd-efg5 abcd-efg6 abcd-efg7 abcd-efg8 abcd-efg9"), "{}", *text);
    }

    #[test]
    fn no_line_is_wider_than_80_columns() {
        let secret: Secret = "A".repeat(32).into();
        for text in [invitation("bob@example.com", &secret), backup_codes(&vec!["abcdefgh".into(); 10])] {
            assert!(text.lines().all(|line| line.len() <= 80), "{}", *text);
        }
    }
}
