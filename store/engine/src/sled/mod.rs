//! The engine of one host, on sled 0.34.7.
//!
//! One thread writes (`writer`): it takes every commit that waits, checks them one after the other, and puts
//! what is left to disk as one batch: apply, flush, `fdatasync`, and only then the answers. So a hundred commits at
//! once cost one wait for the disk, and no two can both win.
//!
//! Readers look through a `View`, which hides what is not yet durable. sled itself is only ever touched
//! under `contain`, since it panics on some of the errors that a disk can give.
//!
//! A store is a directory: sled's own files, and `postern.store` beside them (`marker`). A sled database that has
//! lost records may open without a word; `tally` notices.

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
