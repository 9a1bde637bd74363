//! The users' own accounts: the Security page, its changes, and the factor that a change requires.

pub(crate) mod change;
mod change_form;
mod own_browsers;
pub(crate) mod proving;
pub(crate) mod reader;
pub(crate) mod security;
mod view;
