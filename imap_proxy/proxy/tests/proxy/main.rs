//! The program itself, started as systemd starts it.

#[path = "../../../http/tests/http/authority.rs"]
mod authority;
mod program;
