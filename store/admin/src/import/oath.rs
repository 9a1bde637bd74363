//! The users file of `pam_oath`, often `/etc/users.oath`, one token a line:
//!
//! ```text
//! # TYPE        USER   PIN  SECRET                                    OFFSET  LAST CODE  LAST USE
//! HOTP/T30/6    bob    -    00112233445566778899aabbccddeeff00112233  0       328482     2026-11-21T09:30:11L
//! ```
//!
//! The format is that of liboath's `usersfile.c`: `HOTP` and `HOTP/E` are counter-based (RFC 4226), `HOTP/T30` and
//! `HOTP/T60` are time-based (RFC 6238), and the number of digits may follow. The PIN is `-` for none and `+` for one
//! that another module has checked. Times are in the machine's time zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use postern_wire::Secret;
use std::fmt;

/// The most bytes of a file: some hundred thousand lines.
pub const FILE_MAX: usize = 32 * 1024 * 1024;
/// The most bytes of a line; the secret is the longest part.
pub const LINE_MAX: usize = 1024;
/// The default digits of a code, and the allowed range.
const DIGITS: u32 = 6;
const DIGITS_ALLOWED: std::ops::RangeInclusive<u32> = 6..=8;
/// The most bytes of a secret: HMAC-SHA-512 uses this many without hashing; no token has more.
const SECRET_MAX: usize = 128;
/// RFC 4648 section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// One line of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// The user; empty if the line was invalid before it.
    pub user: String,
    /// The token, or the problem.
    pub token: Result<Token, Problem>,
}

/// A time-based token.
#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    /// Base32.
    pub secret: Secret,
    /// Digits of a code.
    pub digits: u32,
    /// Seconds of a step.
    pub period: u64,
    /// The last step of which a code may have been used.
    pub spent_step: Option<u64>,
    /// Whether there is a PIN, which cannot be imported.
    pub has_pin: bool,
}

/// Why a line cannot be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// More than [`LINE_MAX`] bytes.
    Long,
    /// It is counter-based.
    Counter,
    /// An unknown type.
    Type,
    /// Type, user, PIN or secret is missing.
    Short,
    /// The secret is not in hexadecimal digits, two for each byte.
    Secret,
    /// The time of the last use is not valid, so it is not known which codes are used.
    LastUse,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => write!(f, "it has more than {LINE_MAX} bytes"),
            Self::Counter => f.write_str(
                "it counts sign-ins (HOTP), and Postern serves codes by time only: have the person set up a new method, \
                 with `postern account enable`",
            ),
            Self::Type => f.write_str("its type is none of HOTP/T30 and HOTP/T60, with /6, /7 or /8 behind them"),
            Self::Short => f.write_str("it has no type, user, PIN and secret"),
            Self::Secret => write!(f, "its secret is not 1 to {SECRET_MAX} bytes in hexadecimal digits"),
            Self::LastUse => f.write_str("the time of its last use is not written as 2026-11-21T09:30:11L"),
        }
    }
}

impl std::error::Error for Problem {}

/// Parses the lines that are not empty. `zone` is that of the machine on which the file was written.
pub fn parse<'a>(text: &'a str, zone: &'a TimeZone) -> impl Iterator<Item = Line> + 'a {
    let lines = text.lines().zip(1..);
    lines.filter_map(|(line, number)| {
        let mut words = line.split_ascii_whitespace();
        let kind = words.next().filter(|kind| !kind.starts_with('#'))?;
        let user = words.next().unwrap_or_default().to_owned();
        if line.len() > LINE_MAX {
            return Some(Line { number, user: String::new(), token: Err(Problem::Long) });
        }
        Some(Line { number, user, token: token(kind, words, zone) })
    })
}

fn token<'a>(kind: &str, mut words: impl Iterator<Item = &'a str>, zone: &TimeZone) -> Result<Token, Problem> {
    let (period, digits) = read_type(kind)?;
    let (pin, secret) = words.next().zip(words.next()).ok_or(Problem::Short)?;
    let secret = to_base32(secret).ok_or(Problem::Secret)?;
    // The offset is for counter-based tokens, and the code itself adds nothing to its time.
    let last_use = words.nth(2);
    let spent_step = last_use.map(|last_use| last_step(last_use, period, zone).ok_or(Problem::LastUse)).transpose()?;
    Ok(Token { secret, digits, period, spent_step, has_pin: !matches!(pin, "-" | "+") })
}

/// Parses the seconds of a step, and the digits.
fn read_type(kind: &str) -> Result<(u64, u32), Problem> {
    let mut parts = kind.split('/');
    let algorithm = parts.next();
    let moving = parts.next().unwrap_or("E");
    let digits = parts.next().map_or(Ok(DIGITS), str::parse).ok().filter(|digits| DIGITS_ALLOWED.contains(digits));
    match (algorithm, moving, digits, parts.next()) {
        (Some("HOTP"), "E", Some(_), None) => Err(Problem::Counter),
        (Some("HOTP"), "T30", Some(digits), None) => Ok((30, digits)),
        (Some("HOTP"), "T60", Some(digits), None) => Ok((60, digits)),
        _ => Err(Problem::Type),
    }
}

/// The step after the one of the last use: the phone's clock may have been that far ahead.
fn last_step(text: &str, period: u64, zone: &TimeZone) -> Option<u64> {
    let time: DateTime = text.strip_suffix('L')?.parse().ok()?;
    let seconds = zone.to_ambiguous_zoned(time).later().ok()?.timestamp().as_second();
    Some(u64::try_from(seconds).ok()? / period + 1)
}

/// Converts hexadecimal digits to Base32 without padding, for posternd.
fn to_base32(hex: &str) -> Option<Secret> {
    let fits = !hex.is_empty() && hex.len().is_multiple_of(2) && hex.len() <= 2 * SECRET_MAX;
    // Allocated in advance: growing would leave copies of the secret in memory.
    let mut text = String::with_capacity(hex.len().div_ceil(10) * 8);
    let (mut buffer, mut bits) = (0, 0);
    for digit in hex.chars().filter(|_| fits) {
        let Some(value) = digit.to_digit(16) else {
            // Wipes the part that was converted.
            drop(Secret::from(text));
            return None;
        };
        buffer = (buffer << 4 | value) & 0xff;
        bits += 4;
        if bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[(buffer << (5 - bits) & 31) as usize]));
    }
    fits.then(|| Secret::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "3132333435363738393031323334353637383930";
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn lines(text: &str) -> Vec<Line> {
        parse(text, &TimeZone::UTC).collect()
    }

    fn one(line: &str) -> Result<Token, Problem> {
        let mut lines = lines(line);
        assert_eq!(lines.len(), 1, "{line:?}");
        lines.remove(0).token
    }

    fn token(digits: u32, period: u64) -> Token {
        Token { secret: Secret::from(SECRET), digits, period, spent_step: None, has_pin: false }
    }

    #[test]
    fn types_are_those_of_liboath() {
        for (kind, expected) in [
            ("HOTP/T30", Ok((6, 30))),
            ("HOTP/T30/6", Ok((6, 30))),
            ("HOTP/T30/7", Ok((7, 30))),
            ("HOTP/T60/8", Ok((8, 60))),
            ("HOTP", Err(Problem::Counter)),
            ("HOTP/E", Err(Problem::Counter)),
            ("HOTP/E/6", Err(Problem::Counter)),
            ("HOTP/T30/9", Err(Problem::Type)),
            ("HOTP/T30/", Err(Problem::Type)),
            ("HOTP/T30/6/6", Err(Problem::Type)),
            ("HOTP/T31", Err(Problem::Type)),
            ("HOTP/E/5", Err(Problem::Type)),
            ("TOTP", Err(Problem::Type)),
            ("hotp/t30", Err(Problem::Type)),
        ] {
            let read = one(&format!("{kind} bob - {HEX}"));
            assert_eq!(read, expected.map(|(digits, period)| token(digits, period)), "{kind}");
        }
    }

    #[test]
    fn lines_are_read_as_liboath_reads_them() {
        let text = format!("# a comment\n\n \t \nHOTP/T30\tbob\t-\t{HEX}\r\n  HOTP/T30 eve@example.com + {HEX} 0 1\n");
        let users: Vec<_> = lines(&text).into_iter().map(|line| (line.number, line.user, line.token.is_ok())).collect();
        assert_eq!(users, [(4, "bob".to_owned(), true), (5, "eve@example.com".to_owned(), true)]);
        for (pin, has_pin) in [("-", false), ("+", false), ("1234", true), ("--", true)] {
            assert_eq!(one(&format!("HOTP/T30 bob {pin} {HEX}")).unwrap().has_pin, has_pin, "{pin}");
        }
    }

    #[test]
    fn a_last_use_spends_its_step_and_the_next() {
        let line = |zone: &TimeZone, kind: &str, time: &str| {
            let line = format!("{kind} bob - {HEX} 0 328482 {time}");
            parse(&line, zone).next().unwrap().token.map(|token| token.spent_step)
        };
        let (utc, paris) = (TimeZone::UTC, TimeZone::fixed(jiff::tz::offset(1)));
        // 1_767_614_400 is 2026-01-05 12:00:00 UTC.
        assert_eq!(line(&utc, "HOTP/T30", "2026-01-05T12:00:29L"), Ok(Some(1_767_614_400 / 30 + 1)));
        assert_eq!(line(&paris, "HOTP/T60", "2026-01-05T13:00:00L"), Ok(Some(1_767_614_400 / 60 + 1)));
        for time in ["2026-01-05T12:00:29", "2026-13-05T12:00:29L", "yesterday", "L", "1900-01-01T00:00:00L"] {
            assert_eq!(line(&utc, "HOTP/T30", time), Err(Problem::LastUse), "{time}");
        }
    }

    #[test]
    fn what_cannot_be_taken_over_says_why() {
        for (line, problem) in [
            ("HOTP/T30".to_owned(), Problem::Short),
            ("HOTP/T30 bob".to_owned(), Problem::Short),
            ("HOTP/T30 bob -".to_owned(), Problem::Short),
            ("HOTP/T30 bob - 0".to_owned(), Problem::Secret),
            ("HOTP/T30 bob - 0g".to_owned(), Problem::Secret),
            ("HOTP/T30 bob - é".to_owned(), Problem::Secret),
            (format!("HOTP/T30 bob - {}", "0".repeat(258)), Problem::Secret),
            (format!("HOTP/T30 bob - {}", "0".repeat(LINE_MAX)), Problem::Long),
        ] {
            assert_eq!(one(&line), Err(problem), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_lines_with_a_token_or_a_problem(text in "(\\PC|\n|HOTP/T30 | - |[0-9a-f]{2}){0,80}") {
            for line in lines(&text) {
                prop_assert!(line.number > 0 && !line.user.contains(|c: char| c.is_ascii_whitespace()));
            }
        }

        #[test]
        fn hexadecimal_digits_become_base32(bytes in prop::collection::vec(any::<u8>(), 1..=SECRET_MAX)) {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let text = to_base32(&hex).unwrap();
            prop_assert_eq!(&text, &to_base32(&hex.to_uppercase()).unwrap());
            let value = |letter: u8| BASE32.iter().position(|other| *other == letter).unwrap();
            let bits: String = text.reveal().bytes().map(|letter| format!("{:05b}", value(letter))).collect();
            let back: Vec<u8> =
                (0..bytes.len()).map(|at| u8::from_str_radix(&bits[at * 8..][..8], 2).unwrap()).collect();
            prop_assert_eq!(back, bytes);
        }
    }
}
