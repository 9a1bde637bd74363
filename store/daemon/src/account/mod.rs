//! What users change of their own account.

pub mod requests;
pub mod security;
