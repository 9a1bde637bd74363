//! Authenticator data (6.1): the data that the key itself provides and signs.
//!
//! `SHA-256 of the relying party's id (32) | flags (1) | counter (4) | [attested credential] | [extensions]`, and an
//! attested credential is `maker's model (16) | length of the id (2) | id | public key, a COSE key`.

use minicbor::Decoder;
use minicbor::data::Type;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use super::cose;
use super::rejected::Rejected;
use super::relying_party::RelyingParty;

/// The user touched the key.
const USER_PRESENT: u8 = 1 << 0;
/// The credential may be copied to the user's other devices.
const BACKUP_ELIGIBLE: u8 = 1 << 3;
/// The credential has been copied.
const BACKUP_STATE: u8 = 1 << 4;
/// A credential follows.
const ATTESTED: u8 = 1 << 6;
/// Extensions follow. None are requested, but some keys send them anyway.
const EXTENSIONS: u8 = 1 << 7;

/// Bytes of the AAGUID, which names the key's model.
const AAGUID_LEN: usize = 16;
const SHORT: Rejected = Rejected::Malformed("the authenticator data is broken off");

/// Parsed authenticator data; nothing of it is checked.
pub(super) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8; SHA256_OUTPUT_LEN],
    flags: u8,
    pub(super) counter: u32,
    pub(super) attested: Option<Attested<'a>>,
}

/// A new credential.
pub(super) struct Attested<'a> {
    pub(super) id: &'a [u8],
    /// A valid COSE key, with nothing after it.
    pub(super) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Rejected> {
        let (rp_id_hash, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
        let (&[flags], rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let (counter, mut rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let attested = if flags & ATTESTED == 0 { None } else { Some(Attested::read(&mut rest)?) };
        if flags & EXTENSIONS != 0 {
            let mut decoder = Decoder::new(rest);
            if decoder.datatype()? != Type::Map {
                return Err(Rejected::Malformed("the extensions are no map"));
            }
            decoder.skip()?;
            rest = &rest[decoder.position()..];
        }
        if !rest.is_empty() {
            return Err(Rejected::Malformed("there is more behind the authenticator data"));
        }
        Ok(Self { rp_id_hash, flags, counter: u32::from_be_bytes(*counter), attested })
    }

    /// Checks that the key signs for `relying_party`, and that the user touched it. Steps 14, 15 and 17 of a
    /// registration, 15, 16 and 18 of an assertion. A password was checked first, so user verification does not matter.
    pub(super) fn check(&self, relying_party: &RelyingParty) -> Result<(), Rejected> {
        if self.rp_id_hash != digest(&SHA256, relying_party.id().as_bytes()).as_ref() {
            return Err(Rejected::WrongRelyingParty);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Rejected::UserNotPresent);
        }
        if self.flags & (BACKUP_ELIGIBLE | BACKUP_STATE) == BACKUP_STATE {
            return Err(Rejected::Malformed("a key that can't be copied says that it has been"));
        }
        Ok(())
    }
}

impl<'a> Attested<'a> {
    /// Parses one from the start of `rest`, and leaves what follows.
    fn read(rest: &mut &'a [u8]) -> Result<Self, Rejected> {
        let (_, behind) = rest.split_at_checked(AAGUID_LEN).ok_or(SHORT)?;
        let (length, behind) = behind.split_first_chunk().ok_or(SHORT)?;
        let (id, behind) = behind.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(SHORT)?;
        let (public_key, behind) = behind.split_at(cose::length(behind)?);
        *rest = behind;
        Ok(Self { id, public_key })
    }
}

/// The authenticator data of an attestation object (6.5.4), a CBOR map. The other members are about the key's
/// manufacturer.
pub(super) fn of_attestation(object: &[u8]) -> Result<&[u8], Rejected> {
    let mut decoder = Decoder::new(object);
    let members = decoder.map()?.ok_or(Rejected::Malformed("the attestation is a map without a length"))?;
    let mut found = None;
    for _ in 0..members {
        match decoder.str()? {
            "authData" if found.is_none() => found = Some(decoder.bytes()?),
            "authData" => return Err(Rejected::Malformed("there is authenticator data twice")),
            _ => decoder.skip()?,
        }
    }
    if decoder.position() != object.len() {
        return Err(Rejected::Malformed("there is more behind the attestation"));
    }
    found.ok_or(Rejected::Malformed("there is no authenticator data"))
}
