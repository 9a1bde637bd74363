//! The program as a whole against a scripted daemon: what it asks, prints and exits with.
#![allow(missing_docs, reason = "tests")]

mod account;
mod backup;
mod import;
mod log;
mod reach;
mod server;
mod show;
