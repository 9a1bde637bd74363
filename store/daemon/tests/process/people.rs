//! Whom most tests are about.

/// The account that most tests are about.
pub(crate) const ALICE: &str = "alice@example.com";

/// An account that has a phone.
pub(crate) struct Enrolled {
    /// Base32.
    pub(crate) secret: String,
    /// Ten.
    pub(crate) backup_codes: Vec<String>,
    /// What the sign-in that enrolled rests on.
    pub(crate) standing: String,
}
