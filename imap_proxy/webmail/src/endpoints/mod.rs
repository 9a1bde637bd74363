//! The endpoints beside the webmail that require only a password: EWS, ActiveSync, CalDAV and others.

pub(crate) mod allowed;
pub mod basic;
pub(crate) mod request;
pub mod verdict;
