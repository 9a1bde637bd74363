//! App passwords that the backend has just refused, where that may have been for one connection too many: it is not
//! asked about them again for a while, since it may have been for a changed password after all, and a directory closes
//! an account after a few wrong ones.

use postern_front::clock;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long it is not asked again.
const KEPT: Duration = Duration::from_secs(300);

/// By what the daemon vouches for them with.
#[derive(Default)]
pub(super) struct RejectedCredentials(Mutex<HashMap<String, Instant>>);

impl RejectedCredentials {
    /// From now on.
    pub(super) fn keep(&self, standing: &str) {
        let mut rejected_credentials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::monotonic();
        rejected_credentials.retain(|_, since| now.duration_since(*since) < KEPT);
        rejected_credentials.insert(standing.to_owned(), now);
    }

    /// Whether it is one of them.
    pub(super) fn are_kept(&self, standing: &str) -> bool {
        let rejected_credentials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rejected_credentials.get(standing).is_some_and(|since| clock::monotonic().duration_since(*since) < KEPT)
    }
}
