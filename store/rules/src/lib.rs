//! What is true of accounts and factors.
//!
//! Pure: no I/O, no clock, no randomness. Time and random bytes are arguments, so that every rule can be run by a
//! table. [`decide`](decide::decide) is the one place where a rule stands: `docs/states.md` is its table, and a test
//! reads it.
//!
//! * [`name`]: the many spellings of one mailbox, to one canonical name or to a refusal;
//! * [`platform`]: the switch over a set of domains, and its policy;
//! * [`account`]: what an account is at a moment;
//! * [`factor`], [`totp`], [`backup`], [`app_password`]: what it can be opened with;
//! * [`source`]: where a sign-in comes from;
//! * [`contact`], [`sent`]: where codes are sent to, and what becomes of them;
//! * [`browser`]: which browsers have signed in, and which are trusted;
//! * [`text`]: what people write, without what nobody sees in it;
//! * [`proof`]: what a person's change of their own account takes, and how many there may be;
//! * [`throttle`]: what wrong codes cost;
//! * [`ends`]: what lets people in until a time, and is over for good then;
//! * [`retry`]: when a notice is tried again;
//! * [`event`], [`decide`]: what happens, and what comes of it.

pub mod account;
pub mod alias;
pub mod app_password;
pub mod backup;
pub mod browser;
mod channel;
pub mod contact;
pub mod decide;
pub mod ends;
pub mod enrolment;
pub mod enrolment_code;
pub mod event;
pub mod factor;
mod letters;
pub mod message_cap;
pub mod name;
pub mod notice;
pub mod offers;
pub mod own_account;
pub mod password_tries;
pub mod platform;
pub mod proof;
mod refusal;
pub mod request;
pub mod retry;
pub mod seed;
pub mod sent;
pub mod source;
pub mod standing;
pub mod strictest;
pub mod text;
pub mod throttle;
pub mod ticket;
pub mod time;
pub mod totp;

pub use account::{Account, Stage, State};
pub use app_password::AppPassword;
pub use browser::Browser;
pub use channel::Channel;
pub use decide::{Removal, decide, removal};
pub use event::{Decision, Event, Verdict};
pub use factor::{Factor, Kind, KindName};
pub use name::Mailbox;
pub use platform::Platform;
pub use proof::Proof;
pub use refusal::Refusal;
pub use seed::Seed;
pub use standing::Standing;
pub use time::Time;
