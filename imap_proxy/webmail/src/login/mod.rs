//! Signing in: from the login form to a session.

pub(crate) mod answer;
pub(crate) mod sign_in;
pub(crate) mod webmail;
