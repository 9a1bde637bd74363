//! Where a code or a notice can be sent: telephone numbers and e-mail addresses, each in one spelling.

use serde::{Deserialize, Serialize};

/// Digits of a number with its country code (ITU-T E.164 section 6).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Bytes of an address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const ADDRESS_MAX: usize = 254;
/// Bytes of a local part.
const LOCAL_MAX: usize = 64;
/// What stands for a hidden character.
const HIDDEN: char = '•';
/// Characters of a number that are shown at its end.
const NUMBER_END: usize = 3;
/// Characters of a number that are shown at its beginning: the sign, and most of the country code.
const NUMBER_BEGINNING: usize = 3;

/// A telephone number in international form, such as `+44612345678`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(String);

impl Number {
    /// Reads a number as people write it, with blanks, dots, hyphens and brackets. It begins with a plus and the country
    /// code: what is dialled at home leads elsewhere from abroad.
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix('+')?;
        // "+44 (0) 612…": the zero is not dialled from abroad.
        let rest = rest.replace("(0)", "");
        let plain: String =
            rest.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '/')).collect();
        let is_number =
            DIGITS.contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_digit()) && !plain.starts_with('0');
        is_number.then(|| Self(format!("+{plain}")))
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown to whoever has only the password.
    pub fn masked(&self) -> String {
        let (beginning, rest) = self.0.split_at(NUMBER_BEGINNING);
        let (hidden, end) = rest.split_at(rest.len() - NUMBER_END);
        let hidden: String = hidden.chars().map(|_| HIDDEN).collect();
        format!("{beginning} {hidden}{end}")
    }
}

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// Reads an address: `local@domain`, the domain in ASCII afterwards, and none of the forms that no mailbox in use
    /// has (quoted local parts, domain literals, comments).
    pub fn read(text: &str) -> Option<Self> {
        let (local, domain) = text.trim().rsplit_once('@')?;
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

    /// As it is shown to whoever has only the password.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let first: String = local.chars().take(1).collect();
        format!("{first}{HIDDEN}{HIDDEN}{HIDDEN}@{domain}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_international_and_have_one_spelling() {
        for text in
            ["+44612345678", " +44 612 345 678 ", "+44 (0) 612-345-678", "+44.612.345.678", "+44\u{a0}612345678"]
        {
            assert_eq!(Number::read(text).unwrap().as_str(), "+44612345678", "{text}");
        }
        for text in ["0612345678", "44612345678", "0044612345678", "+", "+1234567", "+1234567890123456", "+0612345678"]
        {
            assert_eq!(Number::read(text), None, "{text}");
        }
        for text in ["+44612345678\r\nTo: x", "+4461234567a", "++44612345678", "+44612345678,+33", "+٤٤٦١٢٣٤٥٦٧٨"]
        {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_of_the_form_in_use() {
        for (text, address) in [
            ("bob@example.com", "bob@example.com"),
            (" Bob.O'Neil+x@Example.COM ", "Bob.O'Neil+x@example.com"),
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
        assert_eq!(Number::read("+44612345678").unwrap().masked(), "+44 ••••••678");
        assert_eq!(Address::read("robert@example.com").unwrap().masked(), "r•••@example.com");
    }
}
