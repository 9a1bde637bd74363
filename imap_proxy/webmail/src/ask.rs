//! Asking the daemon what a sign-in needs: when it begins, and again while it waits.

use postern_front::daemon::{Daemon, DaemonError};
use postern_wire::auth::{Ask, Asked, Channel, Origin};

/// Asks the daemon what a sign-in from `origin` by this name, and by these further names of the same user, needs.
///
/// # Errors
/// When the daemon gives no verdict.
pub(crate) async fn ask(daemon: &Daemon, origin: Origin, name: &str, also: &[String]) -> Result<Asked, DaemonError> {
    let ask = Ask { name: name.to_owned(), also: also.to_vec(), channel: Channel::Webmail, origin };
    let reply = daemon.ask(&ask).await;
    reply.inspect_err(|error| tracing::warn!(%error, "a sign-in is refused: the daemon gave no verdict"))
}
