//! The program `postern-proxy`: it reads its configuration, opens its sockets, and puts the fronts together.
//!
//! The fronts are `postern-webmail` and `postern-mail`; the certificate comes from files, or by `postern-acme`. The library is
//! what manual pages and tests take from the program.

pub mod cli;
pub mod config;
pub mod log;
pub mod metrics;
