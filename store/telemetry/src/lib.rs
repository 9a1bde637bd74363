//! What a program tells of itself: numbers to whoever asks on this host, and lines to the journal. Nothing leaves by
//! itself.
//!
//! * [`metrics!`] declares the numbers, one table for each program: [`Counters`], [`Gauges`], [`Readings`] and
//!   [`Histograms`], by [`label`]s that are enumerations. To count is to add to an atomic number; nothing can be counted
//!   by a name or an address, since neither is one of a fixed set of words.
//! * [`scrape`] shows them to Prometheus, on a loopback address or a Unix socket.
//! * [`log`] has levels that change while the program runs.

mod label;
pub mod log;
mod metric;
pub mod scrape;

pub use label::{Label, Labels};
pub use metric::{Counters, Gauges, Held, Histograms, Metric, Readings};
