//! The pin of a server's key, in its text form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::fmt;

/// The prefix of a pin, as in curl's `--pinnedpubkey`.
const PREFIX: &str = "sha256//";

/// The SHA-256 of a certificate's public key (its SubjectPublicKeyInfo, RFC 7469, section 2.4): `sha256//` and base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a key whose SubjectPublicKeyInfo has this SHA-256.
    pub fn of_hash(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl TryFrom<String> for Pin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = text.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
        let hash = bytes.and_then(|bytes| bytes.try_into().ok());
        hash.map(Self).ok_or_else(|| {
            format!("`{text}` is no pin; write `{PREFIX}` and the 44 characters of base64 of the SHA-256 of the key")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_written() {
        let pin = Pin::of_hash([7; 32]);
        assert_eq!(Pin::try_from(pin.to_string()), Ok(pin));
        let hash = &pin.to_string()[PREFIX.len()..];
        for wrong in ["", "sha256//", hash, &format!("sha1//{hash}"), &format!("{pin}="), "sha256//AAAA"] {
            assert!(Pin::try_from(wrong.to_owned()).unwrap_err().contains("is no pin"), "{wrong}");
        }
    }
}
