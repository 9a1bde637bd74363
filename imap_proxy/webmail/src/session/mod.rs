//! Sessions: their state, their storage, what ends them, and the single processing of their forms.

pub mod challenge;
pub mod context;
pub(crate) mod cookies;
pub mod enrolment;
pub(crate) mod handle;
pub mod limits;
pub(crate) mod logout;
pub mod pending_action;
pub(crate) mod registry;
pub mod released;
pub mod repeats;
pub mod stage;
pub mod state;
pub mod store;
mod table;
pub mod token;
