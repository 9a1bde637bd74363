//! The methods by which a sign-in is confirmed, as pages show them.

/// One way to confirm a sign-in.
#[derive(Clone, Debug)]
pub struct Method {
    /// The daemon's id of it, which comes back in [`fields::METHOD`](super::fields::METHOD).
    pub id: String,
    /// What it is.
    pub kind: MethodKind,
    /// What its owner calls it, such as "Phone of Bob"; may be empty.
    pub description: String,
    /// The number or address that its codes go to, with most of it hidden.
    pub hint: Option<String>,
}

/// Kinds of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// An authenticator app that shows time-based codes.
    Authenticator,
    /// A code that comes by SMS.
    Sms,
    /// A code that comes by e-mail, to an address outside the mailbox.
    Email,
    /// A security key.
    Key,
    /// The list of single-use codes.
    BackupCode,
    /// No method, but set up like one: the address that notices go to.
    Contact,
}

impl MethodKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Authenticator, Self::Sms, Self::Email, Self::Key, Self::BackupCode, Self::Contact];

    /// What the daemon calls it, and the value of [`fields::METHOD`](super::fields::METHOD) where a kind is chosen.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Authenticator => "totp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Key => "key",
            Self::BackupCode => "backup",
            Self::Contact => "contact",
        }
    }

    /// The kind with exactly this tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }
}
