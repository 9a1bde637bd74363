//! What is done by time: ends, old entries, daily exports, sealing anew.

pub mod ends;
pub mod reseal;
pub mod sweep;
