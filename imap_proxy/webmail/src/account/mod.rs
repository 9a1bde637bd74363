//! What people see and change of their own account: the Security page, its changes, and the factor that a change asks for.

mod agent;
mod own_browsers;
pub(crate) mod proving;
pub(crate) mod security;
