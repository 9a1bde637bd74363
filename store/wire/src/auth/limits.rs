//! How long parameters may be.

/// The most characters of a name, a service or a client.
pub const MAX_NAME: usize = 320;
/// The most names in [`Ask::also`](super::Ask::also).
pub const MAX_ALSO: usize = 4;
/// The most characters of an answer: the longest is an app password with its separators, or a code pasted with blanks
/// in it.
pub const MAX_CODE: usize = 128;
/// The most bytes of a security key's response.
pub const MAX_RESPONSE: usize = 16 * 1024;
/// The most bytes of a field with a password and a code (PAM_MAX_RESP_SIZE of libpam is 512).
pub const MAX_FIELD: usize = 1024;
/// The most characters of a method's description.
pub const MAX_DESCRIPTION: usize = 64;
/// Characters of a browser's token: 32 random bytes in base64url without padding (RFC 4648 section 5).
pub const BROWSER_TOKEN: usize = 43;
/// Letters of an app password, without the blanks and hyphens between them.
pub const APP_PASSWORD_LETTERS: usize = 25;
/// The most sessions in one [`Recheck`](super::Recheck).
pub const MAX_RECHECK: usize = 128;
