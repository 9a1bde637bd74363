//! The SASL messages of a client (RFC 4616 for PLAIN; draft-murchison-sasl-login for LOGIN), the same in every protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_front::credentials::Credentials;
use zeroize::Zeroizing;

/// Parses the message `authorise NUL authenticate NUL password` of PLAIN, in base64.
#[must_use]
pub fn plain(encoded: &[u8]) -> Option<Credentials> {
    let decoded = decode(encoded)?;
    let mut parts = decoded.split(|byte| *byte == 0);
    let (Some(authorise), Some(name), Some(password), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    // An authorization identity that differs from the authentication identity cannot be verified here.
    if authorise.is_empty() || authorise == name { Credentials::new(name, password) } else { None }
}

/// Parses a response of LOGIN, in base64; none: it is not valid, or contains a byte that no name and no password
/// contains.
fn answer(encoded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let decoded = decode(encoded)?;
    (!decoded.is_empty() && !decoded.iter().any(|byte| b"\0\r\n".contains(byte))).then_some(decoded)
}

/// The message that a client is asked for.
pub(crate) enum Awaited {
    /// Name and password as one message, by the mechanism PLAIN.
    Plain,
    /// The name, by the mechanism LOGIN.
    Name,
    /// The password of this name.
    Password(Zeroizing<Vec<u8>>),
}

/// A valid message of a client.
pub(crate) enum Answered {
    /// It is the last one.
    Whole(Credentials),
    /// Another one is to follow.
    Part(Awaited),
}

impl Awaited {
    /// The line that asks the client for it, which is the same in IMAP (RFC 9051, section 6.2.2) and POP3 (RFC 5034,
    /// section 4).
    pub(crate) fn challenge(&self) -> String {
        let challenge = match self {
            Self::Plain => "",
            // "Username:" in base64: there are clients that look for exactly that word.
            Self::Name => "VXNlcm5hbWU6",
            // "Password:"
            Self::Password(_) => "UGFzc3dvcmQ6",
        };
        format!("+ {challenge}\r\n")
    }

    /// Parses it, in base64; none: it is not valid.
    pub(crate) fn answered(self, encoded: &[u8]) -> Option<Answered> {
        Some(match self {
            Self::Plain => Answered::Whole(plain(encoded)?),
            Self::Name => Answered::Part(Self::Password(answer(encoded)?)),
            Self::Password(name) => Answered::Whole(Credentials::new(&name, &answer(encoded)?)?),
        })
    }
}

/// The message of PLAIN for this name and password, in base64, with no authorization identity.
pub(crate) fn plain_message(name: &[u8], password: &[u8]) -> Zeroizing<Vec<u8>> {
    encode(&Zeroizing::new([b"\0", name, b"\0", password].concat()))
}

/// A message in base64.
pub(crate) fn encode(message: &[u8]) -> Zeroizing<Vec<u8>> {
    // Four characters for three bytes; the buffer never grows, so it leaves no copies.
    let mut encoded = Zeroizing::new(String::with_capacity(message.len().div_ceil(3) * 4));
    STANDARD.encode_string(message, &mut encoded);
    Zeroizing::new(encoded.as_bytes().to_vec())
}

fn decode(encoded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut decoded = Zeroizing::new(vec![0; encoded.len()]);
    let length = STANDARD.decode_slice(encoded, &mut decoded).ok()?;
    decoded.truncate(length);
    Some(decoded)
}
