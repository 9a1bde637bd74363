//! The endpoints beside the webmail that take a password alone: EWS, ActiveSync, CalDAV and the like.

pub mod basic;
pub mod request;
pub mod verdict;
