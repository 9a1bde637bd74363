//! The names of the states, for code that decides without access to the state.

use jiff::Timestamp;

/// The name of a state, which is all that is needed to decide about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No session, and no session cookie.
    Anonymous,
    /// The session cookie names a session that does not exist, or no longer exists.
    Stale,
    /// See [`Enrolling`](super::state::Enrolling).
    Enrolling,
    /// See [`Challenged`](super::state::Challenged).
    Challenged,
    /// See [`Blocked`](super::state::Blocked).
    Blocked,
    /// See [`SavingCodes`](super::state::SavingCodes).
    SavingCodes,
    /// See [`Released`](super::released::Released).
    Released,
}

/// The password was accepted, and no code can be entered. This stage may lead to a request to the administrator, never
/// to the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedReason {
    /// Not before the given time, or until an administrator unlocks the account.
    Locked {
        /// The time, if there is one.
        until: Option<Timestamp>,
    },
    /// Every method of the account needs a sender that is switched off, or is a security key of which a copy was
    /// detected.
    NoMethod,
}
