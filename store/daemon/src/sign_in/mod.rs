//! Sign-ins: what a channel is told, and what is judged.

pub mod browsers;
pub mod codes;
pub mod field;
pub mod prepare;
pub mod proof;
pub mod signin;
