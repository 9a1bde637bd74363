//! What every daemon of Postern shares as a process: sockets that systemd activates, limits, the watchdog, clocks, the log
//! and metrics. It knows nothing of the other crates of Postern.
//!
//! * [`activated`]: sockets that the service manager opened. [`socket`]: one that listens, on an address or a path.
//!   [`accept`]: the accept loop. [`limits`]: resource limits. [`systemd`]: what the service
//!   manager is told. [`clock`]: the only place where clocks are read.
//! * [`metrics!`] declares the metrics, one table for each program: [`Counters`], [`Gauges`], [`Readings`] and
//!   [`Histograms`], by [`label`]s that are enumerations. To count is to add to an atomic number; a name or an address
//!   cannot become a label, since labels are fixed sets of words.
//! * [`scrape`] shows them to Prometheus, on a loopback address or a Unix socket. Nothing is sent by itself.
//! * [`log`] has levels that change while the program runs.

pub mod accept;
pub mod activated;
pub mod clock;
mod label;
pub mod limits;
pub mod log;
mod metric;
pub mod scrape;
pub mod socket;
pub mod systemd;

pub use label::{Label, Labels};
pub use metric::{Counters, Gauges, Held, Histograms, Metric, Readings};
