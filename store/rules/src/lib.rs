//! What is true of accounts and factors: every rule of Postern.
//!
//! Pure: no I/O, no clock, no randomness. Time and random bytes are arguments, so that every rule can be run by a
//! table. The tables are in `docs/states.md`, and `tests/states/` reads them.
//!
//! What there is:
//! * [`name`], [`alias`]: the many spellings of one mailbox, to one canonical name or to a refusal; its other names;
//! * [`platform`]: the switch over a set of domains, and its policy;
//! * [`account`]: what an account is at a moment;
//! * [`factor`], [`totp`], [`backup`], [`app_password`]: what it can be opened with;
//! * [`source`], [`browser`]: where a sign-in comes from; which browsers have signed in, and which are trusted;
//! * [`contact`], [`sent`]: where codes are sent to, and what becomes of them;
//! * [`text`]: what people write, without what nobody sees in it.
//!
//! What is decided:
//! * [`event`], [`decide`]: what happens to an account, and what comes of it;
//! * [`offers`], [`ticket`]: which methods are offered at a channel and to be set up, and how long what was begun is good;
//! * [`enrolment`], [`enrolment_code`]: who sets something up;
//! * [`proof`]: what a user's change of their own account takes, and how many there may be;
//! * [`standing`], [`ends`]: what a session rests on and when it is over; what lets people in until a time;
//! * [`request`]: requests for a reset;
//! * [`notice`], [`retry`]: of what the owner is told, and when a notice is tried again;
//! * [`throttle`], [`password_tries`], [`message_cap`]: what wrong codes cost, and how often something may happen.

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
