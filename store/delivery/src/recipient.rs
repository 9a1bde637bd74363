//! Recipients of messages: their valid forms, and how they are masked in the journal.

use lettre::Address;
use postern_rules::name::canonical_domain;
use std::fmt;

/// Number of digits: at most what ITU-T E.164 (6.2.1) allows, and at least the shortest number with a country code.
pub const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The longest local part of an address, in bytes (RFC 5321, section 4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// Characters that a local part may contain besides letters and digits (RFC 5322, section 3.2.3). A local part that
/// needs quotes is refused.
const LOCAL_MARKS: &[u8] = b"!#$%&'*+-/=?^_`{|}~.";

/// A number in international format: a plus sign and digits, and nothing else. `Debug` and `Display` show its last two
/// digits.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsRecipient(String);

impl SmsRecipient {
    /// Parses a number; none if it is invalid.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let is_number = DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        is_number.then(|| Self(text.to_owned()))
    }

    /// The number as it was written: `+44612345678`.
    pub fn number(&self) -> &str {
        &self.0
    }

    /// The number without its plus sign.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }
}

impl fmt::Display for SmsRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+…{}", &self.0[self.0.len() - 2..])
    }
}

impl fmt::Debug for SmsRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Parses an address in the form that every mail server accepts; none if it is invalid. Its local part needs no quotes,
/// so nothing in it can end a header, a command or an argument.
pub fn read_address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || LOCAL_MARKS.contains(&byte);
    let is_local = local.len() <= LOCAL_MAX && local.bytes().all(is_plain) && !local.split('.').any(str::is_empty);
    let domain = canonical_domain(domain).ok().filter(|_| is_local)?;
    Address::new(local, domain).ok()
}

/// Masks an address for the journal: `b***@example.com`.
pub fn mask(address: &Address) -> String {
    format!("{}***@{}", &address.user()[..1], address.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_plus_and_digits() {
        let number = SmsRecipient::read("+44612345678").unwrap();
        assert_eq!((number.number(), number.digits()), ("+44612345678", "44612345678"));
        assert_eq!(format!("{number} {number:?}"), "+…78 +…78");
        assert!(SmsRecipient::read("+1234567").is_some() && SmsRecipient::read("+123456789012345").is_some());
        for wrong in [
            "",
            "+",
            "44612345678",
            "0044612345678",
            "+0612345678",
            "+123456",
            "+1234567890123456",
            "+44 612345678",
            "+44612345678\r\nX: 1",
            "+44612345678\n",
            "+4461234567８",
            "++44612345678",
            "-44612345678",
        ] {
            assert!(SmsRecipient::read(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_can_be_nothing_else() {
        for (text, wanted) in [
            ("bob@example.com", "bob@example.com"),
            ("b.o'b+x@Example.COM", "b.o'b+x@example.com"),
            ("bob@exämple.com", "bob@xn--exmple-cua.com"),
        ] {
            assert_eq!(read_address(text).unwrap().to_string(), wanted);
        }
        assert_eq!(mask(&read_address("bob@example.com").unwrap()), "b***@example.com");
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "",
            "bob",
            "@example.com",
            "bob@",
            "bob@example.com\r\nBcc: eve@example.com",
            "bob\r\n@example.com",
            "bob@example.com>",
            "<bob@example.com>",
            "bob@example.com,eve@example.com",
            "a@b@example.com",
            "\"bob\"@example.com",
            "bob smith@example.com",
            "böb@example.com",
            ".bob@example.com",
            "bob@exa mple.com",
            "bob@example.com SIZE=1",
            "bob\0@example.com",
            &long,
        ] {
            assert!(read_address(wrong).is_none(), "{wrong:?}");
        }
    }
}
