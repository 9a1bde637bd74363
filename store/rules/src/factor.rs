//! A factor: one thing that an account can be opened with.

use crate::Time;
use crate::contact::{Address, Destination, Number};
use crate::text;
use crate::totp::Totp;
use serde::{Deserialize, Serialize};

/// Factors that an account may have.
pub const FACTORS_MAX: usize = 10;
/// Characters of a description.
pub const DESCRIPTION_MAX: usize = 64;
/// The id under which backup codes are offered and answered.
pub const BACKUP: &str = "backup";
/// The id under which a code to the contact address is offered and answered.
pub const CONTACT: &str = "contact";

/// One thing that an account can be opened with. Backup codes are not among them: they are never the only method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Unique in its account.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The person's own words; may be empty.
    #[serde(deserialize_with = "text::read_line")]
    pub description: String,
    /// When it was confirmed or added.
    pub created: Time,
    /// When it last opened the account.
    #[serde(default)]
    pub last_used: Option<Time>,
}

/// What a factor is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An app that shows codes.
    Totp(Totp),
    /// A telephone to which codes are sent.
    Sms(Number),
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
    /// The signature counter that was seen last.
    pub counter: u32,
    /// What the daemon needs to check signatures. It is no secret.
    pub credential: String,
    /// Its counter went back once, so there are two of it: neither is taken until it is removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copied: bool,
}

impl Factor {
    /// Whether it is a security key of which there is a copy. It opens nothing any more.
    pub fn is_copied(&self) -> bool {
        matches!(&self.kind, Kind::Key(key) if key.copied)
    }
}

impl Key {
    /// Whether a counter is that of the same key: it grows, or there is none. One that does not is a copy's (WebAuthn
    /// Level 3, section 6.1.1).
    pub fn has_grown_to(&self, counter: u32) -> bool {
        counter > self.counter || (counter == 0 && self.counter == 0)
    }
}

/// The kinds by name.
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

    /// Its name on the wire and in answers to programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Key => "key",
        }
    }

    /// Reads what [`Self::as_str`] gives.
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

    /// Its name on the wire and in answers to programs.
    pub fn as_str(&self) -> &'static str {
        self.name().as_str()
    }

    /// Whether a person can hold only one of the two: the same secret, number, address or credential.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Totp(one), Self::Totp(other)) => one.seed() == other.seed(),
            (Self::Sms(one), Self::Sms(other)) => one == other,
            (Self::Email(one), Self::Email(other)) => one.as_str().eq_ignore_ascii_case(other.as_str()),
            (Self::Key(one), Self::Key(other)) => one.id == other.id,
            _ => false,
        }
    }

    /// Where its codes go, where they are sent.
    pub fn destination(&self) -> Option<Destination> {
        match self {
            Self::Sms(number) => Some(Destination::Number(number.clone())),
            Self::Email(address) => Some(Destination::Address(address.clone())),
            Self::Totp(_) | Self::Key(_) => None,
        }
    }

    /// The same with most of it hidden.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Sms(number) => Some(number.masked()),
            Self::Email(address) => Some(address.masked()),
            Self::Totp(_) | Self::Key(_) => None,
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

/// A description as it is kept: one line of at most [`DESCRIPTION_MAX`] characters, all of which are seen.
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
