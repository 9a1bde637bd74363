//! Which sessions are over.

use crate::clock;
use crate::daemon::Daemon;
use crate::sign_in::context::{Owner, owner};
use postern_rules::standing::{Holder, Standing};
use postern_wire::auth::{self, Recheck, Rechecked};

/// Returns which sessions are over. A session that cannot be looked up counts as over.
pub async fn recheck(daemon: &Daemon, recheck: &Recheck) -> Rechecked {
    let mut ended = Vec::with_capacity(recheck.sessions.len());
    for session in &recheck.sessions {
        ended.push(is_over(daemon, session).await);
    }
    Rechecked { ended }
}

/// Whether a session is over.
pub(crate) async fn is_over(daemon: &Daemon, session: &auth::Session) -> bool {
    let Some(standing) = Standing::parse(&session.standing) else { return true };
    let owner = owner(daemon, standing.channel(), &session.mailbox).await;
    let holder = match &owner {
        Ok(Owner::Ours(account, platform)) => Holder::Account(account, platform),
        Ok(Owner::Foreign(_)) => Holder::Foreign,
        Err(_) => Holder::Nobody,
    };
    let is_over = standing.is_over(&holder, clock::now());
    if let Ok(Owner::Ours(account, _)) = &owner {
        daemon.settle_if_possible(account).await;
    }
    is_over
}
