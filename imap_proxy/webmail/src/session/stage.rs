//! The names of the states, for what decides without looking into one.

use jiff::Timestamp;

/// The state's name, which is all that deciding about a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No session, and the browser does not say that it has one.
    Anonymous,
    /// The browser names a session that there is not, or not any more.
    Stale,
    /// See [`Enrolling`].
    Enrolling,
    /// See [`Challenged`].
    Challenged,
    /// See [`Blocked`].
    Blocked,
    /// See [`SavingCodes`].
    SavingCodes,
    /// See [`Released`].
    Released,
}

/// The password is right, and there is no code to answer with. This may lead to a request to the administrator, never to
/// the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedReason {
    /// Not before the time given, or not before an administrator unlocks the account.
    Locked {
        /// The time, where there is one.
        until: Option<Timestamp>,
    },
    /// Every method of the account needs a sender that is switched off, or is a security key that there is a copy of.
    NoMethod,
}
