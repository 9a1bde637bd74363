//! What users see and change of their own account: the Security page, its changes, and the factor that a change needs.

pub(crate) mod change;
mod change_form;
mod own_browsers;
pub(crate) mod proving;
pub(crate) mod reader;
pub(crate) mod security;
mod view;
