//! App passwords that the backend has just refused, where that may have been for one connection too many: it is not
//! asked about them again for a while, since it may have been for a changed password after all, and a directory closes
//! an account after a few wrong ones.

use crate::clock;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long it is not asked again.
const KEPT: Duration = Duration::from_secs(300);

/// By what the daemon vouches for them with.
#[derive(Default)]
pub(super) struct Doubts(Mutex<HashMap<String, Instant>>);

impl Doubts {
    /// From now on.
    pub(super) fn keep(&self, standing: &str) {
        let mut doubts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::monotonic();
        doubts.retain(|_, since| now.duration_since(*since) < KEPT);
        doubts.insert(standing.to_owned(), now);
    }

    /// Whether it is one of them.
    pub(super) fn are_kept(&self, standing: &str) -> bool {
        let doubts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        doubts.get(standing).is_some_and(|since| clock::monotonic().duration_since(*since) < KEPT)
    }
}
