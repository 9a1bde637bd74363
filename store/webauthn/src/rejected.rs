//! Why a response is refused.

use super::types::MAX_RESPONSE;
use std::fmt;

/// Maximum number of characters of an origin in the journal, since the client chooses them.
const MAX_TOLD: usize = 80;

/// Why a response is refused; the text is for the journal. The user learns only that it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// More than [`MAX_RESPONSE`] bytes.
    TooLong,
    /// Not in the form that WebAuthn defines; with the error.
    Malformed(&'static str),
    /// A registration's response for an assertion, or vice versa.
    WrongType,
    /// For another challenge: from another sign-in, or replayed.
    WrongChallenge,
    /// Created on pages of another origin, which is included: a phishing site, or a wrong `public_url`.
    WrongOrigin(String),
    /// Created in a frame inside pages of another origin.
    CrossOrigin,
    /// The key has signed for another relying party.
    WrongRelyingParty,
    /// The user did not touch the key.
    UserNotPresent,
    /// Signed by none of the allowed keys.
    UnknownCredential,
    /// According to the response, the key was registered for another account.
    WrongUser,
    /// The public key is for an algorithm (COSE's number) that was not offered.
    UnsupportedAlgorithm(i64),
    /// The signature is not the key's, or the signed data was changed.
    BadSignature,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the response is longer than {} bytes", MAX_RESPONSE),
            Self::Malformed(what) => write!(f, "the response is not of WebAuthn's form: {what}"),
            Self::WrongType => f.write_str("the response is of the other ceremony"),
            Self::WrongChallenge => f.write_str("the response is to another challenge"),
            Self::WrongOrigin(origin) => {
                let told: String = origin.chars().take(MAX_TOLD).collect();
                write!(
                    f,
                    "the response was made on {told:?}. Another site imitates these pages, or public_url is wrong"
                )
            }
            Self::CrossOrigin => f.write_str("the response was made in a frame of another site's pages"),
            Self::WrongRelyingParty => f.write_str("the key has signed for another host"),
            Self::UserNotPresent => f.write_str("nobody touched the key"),
            Self::UnknownCredential => f.write_str("the response is by none of the account's keys"),
            Self::WrongUser => f.write_str("the key was registered for another account"),
            Self::UnsupportedAlgorithm(number) => write!(f, "the key is for algorithm {number}, which is not offered"),
            Self::BadSignature => f.write_str("the signature is not the key's"),
        }
    }
}

impl std::error::Error for Rejected {}

impl From<minicbor::decode::Error> for Rejected {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed("the CBOR is broken off or of another kind")
    }
}
