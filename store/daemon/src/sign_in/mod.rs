//! Sign-ins: what a channel is told, and what is judged.

pub mod answer;
pub mod ask;
pub mod browsers;
pub mod challenge;
pub mod codes;
pub mod context;
pub mod field;
pub mod offers;
pub mod prepare;
pub mod proof;
pub mod recheck;
pub mod unusual;
