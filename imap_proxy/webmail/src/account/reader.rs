//! Reading what the daemon reports about an account, for its owner.

use super::proving::Proving;
use crate::challenge::transitions::Transitions;
use crate::context::RequestContext;
use crate::session::handle::SessionHandle;
use crate::session::state::State;
use crate::verdict::{Denial, after_security};
use http::Response;
use postern_front::daemon::Daemon;
use postern_http::body::Body;
use postern_wire::security::{Security, ShowSecurity};

/// Reads accounts.
#[derive(Clone)]
pub(crate) struct AccountReader {
    pub(crate) daemon: Daemon,
    pub(crate) transitions: Transitions,
    pub(crate) proving: Proving,
}

impl AccountReader {
    /// Reads the session's account. `clients` are User-Agents that the daemon is to identify.
    ///
    /// # Errors
    /// The response in place of a page about the account: the session has no proof, or has ended, or the daemon is
    /// unavailable.
    pub(crate) async fn read(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        clients: Vec<String>,
    ) -> Result<Security, Box<Response<Body>>> {
        match self.ask(cx, session, clients).await {
            Ok(Some(security)) => Ok(security),
            Ok(None) => Err(Box::new(self.proving.without_proof(cx, session).await)),
            Err(denial @ (Denial::Unavailable | Denial::BadRequest)) => {
                Err(Box::new(self.transitions.deny(cx, session, &denial)))
            }
            Err(denial) => Err(Box::new(self.transitions.end(cx, session, &denial))),
        }
    }

    /// Asks the daemon. None: this session has no proof.
    async fn ask(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        clients: Vec<String>,
    ) -> Result<Option<Security>, Denial> {
        let known = |state: &mut State| (state.context().mailbox.clone(), state.proof().cloned());
        let (name, proof) = session.with(known).ok_or(Denial::Ended)?;
        let Some(proof) = proof else { return Ok(None) };
        let wanted = ShowSecurity { name: name.clone(), origin: cx.origin(), proof, clients };
        let reply = self.daemon.show_security(&wanted).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an account cannot be shown to its owner"));
        after_security(reply, &name).map(Some)
    }
}
