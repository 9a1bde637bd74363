//! The mailbox's password, sealed to the key pair of an app password by HPKE (RFC 9180: DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256, ChaCha20-Poly1305, base mode, single shot).
//!
//! The private key is derived from the app password; no stored data allows recovering it. So the store together with
//! the master key is enough to seal a password, but not to open one.

use crate::seal::SealError;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _, single_shot_open, single_shot_seal};
use postern_rules::Mailbox;
use zeroize::Zeroizing;

type Kem = X25519HkdfSha256;
type Private = <Kem as hpke::Kem>::PrivateKey;
type Public = <Kem as hpke::Kem>::PublicKey;
type Encapped = <Kem as hpke::Kem>::EncappedKey;

/// Bytes of the encapsulated key before the ciphertext.
const ENCAPPED: usize = 32;
/// See [`padded`].
const PADDED_TO: usize = 64;
const PURPOSE: &[u8] = b"postern v1 mailbox password";

/// The public key that [`seal`] uses, from an app password's key material.
#[must_use]
pub fn public_key(material: &[u8; 32]) -> [u8; 32] {
    pair(material).1.to_bytes().into()
}

/// Seals the password of `mailbox` to a public key.
///
/// # Errors
/// [`SealError::Damaged`] if the key is not valid, [`SealError::Unsealable`].
pub fn seal(key: &[u8; 32], mailbox: &Mailbox, password: &[u8]) -> Result<Vec<u8>, SealError> {
    let key = Public::from_bytes(key).map_err(|_| damaged(mailbox))?;
    let password = padded(password);
    let password = &password;
    let mailbox = mailbox.as_str().as_bytes();
    let sealed =
        single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeS::Base, &key, PURPOSE, password, mailbox);
    let (encapped, ciphertext) = sealed.map_err(|error| SealError::Unsealable(error.to_string()))?;
    Ok([&encapped.to_bytes()[..], &ciphertext].concat())
}

/// Opens the output of [`seal`] for the same mailbox, with an app password's key material.
///
/// # Errors
/// [`SealError::Damaged`].
pub fn open(material: &[u8; 32], mailbox: &Mailbox, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let opened = || {
        let (encapped, ciphertext) = sealed.split_first_chunk::<ENCAPPED>()?;
        let encapped = Encapped::from_bytes(encapped).ok()?;
        let (key, _) = pair(material);
        let mailbox = mailbox.as_str().as_bytes();
        let mode = OpModeR::Base;
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(&mode, &key, &encapped, PURPOSE, ciphertext, mailbox).ok()
    };
    let mut opened = opened().map(Zeroizing::new).ok_or_else(|| damaged(mailbox))?;
    let length = opened.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    opened.truncate(length);
    Ok(opened)
}

/// Pads to a multiple of [`PADDED_TO`] bytes with NULs, which no password contains: so the sealed text does not reveal
/// the length.
fn padded(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut padded = Zeroizing::new(Vec::with_capacity(password.len().next_multiple_of(PADDED_TO)));
    padded.extend_from_slice(password);
    padded.resize(password.len().next_multiple_of(PADDED_TO), 0);
    padded
}

fn pair(material: &[u8; 32]) -> (Private, Public) {
    Kem::derive_keypair(material)
}

fn damaged(mailbox: &Mailbox) -> SealError {
    SealError::Damaged { name: format!("the password of {mailbox} in an app password") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_rules::name::{LookupName, Named};
    use postern_rules::{Platform, platform::Policy};

    fn mailbox(name: &str) -> Mailbox {
        let domains = vec!["example.com".to_owned()];
        let policy = Policy::default();
        let platforms = [Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy }];
        let Ok(Named::Ours(mailbox, _)) = LookupName::new(name).read(&platforms, "") else { panic!("{name}") };
        mailbox
    }

    #[test]
    fn only_the_right_material_opens_it_for_the_right_mailbox() {
        let (bob, eve) = (mailbox("bob@example.com"), mailbox("eve@example.com"));
        let sealed = seal(&public_key(&[7; 32]), &bob, "pässword".as_bytes()).unwrap();
        assert_eq!(&**open(&[7; 32], &bob, &sealed).unwrap(), "pässword".as_bytes());
        assert_ne!(seal(&public_key(&[7; 32]), &bob, "pässword".as_bytes()).unwrap(), sealed, "never twice the same");
        let longer = seal(&public_key(&[7; 32]), &bob, "a longer password".as_bytes()).unwrap();
        assert_eq!(longer.len(), sealed.len(), "its length is not told");
        assert!(open(&[8; 32], &bob, &sealed).is_err() && open(&[7; 32], &eve, &sealed).is_err());
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(open(&[7; 32], &bob, &other).is_err(), "{at}");
            assert!(open(&[7; 32], &bob, &sealed[..at]).is_err(), "{at}");
        }
    }

    /// RFC 9180, appendix A.2.1 has this recipient's key pair for the same KEM: the crate's derivation is compared with
    /// the values of the RFC and not with its own output.
    #[test]
    fn the_key_pair_is_the_rfcs() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let material = hex("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df");
        let public = hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
        assert_eq!(public_key(&material.try_into().unwrap()).to_vec(), public);
    }
}
