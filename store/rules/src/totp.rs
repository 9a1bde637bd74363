//! Time-based one-time passwords (RFC 6238), computed by totp-rs.

use crate::{Seed, Time, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The hash function of the HMAC (RFC 6238 section 1.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// Supported by every authenticator app.
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    /// For imported secrets.
    #[serde(rename = "SHA256")]
    Sha256,
    /// For imported secrets.
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    /// Parses `SHA1`, `sha-256`, …
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().replace('-', "").as_str() {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// Digits of a code, except for imported secrets with another number.
pub const DIGITS: u32 = 6;
/// Allowed numbers of digits.
pub const DIGITS_ALLOWED: std::ops::RangeInclusive<u32> = 6..=8;
/// Seconds of a step, except for imported secrets with another period.
pub const PERIOD: u64 = 30;
/// Allowed seconds of a step.
pub const PERIOD_ALLOWED: std::ops::RangeInclusive<u64> = 15..=300;
/// The most steps that are accepted before and after the current one: with more, a code would be valid for minutes.
pub const WINDOW_MAX: u32 = 10;

/// A TOTP generator, and its last accepted step.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    seed: Seed,
    #[serde(default)]
    algorithm: Algorithm,
    digits: u32,
    period: u64,
    /// Codes of this step and of earlier steps are used.
    #[serde(default)]
    last_step: Option<u64>,
}

/// Why parameters are not valid for TOTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpError {
    /// Not within [`DIGITS_ALLOWED`].
    Digits(u32),
    /// Not within [`PERIOD_ALLOWED`].
    Period(u64),
}

impl fmt::Display for TotpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(digits) => write!(f, "codes of {digits} digits are not served: 6, 7 or 8 are"),
            Self::Period(period) => write!(f, "steps of {period} seconds are not served: 15 to 300 are"),
        }
    }
}

impl std::error::Error for TotpError {}

impl Totp {
    /// A generator with SHA-1, 6 digits, 30 seconds: every authenticator app can read it from a QR code.
    pub fn new(seed: Seed) -> Self {
        Self { seed, algorithm: Algorithm::Sha1, digits: DIGITS, period: PERIOD, last_step: None }
    }

    /// A generator for an imported secret.
    ///
    /// # Errors
    /// [`TotpError`].
    pub fn with(seed: Seed, algorithm: Algorithm, digits: u32, period: u64) -> Result<Self, TotpError> {
        if !DIGITS_ALLOWED.contains(&digits) {
            return Err(TotpError::Digits(digits));
        }
        if !PERIOD_ALLOWED.contains(&period) {
            return Err(TotpError::Period(period));
        }
        Ok(Self { seed, algorithm, digits, period, last_step: None })
    }

    /// Digits of its codes.
    pub fn digits(&self) -> u32 {
        self.digits
    }

    /// The secret.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The step of `code`, if it is right at `now`, plus or minus `window` steps, and its step is later than the last
    /// accepted one (RFC 6238 section 5.2: a code must not be accepted twice).
    pub fn matching_step(&self, code: &str, now: Time, window: u32) -> Option<u64> {
        let typed = digits(code, self.digits)?;
        let (now, window) = (now.unsigned() / self.period, u64::from(window.min(WINDOW_MAX)));
        let earliest = self.last_step.map_or(0, |last| last.saturating_add(1)).max(now.saturating_sub(window));
        // Every step of the window is computed, whichever matches, so that the time reveals nothing.
        let generator = self.generator();
        let mut found = None;
        for step in earliest..=now.saturating_add(window) {
            let expected = Zeroizing::new(generator.generate(step * self.period).to_string());
            if found.is_none() && bool::from(expected.as_bytes().ct_eq(typed.as_bytes())) {
                found = Some(step);
            }
        }
        found
    }

    /// The last step that was accepted.
    pub(crate) fn last_step(&self) -> Option<u64> {
        self.last_step
    }

    /// Marks every code of a step before the one of `now` as used.
    pub(crate) fn spend_before(&mut self, now: Time) {
        if let Some(step) = (now.unsigned() / self.period).checked_sub(1) {
            self.spend(step);
        }
    }

    /// The latest step of which a code can have been used by `now`, with the largest clock difference that is accepted.
    pub(crate) fn latest_step(&self, now: Time) -> u64 {
        now.unsigned() / self.period + u64::from(WINDOW_MAX)
    }

    /// Records that a code of `step` was accepted. The last step never decreases.
    pub(crate) fn spend(&mut self, step: u64) {
        self.last_step = Some(self.last_step.map_or(step, |last| last.max(step)));
    }

    /// The `otpauth://` URI that apps read from a QR code. Default values are left out, so that the QR code stays small
    /// enough for a terminal of 80 by 24.
    pub fn uri(&self, issuer: &str, mailbox: &str) -> Zeroizing<String> {
        let issuer = percent_encode(issuer);
        let mut uri = Zeroizing::new(String::with_capacity(256 + issuer.len() * 2 + mailbox.len() * 3));
        uri.push_str(&format!("otpauth://totp/{issuer}:{}?secret=", percent_encode(mailbox)));
        uri.push_str(&self.seed.to_base32());
        uri.push_str(&format!("&issuer={issuer}"));
        if self.algorithm != Algorithm::Sha1 {
            uri.push_str(&format!("&algorithm={}", self.algorithm.as_str()));
        }
        if self.digits != DIGITS {
            uri.push_str(&format!("&digits={}", self.digits));
        }
        if self.period != PERIOD {
            uri.push_str(&format!("&period={}", self.period));
        }
        uri
    }

    fn generator(&self) -> totp_rs::Totp {
        let algorithm = match self.algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        // "noncompliant" refers to secrets below 128 bits, which imported ones may have; the rest was checked above.
        totp_rs::Builder::new()
            .with_algorithm(algorithm)
            .with_digits(u8::try_from(self.digits).unwrap_or(6))
            .with_step_duration(self.period)
            .with_secret(self.seed.reveal())
            .build_noncompliant()
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, algorithm, digits, period, last_step } = self;
        write!(f, "Totp {{ {seed:?}, {algorithm:?}, {digits} digits, {period} s, last {last_step:?} }}")
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986 section 2.1). Apps disagree about `+`, so a blank is
/// `%20`.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Parses typed text as this many digits; `None` if it is not. Blanks and hyphens are ignored, since users and
/// clipboards group digits with them.
pub(crate) fn digits(typed: &str, count: u32) -> Option<Zeroizing<String>> {
    let digits: Zeroizing<String> = Zeroizing::new(text::ungrouped(typed).collect());
    (digits.len() == count as usize && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rfc6238(algorithm: Algorithm) -> Totp {
        let length = match algorithm {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        };
        let ascii: Vec<u8> = b"1234567890".iter().copied().cycle().take(length).collect();
        let text = crate::seed::Seed::parse(&base32(&ascii)).unwrap();
        Totp::with(text, algorithm, 8, 30).unwrap()
    }

    fn base32(bytes: &[u8]) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
        let mut text = String::new();
        for group in bits.as_bytes().chunks(5) {
            let group = format!("{:0<5}", std::str::from_utf8(group).unwrap());
            text.push(char::from(alphabet[usize::from_str_radix(&group, 2).unwrap()]));
        }
        text
    }

    #[test]
    fn rfc6238_appendix_b() {
        let table = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (time, sha1, sha256, sha512) in table {
            for (algorithm, code) in [(Algorithm::Sha1, sha1), (Algorithm::Sha256, sha256), (Algorithm::Sha512, sha512)]
            {
                let step = rfc6238(algorithm).matching_step(code, Time(time), 0);
                assert_eq!(step, Some(time as u64 / 30), "{algorithm:?} at {time}");
            }
        }
    }

    #[test]
    fn the_window_is_that_many_steps_on_either_side() {
        let totp = rfc6238(Algorithm::Sha1);
        // 94287082 is the code of step 1: seconds 30 to 59.
        for (now, window, right) in [
            (29, 0, false),
            (30, 0, true),
            (59, 0, true),
            (60, 0, false),
            (0, 1, true),
            (89, 1, true),
            (90, 1, false),
            (119, 2, true),
            (-5, 1, true),
        ] {
            assert_eq!(totp.matching_step("94287082", Time(now), window).is_some(), right, "{now} {window}");
        }
    }

    #[test]
    fn a_spent_step_and_those_before_it_are_refused() {
        let mut totp = rfc6238(Algorithm::Sha1);
        totp.spend(1);
        assert_eq!(totp.matching_step("94287082", Time(59), 1), None);
        totp.spend(0);
        assert_eq!(totp.matching_step("94287082", Time(59), 1), None, "a step does not go back");
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let totp = rfc6238(Algorithm::Sha1);
        for typed in
            ["07081804", "0708 1804", " 07 08 18 04 ", "0708-1804", "07081804\n", "\u{feff}0708\u{a0}1804\u{202c}"]
        {
            assert!(totp.matching_step(typed, Time(1_111_111_109), 0).is_some(), "{typed}");
        }
        for typed in ["", "7081804", "007081804", "0708180x", "０７０８１８０４", "+7081804"] {
            assert!(totp.matching_step(typed, Time(1_111_111_109), 0).is_none(), "{typed}");
        }
    }

    #[test]
    fn parameters_have_bounds() {
        let seed = || Seed::made_of([7; 20]);
        for digits in [0, 5, 9, u32::MAX] {
            assert_eq!(Totp::with(seed(), Algorithm::Sha1, digits, 30), Err(TotpError::Digits(digits)));
        }
        for period in [0, 14, 301, u64::MAX] {
            assert_eq!(Totp::with(seed(), Algorithm::Sha1, 6, period), Err(TotpError::Period(period)));
        }
    }

    #[test]
    fn a_common_uri_fits_version_5_of_the_qr_code() {
        let uri = Totp::new(Seed::made_of([7; 20])).uri("example.com", "alice@example.com");
        assert_eq!(
            *uri,
            "otpauth://totp/example.com:alice@example.com?secret=A4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYH&issuer=example.com"
        );
        assert!(uri.len() <= 106);
        let odd = Totp::with(Seed::made_of([7; 20]), Algorithm::Sha512, 8, 60).unwrap().uri("A & B", "é@x.org");
        assert!(odd.ends_with("&issuer=A%20%26%20B&algorithm=SHA512&digits=8&period=60"), "{}", *odd);
        assert!(odd.contains("/A%20%26%20B:%C3%A9@x.org?"));
    }

    proptest! {
        #[test]
        fn what_totp_rs_makes_is_found_once(seed: [u8; 20], now in 0i64..1 << 40, back in 0i64..=1) {
            let mut totp = Totp::new(Seed::made_of(seed));
            let code = totp.generator().generate(Time(now).unsigned()).to_string();
            let at = Time(now).plus(back * 30);
            let step = totp.matching_step(&code, at, 1);
            prop_assert!(step.is_some());
            totp.spend(step.unwrap());
            // Another step of the window may by chance have the same code; the same step may not.
            prop_assert_ne!(totp.matching_step(&code, at, 1), step);
        }
    }
}
