//! Decisions about accounts: one function for each event, with its own result. They are total and without side effects.

pub mod administer;
pub mod answer;
pub mod app_passwords;
pub mod ask;
pub mod browsers;
pub mod code;
pub mod entitlement;
pub mod field;
pub mod import;
pub mod methods;
pub mod own;
pub mod requests;
pub mod sent;
