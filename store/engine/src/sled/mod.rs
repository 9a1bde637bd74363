//! The engine of one host, on sled 0.34.7.
//!
//! One thread writes (`writer`): it takes all waiting commits, checks them one after the other, and writes the accepted
//! ones to disk as one batch: apply, flush, `fdatasync`, and only then the answers. So a hundred concurrent commits
//! cost one wait for the disk, and two conflicting ones cannot both succeed.
//!
//! Readers use a `View`, which hides data that is not yet durable. All calls to sled are made under `contain`, since it
//! panics on some disk errors.
//!
//! A store is a directory: sled's own files, and `postern.store` beside them (`marker`). A sled database that has lost
//! records may open without an error; `tally` detects that.

mod batch;
mod contain;
mod engine;
mod files;
mod marker;
mod open;
mod stored;
mod tally;
mod view;
mod writer;

pub use engine::SledEngine;
