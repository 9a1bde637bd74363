//! The users in most tests.

/// The account in most tests.
pub(crate) const ALICE: &str = "alice@example.com";

/// An account that has an authenticator.
pub(crate) struct Enrolled {
    /// In base32.
    pub(crate) secret: String,
    /// The ten backup codes.
    pub(crate) backup_codes: Vec<String>,
    /// The standing of the sign-in that enrolled.
    pub(crate) standing: String,
}
