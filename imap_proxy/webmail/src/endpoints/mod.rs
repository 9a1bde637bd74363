//! The endpoints beside the webmail that take a password alone: EWS, ActiveSync, CalDAV and the like.

pub(crate) mod allowed;
pub mod basic;
pub(crate) mod request;
pub mod verdict;
