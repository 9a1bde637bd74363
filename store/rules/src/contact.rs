//! Destinations of codes and notices: telephone numbers and e-mail addresses, each in one canonical form.

use crate::text;
use phonenumber::metadata::DATABASE;
use serde::{Deserialize, Serialize};

/// Digits of a number with its country code (ITU-T E.164 section 6).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Digits of a country code (ITU-T E.164 section 6.1); no code is a prefix of another.
const COUNTRY_CODE: std::ops::RangeInclusive<usize> = 1..=3;
/// Bytes of an address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const ADDRESS_MAX: usize = 254;
/// Bytes of a local part.
const LOCAL_MAX: usize = 64;
/// The replacement of a hidden character.
const HIDDEN: char = '•';
/// Characters of a number that are shown at its end.
const NUMBER_END: usize = 3;
/// Characters of a number that are shown at its beginning: the sign, and most of the country code.
const NUMBER_BEGINNING: usize = 3;

/// A telephone number in international form, such as `+44612345678`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses a number as users write it, with blanks, dots, hyphens and parentheses. It begins with a plus and the
    /// country code: a national number is a different one from abroad. Digits that are dialled only within the country
    /// (the zero of `+44 (0) 612…`, of `+33 06…`) are removed by the rules of that country. In Italy the zero is
    /// part of the number.
    pub fn read(text: &str) -> Option<Self> {
        let typed: String = text::visible(text).collect();
        let rest = typed.trim().strip_prefix('+')?;
        let rest = rest.replace("(0)", "");
        let plain: String = rest.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')' | '/')).collect();
        if !plain.bytes().all(|byte| byte.is_ascii_digit()) || plain.starts_with('0') {
            return None;
        }
        let number = dialled_from_abroad(&plain).unwrap_or(plain);
        DIGITS.contains(&number.len()).then(|| Self(format!("+{number}")))
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The masked form, for a client that has given only the password.
    pub fn masked(&self) -> String {
        let (beginning, rest) = self.0.split_at(NUMBER_BEGINNING);
        let (hidden, end) = rest.split_at(rest.len() - NUMBER_END);
        let hidden: String = hidden.chars().map(|_| HIDDEN).collect();
        format!("{beginning} {hidden}{end}")
    }
}

/// The international form of digits that begin with a national prefix (ITU-T E.164, "trunk prefix") of a country whose
/// numbers do not begin with it.
fn dialled_from_abroad(digits: &str) -> Option<String> {
    let country = |length| Some((length, DATABASE.by_code(&digits.get(..length)?.parse::<u16>().ok()?)?));
    let (length, countries) = COUNTRY_CODE.into_iter().find_map(country)?;
    let (code, national) = digits.split_at(length);
    let is_number = |number: &str| countries.iter().any(|it| it.descriptors().general().is_match(number));
    let mut prefixes = countries.iter().filter_map(|it| it.national_prefix());
    let rest = prefixes.find_map(|prefix| national.strip_prefix(prefix).filter(|rest| is_number(rest)))?;
    (!is_number(national)).then(|| format!("{code}{rest}"))
}

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// Parses `local@domain` and converts the domain to ASCII. Forms that no mailbox in use has are refused (quoted
    /// local parts, domain literals, comments).
    pub fn read(text: &str) -> Option<Self> {
        let typed: String = text::visible(text).collect();
        let (local, domain) = typed.trim().rsplit_once('@')?;
        let domain = idna::domain_to_ascii_strict(domain).ok()?.to_ascii_lowercase();
        let is_part = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
            !part.is_empty() && part.bytes().all(is_plain)
        };
        let fits = local.len() <= LOCAL_MAX
            && local.len() + 1 + domain.len() <= ADDRESS_MAX
            && local.split('.').all(is_part)
            && domain.contains('.');
        fits.then(|| Self(format!("{local}@{domain}")))
    }

    /// `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The masked form, for a client that has given only the password.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let first: String = local.chars().take(1).collect();
        format!("{first}{HIDDEN}{HIDDEN}{HIDDEN}@{domain}")
    }
}

/// The destination of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// By SMS.
    Number(PhoneNumber),
    /// By e-mail.
    Address(Address),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_international_and_have_one_spelling() {
        for text in
            ["+44612345678", " +44 612 345 678 ", "+44 (0) 612-345-678", "+44.612.345.678", "+44\u{a0}612345678"]
        {
            assert_eq!(PhoneNumber::read(text).unwrap().as_str(), "+44612345678", "{text}");
        }
        for (text, number) in [
            ("+33 06 39 98 01 23", "+33639980123"),
            ("+33639980123", "+33639980123"),
            ("+44 07700 900123", "+447700900123"),
            ("+49 0171 1234567", "+491711234567"),
            ("+41 079 123 45 67", "+41791234567"),
            // In Italy, San Marino and the Vatican it is part of the number.
            ("+39 06 6982 0000", "+390669820000"),
            ("+39 347 123 4567", "+393471234567"),
            ("+378 0549 882914", "+3780549882914"),
            ("+1 212 555 0123", "+12125550123"),
            ("+36 06 20 123 4567", "+36201234567"),
            // Numbers of countries without such a digit are not changed.
            ("+45 20 12 34 56", "+4520123456"),
            ("+34 612 34 56 78", "+34612345678"),
            ("+225 07 01 02 03 04", "+2250701020304"),
        ] {
            assert_eq!(PhoneNumber::read(text).unwrap().as_str(), number, "{text}");
        }
        for text in include_str!("../tests/inputs/phone-invisible.txt").lines() {
            assert_eq!(PhoneNumber::read(text).unwrap().as_str(), "+447700900123", "{text:?}");
        }
        let numbers = include_str!("../tests/inputs/phone-trunk-zero.txt").lines().map(PhoneNumber::read);
        let numbers: Vec<String> = numbers.map(|number| number.unwrap().as_str().to_owned()).collect();
        assert_eq!(numbers, ["+447700900123", "+33639980123"]);
        for text in ["0612345678", "44612345678", "0044612345678", "+", "+1234567", "+1234567890123456", "+0612345678"]
        {
            assert_eq!(PhoneNumber::read(text), None, "{text}");
        }
        for text in ["+44612345678\r\nTo: x", "+4461234567a", "++44612345678", "+44612345678,+33", "+٤٤٦١٢٣٤٥٦٧٨"]
        {
            assert_eq!(PhoneNumber::read(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_of_the_form_in_use() {
        for (text, address) in [
            ("bob@example.com", "bob@example.com"),
            (" Bob.O'Neil+x@Example.COM ", "Bob.O'Neil+x@example.com"),
            ("\u{feff}bob@example.com\u{200b}\r\n", "bob@example.com"),
            ("\u{2066}bob@exam\u{ad}ple.com\u{2069}\u{a0}", "bob@example.com"),
            ("bob@müller.example", "bob@xn--mller-kva.example"),
        ] {
            assert_eq!(Address::read(text).unwrap().as_str(), address);
        }
        for text in [
            "",
            "bob",
            "@example.com",
            "bob@",
            "bob@localhost",
            "b ob@example.com",
            "bob@exa mple.com",
            "\"b\"@example.com",
            "bob@[192.0.2.1]",
            "bob@example.com\r\nBcc: eve@example.com",
            "bob,eve@example.com",
            "<bob@example.com>",
            "bob..x@example.com",
            ".bob@example.com",
            "bob@example..com",
            "böb@example.com",
        ] {
            assert_eq!(Address::read(text), None, "{text}");
        }
        assert!(Address::read(&format!("{}@example.com", "x".repeat(65))).is_none());
    }

    #[test]
    fn little_of_them_is_shown() {
        assert_eq!(PhoneNumber::read("+44612345678").unwrap().masked(), "+44 ••••••678");
        assert_eq!(Address::read("robert@example.com").unwrap().masked(), "r•••@example.com");
    }
}
