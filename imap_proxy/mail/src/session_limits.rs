//! Limits how many sessions there may be: in total, and of one mailbox, so that one mailbox cannot keep the others out.
//!
//! Where only the password protects a mailbox, a session is counted once the backend has signed it in: a pending
//! sign-in has no seat, or clients without the password would take those of the mailbox's owner.

use crate::connection::BackendError;
use crate::verdict::SignInFailure;
use postern_front::rate_limited::rate_limited;
use postern_proxy_config as config;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone)]
pub(crate) struct SessionLimits(Arc<Inner>);

struct Inner {
    max: usize,
    max_of_mailbox: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_mailbox: HashMap<String, usize>,
}

/// A session's place; it is given back when this is dropped.
pub(crate) struct SessionPermit {
    session_limits: SessionLimits,
    mailbox: String,
}

impl SessionLimits {
    pub(crate) fn new(settings: &config::Mail) -> Self {
        let (max, max_of_mailbox) = (settings.max_sessions.get(), settings.max_sessions_per_mailbox.get());
        Self(Arc::new(Inner { max, max_of_mailbox, taken: Mutex::default() }))
    }

    /// Checks whether there is a place for this mailbox now. It is called before the backend is asked, and takes none.
    ///
    /// # Errors
    /// There is no place: [`BackendError::Full`], or [`SignInFailure::Limit`] for this mailbox.
    pub(crate) fn look(&self, mailbox: &str) -> Result<(), BackendError> {
        self.judge(&self.lock(), mailbox)
    }

    /// Takes a place for a session, once it is known to be the owner's.
    ///
    /// # Errors
    /// As [`Self::look`]: other sessions took the last places.
    pub(crate) fn take(&self, mailbox: &str) -> Result<SessionPermit, BackendError> {
        let mut taken = self.lock();
        self.judge(&taken, mailbox)?;
        *taken.by_mailbox.entry(mailbox.to_owned()).or_default() += 1;
        taken.all += 1;
        Ok(SessionPermit { session_limits: self.clone(), mailbox: mailbox.to_owned() })
    }

    fn judge(&self, taken: &Taken, mailbox: &str) -> Result<(), BackendError> {
        let Inner { max, max_of_mailbox, .. } = *self.0;
        if taken.all >= max {
            return Err(BackendError::Full(max));
        }
        if taken.by_mailbox.get(mailbox).is_some_and(|count| *count >= max_of_mailbox) {
            rate_limited!(info, mailbox, "{max_of_mailbox} sessions of a mailbox are open; one more is refused");
            return Err(BackendError::Refused(SignInFailure::Limit));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Counters: no panic leaves them half changed.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        let mut taken = self.session_limits.lock();
        taken.all -= 1;
        if let Some(count) = taken.by_mailbox.get_mut(&self.mailbox) {
            *count -= 1;
            if *count == 0 {
                taken.by_mailbox.remove(&self.mailbox);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_proxy_config::{BackendUrl, ImapTable, Mail};

    #[test]
    fn one_mailbox_leaves_seats_for_others_and_there_is_an_end_to_all() {
        let settings = Mail::before(BackendUrl::<ImapTable>::try_from("imap://127.0.0.1".to_owned()).unwrap().into());
        assert_eq!((settings.max_sessions.get(), settings.max_sessions_per_mailbox.get()), (20_000, 100));
        let number = |count: usize| count.try_into().unwrap();
        let session_limits =
            SessionLimits::new(&Mail { max_sessions: number(5), max_sessions_per_mailbox: number(3), ..settings });
        let take = |mailbox| session_limits.take(mailbox).map_err(|error| error.failure());
        let mut bobs: Vec<SessionPermit> = (0..3).map(|_| take("bob").unwrap()).collect();
        assert_eq!(take("bob").err(), Some(SignInFailure::Limit));
        assert_eq!(session_limits.look("bob").map_err(|error| error.failure()), Err(SignInFailure::Limit));
        // No other mailbox is refused because of it, and looking takes no place.
        assert!((0..9).all(|_| session_limits.look("alice").is_ok()));
        let others = [take("alice").unwrap(), take("carol").unwrap()];
        assert!(matches!(session_limits.take("dave"), Err(BackendError::Full(5))));
        assert_eq!(take("dave").err(), Some(SignInFailure::Unavailable));
        drop(bobs.pop());
        let dave = take("dave").unwrap();
        drop((bobs, others, dave));
        assert!(session_limits.lock().all == 0 && session_limits.lock().by_mailbox.is_empty());
    }
}
