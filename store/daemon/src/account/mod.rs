//! What users change in their own account.

pub mod app_passwords;
pub mod requests;
pub mod security;
