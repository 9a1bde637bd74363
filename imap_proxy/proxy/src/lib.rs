//! The program `postern-proxy`: it reads its configuration, opens its sockets, and starts the fronts.
//!
//! The fronts are `postern-webmail` and `postern-mail`; the certificate comes from files, or by `postern-acme`. The
//! library contains what manual pages and tests need of the program.

pub mod cli;
pub mod config;
pub mod log;
pub mod metrics;
