//! Runs the tables of `docs/states.md`.

mod accounts;
mod aliases;
mod app_passwords;
mod caps;
mod document;
mod enrolment;
mod event_table;
#[path = "../events/mod.rs"]
mod events;
mod names;
mod notices;
mod offers;
mod removals;
mod requests;
mod retries;
mod sessions;
