//! The metrics of an engine. posternd exports them together with its own.

use crate::contract::Swap;
use crate::error::EngineError;
use postern_process::{label, metrics};

label! {
    /// What became of a commit.
    pub enum Commit in "outcome" {
        /// It is on disk.
        Done = "done",
        /// Another came first, so it is decided anew.
        Conflict = "conflict",
        /// It is not on disk, as far as is known.
        Failed = "failed",
    }
}

impl Commit {
    /// Of a commit.
    pub fn of(outcome: &Result<Swap, EngineError>) -> Self {
        match outcome {
            Ok(Swap::Done(_)) => Self::Done,
            Ok(Swap::Conflict { .. }) => Self::Conflict,
            Err(_) => Self::Failed,
        }
    }
}

metrics! {
    /// What engines count.
    pub static METRICS: Metrics {
        /// What it takes until the disk has what one sign-in or change writes.
        commits: Histograms<Commit> = "postern_store_commit_seconds",
        /// Batches of commits that were written; each waits for the disk once.
        batches: Counters<()> = "postern_store_batches_total",
    }
}
