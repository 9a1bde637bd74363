//! The secret from which TOTP codes are computed.

use crate::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The secret from which codes are computed. It is wiped when dropped; `Debug` prints `[redacted]` in every build.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Seed(Box<[u8]>);

/// Bytes of a seed that Postern makes: 160 bits, as RFC 4226 section 4 (R6) recommends.
pub const SEED_LEN: usize = 20;
/// The least bytes of an imported seed: 80 bits, as in older provisioning.
pub const SEED_LEN_MIN: usize = 10;
/// The most bytes of an imported seed: the block of SHA-512; HMAC hashes longer ones anyway.
pub const SEED_LEN_MAX: usize = 128;

/// RFC 4648 section 6.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Why a text is not a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedError {
    /// A character that base32 does not have, at this position (counted from 1).
    Character(usize),
    /// Shorter than [`SEED_LEN_MIN`] or longer than [`SEED_LEN_MAX`] bytes; this many.
    Length(usize),
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(at) => {
                write!(
                    f,
                    "character {at} is not base32: a secret is written in the letters A to Z and the digits 2 to 7"
                )
            }
            Self::Length(bytes) => write!(
                f,
                "the secret has {} bits: {} to {} are accepted",
                bytes * 8,
                SEED_LEN_MIN * 8,
                SEED_LEN_MAX * 8
            ),
        }
    }
}

impl std::error::Error for SeedError {}

impl Seed {
    /// Makes a seed from random bytes that the caller drew.
    pub fn made_of(random: [u8; SEED_LEN]) -> Self {
        Self(Box::new(random))
    }

    /// Parses base32 as users paste it: upper or lower case, blanks, hyphens and invisible characters anywhere, with or
    /// without padding.
    ///
    /// # Errors
    /// [`SeedError`].
    pub fn parse(text: &str) -> Result<Self, SeedError> {
        // Allocated in advance: a growing `Vec` would leave copies of the secret in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        let (mut buffer, mut bits) = (0u32, 0u32);
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        body.extend(text::visible(text));
        let body = body.trim_end_matches(['=', ' ']);
        for (at, character) in body.chars().enumerate() {
            if matches!(character, ' ' | '-') {
                continue;
            }
            let upper = character.to_ascii_uppercase();
            let value = ALPHABET.iter().position(|letter| char::from(*letter) == upper);
            let value = value.ok_or(SeedError::Character(at + 1))?;
            buffer = (buffer << 5 | u32::try_from(value).unwrap_or(0)) & 0xfff;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push((buffer >> bits) as u8);
            }
        }
        if (SEED_LEN_MIN..=SEED_LEN_MAX).contains(&bytes.len()) {
            Ok(Self(bytes.as_slice().into()))
        } else {
            Err(SeedError::Length(bytes.len()))
        }
    }

    /// The bytes themselves. The caller is responsible for where they are copied.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the seed: it identifies the seed, but no code can be computed from it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// Base32 in upper case, without padding.
    pub fn to_base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len().div_ceil(5) * 8));
        let (mut buffer, mut bits) = (0u32, 0u32);
        for byte in &self.0 {
            buffer = (buffer << 8 | u32::from(*byte)) & 0xfff;
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
            }
        }
        if bits > 0 {
            text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
        }
        text
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base32())
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_paste_it_in_many_ways() {
        let seed = Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(seed.reveal(), b"12345678901234567890");
        for text in [
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
            " GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====  ",
        ] {
            assert_eq!(Seed::parse(text).unwrap(), seed, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_seed_says_why() {
        assert_eq!(Seed::parse("GEZDGNB1"), Err(SeedError::Character(8)));
        assert_eq!(Seed::parse("GEZDGNBVGY3TQO=Q"), Err(SeedError::Character(15)));
        assert_eq!(Seed::parse(""), Err(SeedError::Length(0)));
        assert_eq!(Seed::parse("GEZDGNBVGY3TQOJ"), Err(SeedError::Length(9)), "79 bits");
        assert!(Seed::parse("GEZDGNBVGY3TQOJQ").is_ok(), "80 bits");
        assert!(Seed::parse(&"A".repeat(128 * 8 / 5)).is_ok());
        assert_eq!(Seed::parse(&"A".repeat(129 * 8 / 5 + 1)), Err(SeedError::Length(129)));
        assert!(SeedError::Length(9).to_string().contains("80 to 1024"));
    }

    proptest! {
        #[test]
        fn base32_comes_back(bytes in prop::collection::vec(any::<u8>(), SEED_LEN_MIN..=SEED_LEN_MAX)) {
            let seed = Seed(bytes.clone().into());
            let parsed = Seed::parse(&seed.to_base32()).unwrap();
            prop_assert_eq!(parsed.reveal(), &bytes[..]);
        }
    }
}
