//! The argument that names a mailbox.

use clap::Args;

/// The mailbox that a command is about.
#[derive(Args)]
pub(crate) struct Owner {
    /// The mailbox, an alias of it, or DOMAIN\user
    #[arg(value_name = "MAILBOX")]
    pub(crate) mailbox: String,
}
