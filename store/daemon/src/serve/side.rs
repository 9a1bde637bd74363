//! The two sockets.

/// A socket, which determines the available verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The socket for fronts.
    Auth,
    /// The socket for the administrator.
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
