//! The pages between the password and the mailbox: asking for a code, or setting up a method.

pub(crate) mod code;
pub(crate) mod lost;
pub(crate) mod prepare;
pub(crate) mod set_up;
pub(crate) mod shown_once;
pub(crate) mod transitions;
mod typed;
pub(crate) mod view;
