//! The methods by which a sign-in is confirmed, as pages show them.

/// One way to confirm a sign-in.
#[derive(Clone, Debug)]
pub struct Method {
    /// The daemon's id of the method, which is submitted in [`fields::METHOD`](super::fields::METHOD).
    pub id: String,
    /// Its kind.
    pub kind: MethodKind,
    /// The user's description, such as "Phone of Bob"; may be empty.
    pub description: String,
    /// The number or address that its codes are sent to, mostly masked.
    pub hint: Option<String>,
}

/// Kinds of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// An authenticator app with time-based codes.
    Authenticator,
    /// A code sent by SMS.
    Sms,
    /// A code sent by e-mail, to an address outside the mailbox.
    Email,
    /// A security key.
    Key,
    /// The list of single-use backup codes.
    BackupCode,
    /// Not a method, but set up like one: the address that notices are sent to.
    Contact,
}

impl MethodKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Authenticator, Self::Sms, Self::Email, Self::Key, Self::BackupCode, Self::Contact];

    /// The daemon's name of the kind, and the value of [`fields::METHOD`](super::fields::METHOD) where a kind is
    /// chosen.
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
