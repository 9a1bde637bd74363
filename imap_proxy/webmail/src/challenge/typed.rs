//! Parsing codes as users type them.

use super::view;
use postern_portal::{MethodKind, fields};
use postern_products::form::Form;
use postern_wire::Secret;
use postern_wire::auth::{MAX_CODE, MAX_RESPONSE, Offer};

/// Number of digits of a code whose length is unknown.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

/// The submitted answer for this method; none if it cannot be a code, so that a typing error does not count as a wrong
/// code. Whether the code belongs to this method is decided by the daemon: it accepts a backup code in any field.
pub(crate) fn read_answer(form: &Form, offer: &Offer) -> Option<Secret> {
    match view::kind(offer) {
        MethodKind::Key => read_response(form),
        _ => read_plain(form.field(fields::CODE).unwrap_or_default()),
    }
}

/// A security key's response, which the daemon parses.
pub(crate) fn read_response(form: &Form) -> Option<Secret> {
    let response = form.field(fields::RESPONSE).unwrap_or_default();
    (1..=MAX_RESPONSE).contains(&response.len()).then(|| Secret::from(response))
}

/// A code with this number of digits; without a number, of any usual length.
pub(crate) fn read_digits(typed: &str, digits: Option<u32>) -> Option<Secret> {
    let code = read_plain(typed)?;
    let length = code.reveal().len();
    let fits = match digits {
        Some(digits) => u32::try_from(length) == Ok(digits),
        None => DIGITS.contains(&length),
    };
    (fits && code.reveal().bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// Removes the spaces, hyphens and invisible characters that typing, pages and copying add to a code.
fn read_plain(typed: &str) -> Option<Secret> {
    let is_of_it = |c: &char| if c.is_ascii() { !c.is_whitespace() && *c != '-' } else { c.is_alphanumeric() };
    let mut code = String::with_capacity(typed.len());
    code.extend(typed.chars().filter(is_of_it));
    let code = Secret::from(code);
    let plain = code.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && (1..=MAX_CODE).contains(&code.reveal().len())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let totp = |typed: &str| read_digits(typed, Some(6)).map(|code| code.reveal().to_owned());
        for typed in [
            "123456",
            " 123 456 ",
            "123-456",
            "123\u{a0}456",
            "12 34 56\n",
            "\u{202a}123\u{2011}456\u{202c}",
            "\u{feff}12\u{ad}34\u{200b}56\r\n",
            "\u{2066}123456\u{2069}",
        ] {
            assert_eq!(totp(typed).as_deref(), Some("123456"), "{typed:?}");
        }
        for slip in ["", " ", "12345", "1234567", "12345a", "abcd-efgh", "１２３４５６"] {
            assert_eq!(totp(slip), None, "{slip:?}");
        }
        assert!(read_digits("1234567", None).is_some() && read_digits("123456789", None).is_none());
        assert_eq!(read_plain("ab12-cd34 ef").unwrap().reveal(), "ab12cd34ef");
        assert!(read_plain("a'b").is_none());
        assert!(read_plain(&"x".repeat(MAX_CODE + 1)).is_none());
    }
}
