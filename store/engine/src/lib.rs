//! Storage of records: the trait [`Engine`], and its implementations.
//!
//! Every write is a compare-and-swap. The same trait serves one host ([`SledEngine`]) and tests ([`MemoryEngine`]); one
//! test suite (`tests/engine`) runs on each. An engine stores opaque bytes, which the caller has sealed.

mod contract;
mod error;
mod memory;
mod metrics;
mod revision;
mod sled;
mod watch;

pub use contract::{
    CHANGES_MAX, Change, EXPECTED_MAX, Engine, Entry, KEY_LEN_MAX, Next, Pending, Swap, VALUE_LEN_MAX, Visitor,
};
pub use error::{EngineError, Failure, OpenError, Repair};
pub use memory::MemoryEngine;
pub use metrics::{Commit, METRICS, Metrics};
pub use revision::{Key, Revision};
pub use sled::SledEngine;
pub use watch::{Told, Watch, Watchers, Written};
