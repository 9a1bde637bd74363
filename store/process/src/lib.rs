//! Process services of every Postern daemon: socket activation, limits, the watchdog, clocks, the log and metrics. It
//! depends on no other crate of Postern.
//!
//! * [`activated`]: sockets that the service manager opened. [`socket`]: a listening socket on an address or a path.
//!   [`accept`]: the accept loop. [`limits`]: resource limits. [`systemd`]: notifications to the service manager.
//!   [`clock`]: the only place where clocks are read.
//! * [`metrics!`] declares the metrics, one table for each program: [`Counters`], [`Gauges`], [`Readings`] and
//!   [`Histograms`], with [`label!`]s that are enumerations. Counting is an atomic addition; a name or an address cannot
//!   become a label, since labels are fixed sets of words.
//! * [`scrape`] serves them to Prometheus, on a loopback address or a Unix socket. Nothing is sent without a request.
//! * [`log`] has levels that can be changed while the program runs.

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
