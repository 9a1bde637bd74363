//! Sessions: what they hold, where they are kept, what ends them, and the forms that are taken once in them.

pub(crate) mod cookies;
pub mod pending_action;
pub(crate) mod registry;
pub mod repeats;
pub(crate) mod running;
pub mod state;
pub mod store;
