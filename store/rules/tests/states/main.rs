//! Runs the tables of `docs/states.md`.

mod accounts;
mod aliases;
mod app_passwords;
mod caps;
mod document;
mod enrolment;
mod events;
mod names;
mod notices;
mod offers;
mod own_account;
mod requests;
mod retries;
mod sessions;
mod several_names;
