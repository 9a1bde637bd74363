//! The rules for accounts and factors: every rule of Postern.
//!
//! Pure: no I/O, no clock, no randomness. Time and random bytes are arguments, so that every rule can be tested from a
//! table. The tables are in `docs/states.md`, and `tests/states/` reads them.
//!
//! Data:
//! * [`name`], [`alias`]: maps the spellings of a mailbox to one canonical name, or refuses them; aliases of a mailbox;
//! * [`platform`]: a set of domains with one switch and one policy;
//! * [`account`]: the account and its state at a point in time;
//! * [`factor`], [`totp`], [`backup`], [`app_password`]: the credentials of an account;
//! * [`source`], [`browser`]: where a sign-in comes from; browsers that have signed in, and browsers that are trusted;
//! * [`contact`], [`sent`]: the destinations of codes, and the codes that were sent;
//! * [`text`]: user input without invisible characters.
//!
//! Decisions:
//! * [`decision`], [`decide`]: what a decision is made for, and its result; a function for each event of an account;
//! * [`offers`], [`ticket`]: the methods offered for sign-in at a channel and for setup, and how long a started
//!   operation is valid;
//! * [`enrolment`], [`enrolment_code`]: who may set up a method;
//! * [`proof`]: the proof that a user needs to change their own account, and the limits on such changes;
//! * [`several_names`]: a sign-in whose webmail gives another name than the one that was typed;
//! * [`standing`], [`session_life`], [`ends`]: what a session depends on, and when it ends; grants of access with an expiry;
//! * [`request`]: requests for a reset;
//! * [`notice`], [`retry`]: notices to the owner, and when delivery is retried;
//! * [`throttle`], [`password_tries`], [`message_cap`]: limits on wrong codes, passwords and messages.

pub mod account;
pub mod alias;
pub mod app_password;
pub mod backup;
pub mod browser;
mod channel;
pub mod contact;
pub mod decide;
pub mod decision;
pub mod ends;
pub mod enrolment;
pub mod enrolment_code;
pub mod factor;
mod letters;
pub mod message_cap;
pub mod name;
pub mod notice;
pub mod offers;
pub mod password_tries;
pub mod platform;
pub mod proof;
pub mod request;
pub mod retry;
pub mod seed;
pub mod sent;
pub mod session_life;
pub mod several_names;
pub mod source;
pub mod standing;
pub mod text;
pub mod throttle;
pub mod ticket;
pub mod time;
pub mod totp;

pub use account::{Account, Stage, State};
pub use app_password::AppPassword;
pub use browser::Browser;
pub use channel::{Budget, Channel};
pub use decision::{Decision, Outcome, Settled};
pub use factor::{Factor, Kind, KindName};
pub use name::Mailbox;
pub use platform::Platform;
pub use proof::Proof;
pub use seed::Seed;
pub use standing::Standing;
pub use time::Time;
