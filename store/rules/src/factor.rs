//! Factors: the methods that prove a user's identity in addition to the password.

use crate::Time;
use crate::contact::{Address, Destination, PhoneNumber};
use crate::text;
use crate::totp::Totp;
use serde::{Deserialize, Serialize};

/// The most factors that an account may have.
pub const FACTORS_MAX: usize = 10;
/// Characters of a description.
pub const DESCRIPTION_MAX: usize = 64;
/// The id of backup codes among the methods.
pub const BACKUP: &str = "backup";
/// The id of a code to the contact address among the methods.
pub const CONTACT: &str = "contact";

/// A factor of an account. Backup codes are not factors: they are never the only method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Unique in its account.
    pub id: String,
    /// Its kind, with its data.
    pub kind: Kind,
    /// The user's description; may be empty.
    #[serde(deserialize_with = "text::read_line")]
    pub description: String,
    /// When it was confirmed or added.
    pub created: Time,
    /// When it was last used to sign in.
    #[serde(default)]
    pub last_used: Option<Time>,
}

/// A kind of factor, with its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An app that shows codes.
    Totp(Totp),
    /// A telephone to which codes are sent.
    Sms(PhoneNumber),
    /// An address to which codes are sent.
    Email(Address),
    /// A security key.
    Key(Key),
}

/// A security key's credential (WebAuthn Level 3, section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The credential's id.
    pub id: Vec<u8>,
    /// The last signature counter that was received.
    pub counter: u32,
    /// The data that the daemon needs to verify signatures. It is not secret.
    pub credential: String,
    /// Its counter has once decreased, so the key was copied: it is refused until it is removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copied: bool,
}

impl Factor {
    /// Whether it is a security key that was copied. Such a key is not accepted any more.
    pub fn is_copied(&self) -> bool {
        matches!(&self.kind, Kind::Key(key) if key.copied)
    }
}

impl Key {
    /// Whether the counter is valid for this key: it increases, or the key has none. Otherwise it is from a copy
    /// (WebAuthn Level 3, section 6.1.1).
    pub fn has_grown_to(&self, counter: u32) -> bool {
        counter > self.counter || (counter == 0 && self.counter == 0)
    }
}

/// The name of a kind of factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// [`Kind::Totp`].
    Totp,
    /// [`Kind::Sms`].
    Sms,
    /// [`Kind::Email`].
    Email,
    /// [`Kind::Key`].
    Key,
}

impl KindName {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Totp, Self::Sms, Self::Email, Self::Key];

    /// Its name on the wire and in output for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Key => "key",
        }
    }

    /// Parses the output of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Kind {
    /// Its name.
    pub fn name(&self) -> KindName {
        match self {
            Self::Totp(_) => KindName::Totp,
            Self::Sms(_) => KindName::Sms,
            Self::Email(_) => KindName::Email,
            Self::Key(_) => KindName::Key,
        }
    }

    /// Its name on the wire and in output for programs.
    pub fn as_str(&self) -> &'static str {
        self.name().as_str()
    }

    /// Whether the two are duplicates: the same secret, number, address or credential.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Totp(one), Self::Totp(other)) => one.seed() == other.seed(),
            (Self::Sms(one), Self::Sms(other)) => one == other,
            (Self::Email(one), Self::Email(other)) => one.as_str().eq_ignore_ascii_case(other.as_str()),
            (Self::Key(one), Self::Key(other)) => one.id == other.id,
            _ => false,
        }
    }

    /// The destination of its codes, if they are sent.
    pub fn destination(&self) -> Option<Destination> {
        match self {
            Self::Sms(number) => Some(Destination::Number(number.clone())),
            Self::Email(address) => Some(Destination::Address(address.clone())),
            Self::Totp(_) | Self::Key(_) => None,
        }
    }

    /// The destination in masked form.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Sms(number) => Some(number.masked()),
            Self::Email(address) => Some(address.masked()),
            Self::Totp(_) | Self::Key(_) => None,
        }
    }
}

/// Random bytes for an id.
pub const ID_RANDOM: usize = 5;

/// Makes a factor's id from random bytes that the caller drew: eight characters that are safe in a shell and when read
/// out.
pub fn id(random: [u8; ID_RANDOM]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bits = random.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8).map(|at| char::from(ALPHABET[(bits >> (5 * at) & 31) as usize])).collect()
}

/// Normalizes a description: one line of at most [`DESCRIPTION_MAX`] characters, without invisible ones.
pub fn description(text: &str) -> String {
    text::line(text, DESCRIPTION_MAX)
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
    fn what_an_earlier_release_has_kept_is_filtered_when_it_is_read() {
        let kept = r#"{"id":"a","kind":{"email":"bob@example.com"},"description":"\u202etxt\u2066\u0007","created":1}"#;
        assert_eq!(serde_json::from_str::<Factor>(kept).unwrap().description, "txt");
    }

    #[test]
    fn a_key_of_before_it_could_be_marked_is_read() {
        let before = r#"{"id":[1],"counter":5,"credential":"{}"}"#;
        let key: Key = serde_json::from_str(before).unwrap();
        assert!(!key.copied);
        assert_eq!(serde_json::to_string(&key).unwrap(), before);
        let marked = Key { copied: true, ..key };
        assert_eq!(serde_json::from_str::<Key>(&serde_json::to_string(&marked).unwrap()).unwrap(), marked);
    }

    #[test]
    fn ids_have_eight_plain_characters() {
        assert_eq!(id([0; 5]), "aaaaaaaa");
        assert_eq!(id([255; 5]), "99999999");
    }
}
