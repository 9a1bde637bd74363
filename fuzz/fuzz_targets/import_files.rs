//! The files of other programs: any text gives what posternd can be asked about, or a problem that contains no secret.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use postern_admin::import::{google_authenticator, oath};

fuzz_target!(|text: &str| {
    match google_authenticator::parse(text) {
        Ok(file) => {
            assert!(file.codes.len() <= google_authenticator::CODES_MAX && (1..=60).contains(&file.period));
            let is_digits = |code: &str| code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit());
            assert!(file.codes.iter().all(|code| is_digits(code.reveal())));
            assert!(file.notes.iter().all(|note| !note.contains(file.secret.reveal()) || file.secret.reveal().len() < 8));
        }
        Err(problem) => assert!(!problem.to_string().is_empty()),
    }
    for line in oath::parse(text, &TimeZone::UTC) {
        assert!(!line.user.contains(|c: char| c.is_ascii_whitespace()));
        if let Ok(token) = line.token {
            assert!([30, 60].contains(&token.period) && (6..=8).contains(&token.digits));
            assert!(token.secret.reveal().bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
        }
    }
});
