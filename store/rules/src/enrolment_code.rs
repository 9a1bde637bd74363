//! The code that an administrator gives to a user, and that is required to set up the first method.

use crate::{Account, Platform, factor, text};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Random bytes of an enrolment code. Eighty bits cannot be guessed, so a plain hash is stored.
pub const CODE_RANDOM: usize = 2 * factor::ID_RANDOM;

/// Makes an enrolment code from random bytes that the caller drew: sixteen letters and digits in four groups.
pub fn make(random: &[u8; CODE_RANDOM]) -> Zeroizing<String> {
    let mut code = Zeroizing::new(String::with_capacity(2 * CODE_RANDOM));
    for half in random.chunks_exact(factor::ID_RANDOM) {
        let mut bytes = [0; factor::ID_RANDOM];
        bytes.copy_from_slice(half);
        let letters = Zeroizing::new(factor::id(bytes));
        let (one, other) = letters.split_at(letters.len() / 2);
        for group in [one, other] {
            if !code.is_empty() {
                code.push('-');
            }
            code.push_str(group);
        }
    }
    code
}

/// The stored hash of an enrolment code. Case, blanks and hyphens do not count.
pub fn hash(code: &str) -> [u8; 32] {
    let plain: Zeroizing<String> =
        Zeroizing::new(text::ungrouped(code).map(|character| character.to_ascii_lowercase()).collect());
    Sha256::digest([b"postern enrolment code ", plain.as_bytes()].concat()).into()
}

/// The enrolment code is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTheCode;

/// Checks the hash of the typed enrolment code, where one is required: by the platform, which then refuses accounts
/// without a code, or by this account.
///
/// # Errors
/// [`NotTheCode`].
pub fn check(account: &Account, platform: &Platform, typed: Option<&[u8; 32]>) -> Result<(), NotTheCode> {
    let is_right = |code: &[u8; 32]| typed.is_some_and(|typed| bool::from(typed.ct_eq(code)));
    let is_wanted = platform.policy.enrolment_code || account.enrolment_code.is_some();
    if is_wanted && !account.enrolment_code.as_ref().is_some_and(is_right) {
        return Err(NotTheCode);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_shown_and_as_people_type_it() {
        let code = make(&std::array::from_fn(|at| at as u8 * 25));
        assert_eq!(code.len(), 19);
        assert!(code.split('-').all(|group| group.len() == 4), "{code:?}");
        let upper = code.to_uppercase().replace('-', " ");
        assert_eq!(hash(&code), hash(&upper));
        assert_ne!(hash(&code), hash(&code[1..]));
    }
}
