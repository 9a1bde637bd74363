//! Backup codes: ten, made with the first method of any kind, each valid for one sign-in, stored as salted hashes.

use crate::{Time, letters, text};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Codes in a set.
pub const COUNT: usize = 10;
/// Characters of a code, without its hyphen: 50 bits.
pub const LENGTH: usize = 10;
/// Digits of a code from another program, such as pam_google_authenticator's emergency scratch codes.
pub const IMPORTED_DIGITS: usize = 8;
/// The most such codes in a set: that program makes no more.
pub const IMPORTED_MAX: usize = 10;
/// Random bytes for a set: seven for each code, and the salt.
pub const RANDOM: usize = COUNT * BYTES_EACH + SALT;

/// 56 bits are drawn for each code, of which 50 are used.
const BYTES_EACH: usize = 7;
const SALT: usize = 16;

/// The stored record of a set.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCodes {
    salt: [u8; SALT],
    /// The hashes of the unused codes.
    unused: Vec<[u8; 32]>,
    /// When the set was made.
    pub created: Time,
    /// When a code of it was last used.
    #[serde(default)]
    pub last_used: Option<Time>,
    /// Whether the set has codes of another program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    with_imported: bool,
}

/// The codes of a new set, in the form that is shown to the user.
#[derive(PartialEq, Eq)]
pub struct Shown(Vec<Zeroizing<String>>);

impl std::ops::Deref for Shown {
    type Target = [Zeroizing<String>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Shown {
    type Item = &'a Zeroizing<String>;
    type IntoIter = std::slice::Iter<'a, Zeroizing<String>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl BackupCodes {
    /// Makes a set from random bytes that the caller drew. The codes are returned only here.
    pub fn make(mut random: [u8; RANDOM], now: Time) -> (Self, Shown) {
        let (drawn, salt) = random.split_at(COUNT * BYTES_EACH);
        let mut set = Self {
            salt: [0; SALT],
            unused: Vec::with_capacity(COUNT),
            created: now,
            last_used: None,
            with_imported: false,
        };
        set.salt.copy_from_slice(salt);
        let codes = drawn.chunks_exact(BYTES_EACH).map(shown).collect::<Vec<_>>();
        set.unused = codes.iter().filter_map(|code| set.hash(code)).collect();
        random.zeroize();
        (set, Shown(codes))
    }

    /// Adds unused codes of another program to a set. Only codes of [`IMPORTED_DIGITS`] digits are taken, and at most
    /// [`IMPORTED_MAX`]. `None` if there are no codes at all.
    pub fn take_over(held: Option<Self>, mut random: [u8; RANDOM], codes: &[&str], now: Time) -> Option<Self> {
        let mut salt = [0; SALT];
        salt.copy_from_slice(&random[COUNT * BYTES_EACH..]);
        random.zeroize();
        let fresh = Self { salt, unused: Vec::new(), created: now, last_used: None, with_imported: true };
        let mut set = held.unwrap_or(fresh);
        let codes = codes.iter().filter(|code| imported(code).is_some()).take(IMPORTED_MAX);
        for hash in codes.filter_map(|code| set.hash(code)).collect::<Vec<_>>() {
            if !set.unused.contains(&hash) {
                set.with_imported = true;
                set.unused.push(hash);
            }
        }
        (set.left() > 0).then_some(set)
    }

    /// Whether this can be a code of the set, by its form alone.
    pub(crate) fn can_be(&self, typed: &str) -> bool {
        is_own(typed) || self.with_imported && imported(typed).is_some()
    }

    /// Whether the set has codes of another program.
    pub(crate) fn has_imported(&self) -> bool {
        self.with_imported
    }

    /// The number of unused codes.
    pub fn left(&self) -> u32 {
        u32::try_from(self.unused.len()).unwrap_or(u32::MAX)
    }

    /// The index of `code` among the unused ones. Every code is compared, whichever matches.
    pub fn find(&self, code: &str) -> Option<usize> {
        let hash = self.hash(code)?;
        let mut found = None;
        for (at, unused) in self.unused.iter().enumerate() {
            if bool::from(unused.ct_eq(&hash)) {
                found = Some(at);
            }
        }
        found
    }

    /// Removes the code at that index from the set.
    pub(crate) fn spend(&mut self, at: usize, now: Time) {
        self.unused.remove(at);
        self.last_used = Some(now);
    }

    /// The hash of a typed code in its canonical form; `None` if the text cannot be a code.
    fn hash(&self, code: &str) -> Option<[u8; 32]> {
        let typed = letters::read(code, LENGTH).or_else(|| imported(code))?;
        // The salt is the key: HMAC-SHA-256 over 50 random bits needs no slow hash, since the record is sealed and
        // guessing online is throttled.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.salt).ok()?;
        mac.update(typed.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

impl std::fmt::Debug for BackupCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BackupCodes {{ {} left }}", self.unused.len())
    }
}

/// Whether this has the form of a code that Postern made: no other kind of code has it, so a typed backup code is
/// recognized in any input field.
pub(crate) fn is_own(typed: &str) -> bool {
    letters::read(typed, LENGTH).is_some()
}

/// A code of another program in its canonical form: blanks and hyphens do not count.
fn imported(typed: &str) -> Option<Zeroizing<String>> {
    let mut digits = Zeroizing::new(String::with_capacity(IMPORTED_DIGITS));
    for character in text::ungrouped(typed) {
        if digits.len() == IMPORTED_DIGITS || !character.is_ascii_digit() {
            return None;
        }
        digits.push(character);
    }
    (digits.len() == IMPORTED_DIGITS).then_some(digits)
}

/// Formats seven random bytes as `abcde-fghij`.
fn shown(drawn: &[u8]) -> Zeroizing<String> {
    let bits = drawn.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
    letters::grouped(&letters::write(bits, LENGTH), LENGTH / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> [u8; RANDOM] {
        std::array::from_fn(|at| (at * 37 + 11) as u8)
    }

    #[test]
    fn ten_different_codes_of_ten_characters() {
        let (set, codes) = BackupCodes::make(random(), Time(0));
        assert_eq!((set.left(), codes.len()), (10, 10));
        let different: std::collections::BTreeSet<&str> = codes.iter().map(|code| code.as_str()).collect();
        assert_eq!(different.len(), 10);
        for code in &codes {
            assert_eq!((code.len(), code.as_bytes()[5]), (11, b'-'), "{}", **code);
        }
    }

    #[test]
    fn each_is_good_once() {
        let (mut set, codes) = BackupCodes::make(random(), Time(0));
        for (used, code) in codes.iter().enumerate() {
            let at = set.find(code).unwrap();
            set.spend(at, Time(5));
            assert_eq!(set.find(code), None);
            assert_eq!(set.left() as usize, COUNT - used - 1);
        }
        assert_eq!(set.last_used, Some(Time(5)));
    }

    #[test]
    fn they_are_read_as_people_type_them() {
        let (set, codes) = BackupCodes::make(random(), Time(0));
        let code = codes[3].as_str();
        let plain = code.replace('-', "");
        let confused = plain.replace('o', "0").replace('l', "1").replace('b', "8");
        for typed in [code, &plain, &plain.to_uppercase(), &format!("  {} {} ", &plain[..2], &plain[2..]), &confused] {
            assert_eq!(set.find(typed), Some(3), "{typed}");
        }
        for typed in ["", "-", &plain[1..], &format!("{plain}a"), "ábcdefghij", "abcdefghi9", "\0bcdefghij"] {
            assert_eq!(set.find(typed), None, "{typed}");
        }
    }

    #[test]
    fn codes_of_another_program_are_good_once_beside_our_own() {
        let theirs = ["40757517", "0000 0000", "123-45-678"];
        let (ours, codes) = BackupCodes::make(random(), Time(0));
        for (held, count) in [(None, 3), (Some(ours), 13)] {
            let mut set = BackupCodes::take_over(held, random(), &theirs, Time(1)).unwrap();
            assert_eq!(set.left(), count);
            for code in ["40757517", "00000000", "1234 5678"] {
                let at = set.find(code).unwrap_or_else(|| panic!("{code}"));
                set.spend(at, Time(5));
                assert_eq!(set.find(code), None);
            }
            assert_eq!((set.left(), set.find(&codes[0]).is_some()), (count - 3, count > 3));
        }
    }

    #[test]
    fn what_is_no_code_of_another_program_is_left_out() {
        for codes in [&[][..], &["", "1234567", "123456789", "1234567a", "１２３４５６７８"]] {
            assert_eq!(BackupCodes::take_over(None, random(), codes, Time(0)), None);
        }
        let many: Vec<String> = (0..40).map(|number| format!("{number:08}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(BackupCodes::take_over(None, random(), &many, Time(0)).unwrap().left() as usize, IMPORTED_MAX);
        let twice = BackupCodes::take_over(None, random(), &["12345678", "1234-5678"], Time(0));
        assert_eq!(twice.unwrap().left(), 1);
        let (ours, _) = BackupCodes::make(random(), Time(0));
        assert_eq!(BackupCodes::take_over(Some(ours.clone()), random(), &[], Time(0)), Some(ours));
    }

    #[test]
    fn what_is_kept_does_not_hold_the_codes() {
        let (set, codes) = BackupCodes::make(random(), Time(0));
        let kept = serde_json::to_string(&set).unwrap() + &format!("{set:?}");
        for code in codes.iter() {
            assert!(!kept.contains(code.as_str()) && !kept.contains(&code.replace('-', "")));
        }
    }
}
