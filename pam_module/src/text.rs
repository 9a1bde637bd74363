//! What people read.
//!
//! English only: the module knows neither the person's language nor the terminal's. The process's locale is the
//! server's, and an ssh client says its own only after the sign-in. The prompt, which is what people see each day, is
//! the administrator's to set (`prompt=`).

use postern_pam_options::Options;
use postern_wire::Secret;
use postern_wire::auth::{Reason, Refusal};
use zeroize::Zeroizing;

/// Wrong codes in a row from which on the phone's clock is mentioned.
const HINT_AT: u32 = 2;
/// Characters of the secret that stand together.
const GROUP: usize = 4;
/// Backup codes in one line.
const CODES_IN_LINE: usize = 5;

const CODE: &str = "Verification code: ";
const PASSWORD_AND_CODE: &str = "Password & verification code: ";
/// The prompt for the first code of a new method.
pub(crate) const FIRST_CODE: &str = "Code that the app shows: ";
/// The prompt that keeps the backup codes on the screen; its answer means nothing.
pub(crate) const CODES_KEPT: &str = "Press Enter when you have written them down: ";
/// After a code that did not confirm.
pub(crate) const NOT_CONFIRMED: &str = "That code does not fit. Wait for the next one, and check the phone's clock.";

/// The prompt of a sign-in.
pub(crate) fn prompt(options: &Options) -> &str {
    let usual = if options.forward_pass { PASSWORD_AND_CODE } else { CODE };
    options.prompt.as_deref().unwrap_or(usual)
}

/// What is shown to somebody who is refused. An unknown name is told as a wrong code is.
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
        // The others are no answers to what is asked here.
        _ => "This sign-in is refused. Please ask your administrator.",
    }
}

/// What is shown while the daemon gives no verdict.
pub(crate) const UNAVAILABLE: &str = "Sign-in is not possible right now. Please try again later.";
/// What is shown to somebody who must enrol and cannot do so here.
pub(crate) const UNENROLLED: &str = "This account needs a second factor, which cannot be set up here.";

/// The same, where the administrator said where it can be done.
pub(crate) fn unenrolled_at(url: &str) -> String {
    format!("This account needs a second factor. Set it up at {url} ")
}

/// What stands above the QR code. The URI is not printed: nobody types it, and it would push the QR code off.
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

/// What is shown once enrolled.
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

/// After a backup code was used.
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
