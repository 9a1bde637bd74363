//! The two sockets.

/// Which socket, and so which verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Fronts.
    Auth,
    /// The administrator.
    Admin,
}

impl Side {
    /// The group whose members may connect.
    pub fn group(self) -> &'static str {
        match self {
            Self::Auth => "postern-auth",
            Self::Admin => "postern-admin",
        }
    }
}
