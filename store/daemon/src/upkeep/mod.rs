//! Periodic work: expiry, old audit entries, daily exports, resealing.

pub mod ends;
pub mod reseal;
pub mod sweep;
