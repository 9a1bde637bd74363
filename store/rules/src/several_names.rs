//! A sign-in under several names: the one that the user typed, and those that the webmail gives for the session.
//!
//! The webmail may map what was typed to a mailbox by a table of its own, and may show an address that its user can
//! change. So none of the names is enough by itself: a name that leads to an unprotected mailbox would bypass the second
//! factor of the one that is opened.

use crate::Mailbox;

/// Why a sign-in under several names is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict<E> {
    /// One of the names is refused; the first such name counts.
    Refused(E),
    /// They lead to different mailboxes.
    Differ,
}

/// Returns what decides about the sign-in: where the first name leads, if every other name leads to the same mailbox.
///
/// # Errors
/// [`Conflict`], which is a refusal.
pub fn the_same_owner<O, E>(
    first: Result<O, E>,
    others: impl IntoIterator<Item = Result<O, E>>,
    mailbox: impl Fn(&O) -> &Mailbox,
) -> Result<O, Conflict<E>> {
    let first = first.map_err(Conflict::Refused)?;
    let mut differ = false;
    for other in others {
        differ |= mailbox(&other.map_err(Conflict::Refused)?) != mailbox(&first);
    }
    if differ { Err(Conflict::Differ) } else { Ok(first) }
}
