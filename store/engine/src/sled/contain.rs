//! Converts sled's panics to errors: it panics on some disk errors.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Converts a panic to an error: if one of sled's invariants does not hold, it panics instead of returning.
pub(super) fn contain<T, E: Into<io::Error>>(call: impl FnOnce() -> Result<T, E>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(io::Error::other(Panicked(text.unwrap_or("without a word").to_owned())))
        }
    }
}

/// A panic that was caught.
#[derive(Debug)]
pub(super) struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a part of the store gave up: {}", self.0)
    }
}

impl std::error::Error for Panicked {}
