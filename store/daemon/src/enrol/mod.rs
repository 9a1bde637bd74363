//! Setting up a method or a contact address.

pub mod begin;
pub mod confirm;
pub mod ticket;
