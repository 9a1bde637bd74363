//! `org.postern.Auth`: the interface for the fronts. The interface file is [`DESCRIPTION`].
//!
//! Every reply to a sign-in is a verdict; a refusal is a value, not an error. A verdict that a front does not know
//! fails to parse, and the front must treat that as a refusal.

mod answer;
mod ask;
mod enrol;
mod limits;
mod origin;
mod password;
mod refusal;
mod session;

pub use answer::{Answer, AnswerField, AnswerVerdict, FieldVerdict, Prepare, PrepareVerdict};
pub use ask::{Ask, AskVerdict, Asked, BACKUP, CONTACT, Lives, Offer};
pub use enrol::{Confirm, ConfirmVerdict, Enrol, EnrolVerdict};
pub use limits::{
    APP_PASSWORD_LETTERS, BROWSER_TOKEN, MAX_ALSO, MAX_CODE, MAX_DESCRIPTION, MAX_FIELD, MAX_NAME, MAX_RECHECK,
    MAX_RESPONSE,
};
pub use origin::{Channel, Origin};
pub use password::{CheckOutcome, PasswordAccepted, PasswordCheck, PasswordChecked, PasswordChecks, PasswordRefused};
pub use refusal::{Reason, Refusal};
pub use session::{Recheck, Rechecked, Session, SignedIn, WatchEvent};

/// The interface's name.
pub const INTERFACE: &str = "org.postern.Auth";
/// The interface file.
pub const DESCRIPTION: &str = include_str!("../org.postern.Auth.varlink");
/// The error for changes that cannot be stored now: the store is full, damaged or read-only.
pub const UNAVAILABLE: &str = "org.postern.Auth.Unavailable";
