//! From the login form to a session.

mod sign_in;
