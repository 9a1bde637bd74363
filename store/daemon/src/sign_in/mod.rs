//! Sign-ins: what they require, and the checks of codes.

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
pub(crate) mod refusals;
pub mod unusual;
