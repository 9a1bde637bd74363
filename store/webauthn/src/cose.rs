//! Public keys in COSE form (RFC 9052, section 7; RFC 9053; RFC 8230 for RSA), as restricted by WebAuthn (5.8.5 and
//! 6.5.1): the algorithm is present, and there is no parameter that the algorithm does not need.

use std::collections::BTreeMap;

use minicbor::Decoder;
use minicbor::data::Type;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::rejected::Rejected;

/// ECDSA with SHA-256 on P-256: every key supports it, and U2F keys support no other.
const ES256: i64 = -7;
/// EdDSA, on Ed25519.
const EDDSA: i64 = -8;
/// RSASSA-PKCS1-v1_5 with SHA-256: Windows Hello on older TPMs.
const RS256: i64 = -257;
/// The offered algorithms, in order of preference.
pub(super) const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];

/// Labels of parameters. The meaning of negative labels depends on the key type.
const KTY: i64 = 1;
const ALG: i64 = 3;
/// The curve; with RSA the modulus.
const CRV_OR_N: i64 = -1;
/// The x coordinate; with RSA the exponent.
const X_OR_E: i64 = -2;
const Y: i64 = -3;

/// Key types and curves.
const KTY_OKP: i64 = 1;
const KTY_EC2: i64 = 2;
const KTY_RSA: i64 = 3;
const CRV_P256: i64 = 1;
const CRV_ED25519: i64 = 6;

/// Bytes of a coordinate.
const COORDINATE_LEN: usize = 32;
/// First byte of a point that has both coordinates (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// Bytes of an RSA modulus: 2048 to 8192 bits.
const MODULUS_LEN: std::ops::RangeInclusive<usize> = 256..=1024;
/// Bytes of an RSA exponent at most.
const MAX_EXPONENT_LEN: usize = 4;
const WRONG_PARAMETERS: Rejected = Rejected::Malformed("the public key lacks a parameter, or has one too many");

/// A key that can verify signatures.
#[derive(Debug)]
pub(super) enum PublicKey<'a> {
    /// The point, uncompressed.
    Es256([u8; 1 + 2 * COORDINATE_LEN]),
    EdDsa(&'a [u8; COORDINATE_LEN]),
    Rs256(RsaPublicKeyComponents<&'a [u8]>),
}

#[derive(Clone, Copy)]
enum Parameter<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

/// Length in bytes of the CBOR value at the start of `bytes`.
pub(super) fn length(bytes: &[u8]) -> Result<usize, Rejected> {
    let mut decoder = Decoder::new(bytes);
    decoder.skip()?;
    Ok(decoder.position())
}

impl<'a> PublicKey<'a> {
    /// Parses the key at the start of `bytes`.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Rejected> {
        let parameters = parameters(bytes)?;
        let int = |label| match parameters.get(&label) {
            Some(Parameter::Int(value)) => Ok(*value),
            _ => Err(WRONG_PARAMETERS),
        };
        let bytes = |label| match parameters.get(&label) {
            Some(Parameter::Bytes(value)) => Ok(*value),
            _ => Err(WRONG_PARAMETERS),
        };
        let coordinate = |label| <&[u8; COORDINATE_LEN]>::try_from(bytes(label)?).map_err(|_| WRONG_PARAMETERS);
        let expect = |right| if right { Ok(()) } else { Err(WRONG_PARAMETERS) };

        match int(ALG)? {
            ES256 => {
                expect(int(KTY)? == KTY_EC2 && int(CRV_OR_N)? == CRV_P256 && parameters.len() == 5)?;
                let mut point = [UNCOMPRESSED; 1 + 2 * COORDINATE_LEN];
                point[1..=COORDINATE_LEN].copy_from_slice(coordinate(X_OR_E)?);
                point[1 + COORDINATE_LEN..].copy_from_slice(coordinate(Y)?);
                Ok(Self::Es256(point))
            }
            EDDSA => {
                expect(int(KTY)? == KTY_OKP && int(CRV_OR_N)? == CRV_ED25519 && parameters.len() == 4)?;
                Ok(Self::EdDsa(coordinate(X_OR_E)?))
            }
            RS256 => {
                let (n, e) = (bytes(CRV_OR_N)?, bytes(X_OR_E)?);
                expect(int(KTY)? == KTY_RSA && parameters.len() == 4)?;
                expect(MODULUS_LEN.contains(&n.len()) && e.len() <= MAX_EXPONENT_LEN)?;
                Ok(Self::Rs256(RsaPublicKeyComponents { n, e }))
            }
            other => Err(Rejected::UnsupportedAlgorithm(other)),
        }
    }

    /// Verifies `signature` over `message`. A key that is not a point of its curve verifies no signatures.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Rejected> {
        match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rs256(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        }
        .map_err(|_| Rejected::BadSignature)
    }
}

/// The parameters by label; each must occur once.
fn parameters(bytes: &[u8]) -> Result<BTreeMap<i64, Parameter<'_>>, Rejected> {
    let mut decoder = Decoder::new(bytes);
    let count = decoder.map()?.ok_or(WRONG_PARAMETERS)?;
    let mut parameters = BTreeMap::new();
    for _ in 0..count {
        let label = decoder.i64()?;
        let value = match decoder.datatype()? {
            Type::Bytes => Parameter::Bytes(decoder.bytes()?),
            _ => Parameter::Int(decoder.i64()?),
        };
        if parameters.insert(label, value).is_some() {
            return Err(WRONG_PARAMETERS);
        }
    }
    Ok(parameters)
}
