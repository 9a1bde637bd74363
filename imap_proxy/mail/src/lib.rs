//! The front of mail apps: line protocols, each a module of its own. What they share with the other fronts is in
//! `postern-front`; they know nothing of webmail.

pub mod imap;
pub mod metrics;
