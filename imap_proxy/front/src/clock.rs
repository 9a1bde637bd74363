//! The clocks of the proxy. The wall clock is for texts such as "in 5 minutes": the daemon decides what depends on it.

pub use postern_process::clock::{monotonic, wall};
