//! The fronts for mail apps: line protocols, each in a module of its own. What they share with the other fronts is in
//! `postern-front`; they know nothing of webmail.

pub mod imap;
pub mod metrics;
