//! The pages between the password and the mailbox: a code is asked for, or the first method is set up.

pub(crate) mod code;
mod lost;
pub(crate) mod prepare;
mod set_up;
mod waiting;
