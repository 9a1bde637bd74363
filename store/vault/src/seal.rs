//! Sealing of stored data, and of data that other processes store for the daemon.
//!
//! A sealed record is `version u8 | key id u32 | nonce 24 bytes | ciphertext and tag`, by XChaCha20-Poly1305, whose
//! 192-bit nonces may be random. Version, key id and the record's name in the store are authenticated with it, so a
//! record that is moved to another name cannot be opened. A ticket has the same form under another key, bound to a
//! purpose.
//!
//! The master keys themselves seal nothing: a separate key is derived from each for records, tickets and MACs.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::master_key::{KeyBytes, KeyId, MasterKeys};

/// The version of the sealed format.
const VERSION: u8 = 1;
/// Bytes of a key id.
const KEY_ID_LEN: usize = 4;
/// Bytes of version and key id, which are authenticated.
const HEAD_LEN: usize = 1 + KEY_ID_LEN;
/// Bytes of the random nonce.
const NONCE_LEN: usize = 24;
/// Bytes of the authentication tag at the end.
const TAG_LEN: usize = 16;
/// Bytes that sealing adds.
pub const OVERHEAD: usize = HEAD_LEN + NONCE_LEN + TAG_LEN;
/// Bytes of a [`Mac`]: the id of its key, and HMAC-SHA256.
pub const MAC_LEN: usize = KEY_ID_LEN + 32;

/// The parts of a sealed record before it is opened: nothing in it is authentic yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The id of the master key in the record.
    pub key: KeyId,
    /// The nonce.
    pub nonce: &'a [u8; NONCE_LEN],
    /// Ciphertext.
    pub ciphertext: &'a [u8],
    /// The tag over the ciphertext and the associated data.
    pub tag: &'a [u8; TAG_LEN],
}

/// Why bytes do not have the form of a sealed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Too short, or without a key id.
    Malformed,
    /// A version of the format that is not known.
    Version(u8),
}

/// Splits a sealed record into its parts. Total: any bytes give a value or an error.
///
/// # Errors
/// See [`ParseError`].
pub fn parse(sealed: &[u8]) -> Result<Parsed<'_>, ParseError> {
    let (&version, rest) = sealed.split_first().ok_or(ParseError::Malformed)?;
    if version != VERSION {
        return Err(ParseError::Version(version));
    }
    let (key, rest) = rest.split_first_chunk().ok_or(ParseError::Malformed)?;
    let key = KeyId::new(u32::from_be_bytes(*key)).ok_or(ParseError::Malformed)?;
    let (nonce, rest) = rest.split_first_chunk().ok_or(ParseError::Malformed)?;
    let (ciphertext, tag) = rest.split_last_chunk().ok_or(ParseError::Malformed)?;
    Ok(Parsed { key, nonce, ciphertext, tag })
}

/// Why data was not sealed or opened. Every one of these is a refusal, and never means that there is no record.
#[derive(Debug)]
pub enum SealError {
    /// Sealed under a key that is not available.
    UnknownKey {
        /// The record or ticket.
        name: String,
        /// The id of the key in the record.
        key: KeyId,
    },
    /// Changed, truncated, moved from another name, or sealed under another key of the same id.
    Damaged {
        /// The record or ticket.
        name: String,
    },
    /// A version of the format that is not known.
    Version {
        /// The record or ticket.
        name: String,
        /// The version.
        version: u8,
    },
    /// The kernel returned no random bytes, or the plain text has a length that the cipher does not accept.
    Unsealable(String),
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { name, key } => write!(
                f,
                "{name} is sealed under master key {key}, which the key file does not have. Put that key back into it"
            ),
            Self::Damaged { name } => write!(
                f,
                "{name} is damaged or was not written under this name and key. It is refused as it is; restore it from \
                 an export, or reset the account"
            ),
            Self::Version { name, version } => {
                write!(f, "{name} is of version {version}, and this posternd knows {VERSION}. Use a later posternd")
            }
            Self::Unsealable(why) => write!(f, "nothing can be sealed: {why}"),
        }
    }
}

impl Error for SealError {}

/// An authentication code over some bytes, with the id of its master key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mac([u8; MAC_LEN]);

impl Mac {
    /// The encoded form, for storage.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The keys that are derived from one master key.
struct Derived {
    records: KeyBytes,
    tickets: KeyBytes,
    macs: KeyBytes,
}

impl Derived {
    fn from(master: &KeyBytes) -> Self {
        let derive = |purpose: &str| hmac(master, &[b"postern v1 ", purpose.as_bytes()]);
        Self { records: derive("records"), tickets: derive("tickets"), macs: derive("macs") }
    }
}

/// Seals under the active master key and opens under every available one.
pub struct Sealer {
    active: (KeyId, Derived),
    older: BTreeMap<KeyId, Derived>,
}

impl Sealer {
    /// A sealer for these keys; the master keys themselves are wiped.
    #[must_use]
    pub fn new(keys: MasterKeys) -> Self {
        let MasterKeys { active: (active, bytes), older } = keys;
        let older = older.iter().map(|(id, bytes)| (*id, Derived::from(bytes))).collect();
        Self { active: (active, Derived::from(&bytes)), older }
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn active(&self) -> KeyId {
        self.active.0
    }

    /// The ids of all keys, the one that seals last.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.older.keys().copied().chain([self.active.0])
    }

    /// Seals a record for the store key `name`.
    ///
    /// # Errors
    /// [`SealError::Unsealable`].
    pub fn seal(&self, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, keys) = &self.active;
        seal(*id, &keys.records, name, plain)
    }

    /// Opens the output of [`Sealer::seal`] for the same `name`.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(&self, name: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.open_under(|keys| &keys.records, name, sealed)
    }

    /// Seals data that another process stores for the daemon, for one purpose. It has no time of its own: include one
    /// in the data if needed.
    ///
    /// # Errors
    /// [`SealError::Unsealable`].
    pub fn seal_ticket(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, keys) = &self.active;
        seal(*id, &keys.tickets, &ticket_name(purpose), plain)
    }

    /// Opens the output of [`Sealer::seal_ticket`] for the same purpose.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open_ticket(&self, purpose: &str, ticket: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.open_under(|keys| &keys.tickets, &ticket_name(purpose), ticket)
    }

    /// Makes an authentication code of `bytes` for one purpose.
    #[must_use]
    pub fn mac(&self, purpose: &str, bytes: &[u8]) -> Mac {
        let (id, keys) = &self.active;
        let mut mac = [0; MAC_LEN];
        let (head, code) = mac.split_at_mut(KEY_ID_LEN);
        head.copy_from_slice(&id.number().to_be_bytes());
        code.copy_from_slice(&*hmac(&hmac(&keys.macs, &[purpose.as_bytes()]), &[bytes]));
        Mac(mac)
    }

    /// Whether `mac` is the output of [`Sealer::mac`] for these bytes and this purpose, in a time that does not depend
    /// on the position of a difference.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`], or [`SealError::Damaged`] if its form is not valid.
    pub fn verify_mac(&self, purpose: &str, bytes: &[u8], mac: &[u8]) -> Result<bool, SealError> {
        let name = || format!("the authentication code for {purpose}");
        let split = mac.split_first_chunk().filter(|_| mac.len() == MAC_LEN);
        let (id, code) = split.ok_or_else(|| SealError::Damaged { name: name() })?;
        let id = KeyId::new(u32::from_be_bytes(*id)).ok_or_else(|| SealError::Damaged { name: name() })?;
        let keys = self.keys(id).ok_or_else(|| SealError::UnknownKey { name: name(), key: id })?;
        let key = hmac(&keys.macs, &[purpose.as_bytes()]);
        Ok(keyed(&key, &[bytes]).verify_slice(code).is_ok())
    }

    fn open_under(
        &self,
        choose: impl Fn(&Derived) -> &KeyBytes,
        name: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let shown = || name.escape_ascii().to_string();
        let Parsed { key, nonce, ciphertext, tag } = parse(sealed).map_err(|error| match error {
            ParseError::Malformed => SealError::Damaged { name: shown() },
            ParseError::Version(version) => SealError::Version { name: shown(), version },
        })?;
        let keys = self.keys(key).ok_or_else(|| SealError::UnknownKey { name: shown(), key })?;
        let mut text = Zeroizing::new(ciphertext.to_vec());
        cipher(choose(keys))
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                &bound_to(key, name),
                text.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .map_err(|_| SealError::Damaged { name: shown() })?;
        Ok(text)
    }

    fn keys(&self, id: KeyId) -> Option<&Derived> {
        let (active, keys) = &self.active;
        if id == *active { Some(keys) } else { self.older.get(&id) }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn seal(id: KeyId, key: &KeyBytes, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce)
        .map_err(|error| SealError::Unsealable(format!("the kernel gives no random bytes ({error})")))?;
    let mut sealed = Vec::with_capacity(OVERHEAD + plain.len());
    sealed.push(VERSION);
    sealed.extend(id.number().to_be_bytes());
    sealed.extend(nonce);
    sealed.extend(plain);
    let text = &mut sealed[HEAD_LEN + NONCE_LEN..];
    let tag = cipher(key)
        .encrypt_inout_detached(&XNonce::from(nonce), &bound_to(id, name), text.into())
        .map_err(|_| SealError::Unsealable(format!("{} bytes are too many", plain.len())))?;
    sealed.extend(tag);
    Ok(sealed)
}

fn cipher(key: &KeyBytes) -> XChaCha20Poly1305 {
    // By reference: a copy of the key would remain on the stack.
    XChaCha20Poly1305::new(<&Key>::from(&**key))
}

/// The associated data of a sealed text: its header, and the name or purpose.
fn bound_to(key: KeyId, name: &[u8]) -> Vec<u8> {
    [&[VERSION], key.number().to_be_bytes().as_slice(), name].concat()
}

fn ticket_name(purpose: &str) -> Vec<u8> {
    format!("ticket/{purpose}").into_bytes()
}

fn keyed(key: &KeyBytes, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&**key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn hmac(key: &KeyBytes, parts: &[&[u8]]) -> KeyBytes {
    Zeroizing::new(keyed(key, parts).finalize().into_bytes().into())
}

#[cfg(test)]
mod tests;
