//! App passwords that the backend has just refused, possibly because of one session too many: they are not tried at the
//! backend again for a while, since the reason may be a changed password after all, and a directory locks an account
//! after a few wrong ones.

use postern_front::clock;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long they are not tried again.
const KEPT: Duration = Duration::from_secs(300);

/// Identified by what the daemon vouches for them with.
#[derive(Default)]
pub(crate) struct RejectedCredentials(Mutex<HashMap<String, Instant>>);

impl RejectedCredentials {
    /// Keeps one from now on.
    pub(crate) fn keep(&self, standing: &str) {
        let mut rejected_credentials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::monotonic();
        rejected_credentials.retain(|_, since| now.duration_since(*since) < KEPT);
        rejected_credentials.insert(standing.to_owned(), now);
    }

    /// Whether it is one of those kept.
    pub(crate) fn are_kept(&self, standing: &str) -> bool {
        let rejected_credentials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rejected_credentials.get(standing).is_some_and(|since| clock::monotonic().duration_since(*since) < KEPT)
    }
}
