//! A factor: one thing that an account can be opened with.

use crate::Time;
use crate::totp::Totp;
use serde::{Deserialize, Serialize};

/// Factors that an account may have.
pub const FACTORS_MAX: usize = 10;
/// Characters of a description.
pub const DESCRIPTION_MAX: usize = 64;

/// One thing that an account can be opened with. Backup codes are not among them: they are never the only method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Unique in its account.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The person's own words; may be empty.
    pub description: String,
    /// When it was confirmed or added.
    pub created: Time,
    /// When it last opened the account.
    #[serde(default)]
    pub last_used: Option<Time>,
}

/// What a factor is. Others come: SMS, security keys, e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An app that shows codes.
    Totp(Totp),
}

impl Kind {
    /// Its name on the wire and in answers to programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Totp(_) => "totp",
        }
    }
}

/// Random bytes that an id takes.
pub const ID_RANDOM: usize = 5;

/// A factor's id of random bytes that the caller drew: eight characters that survive a shell and a telephone.
pub fn id(random: [u8; ID_RANDOM]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bits = random.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8).map(|at| char::from(ALPHABET[(bits >> (5 * at) & 31) as usize])).collect()
}

/// A description in its one spelling: no control characters, no blanks around it, at most [`DESCRIPTION_MAX`]
/// characters.
pub fn description(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(DESCRIPTION_MAX).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_cleaned_and_cut() {
        assert_eq!(description("  Bob's\tphone\u{7} \n"), "Bob's phone");
        assert_eq!(description(&"é".repeat(100)).chars().count(), DESCRIPTION_MAX);
        assert_eq!(description("\0\r\n"), "");
    }

    #[test]
    fn ids_have_eight_plain_characters() {
        assert_eq!(id([0; 5]), "aaaaaaaa");
        assert_eq!(id([255; 5]), "99999999");
    }
}
