//! Ending a session at the webmail.

use super::context::UpstreamSession;
use http::header::COOKIE;
use http::{Request, Uri};
use jiff::Timestamp;
use postern_http::body;
use postern_http::upstream::Upstream;
use std::net::IpAddr;

/// Ends webmail sessions that are no longer used here.
#[derive(Clone)]
pub(crate) struct Logout {
    upstream: Upstream,
}

impl Logout {
    /// Ends them by requests to this webmail.
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    /// Ends `session` if possible, on behalf of the client at `address`. The request runs in a task of its own.
    pub(crate) fn end(&self, mut session: UpstreamSession, address: IpAddr, now: Timestamp) {
        let Some(target) = session.logout.take() else { return };
        let upstream = self.upstream.clone();
        tokio::spawn(async move {
            let mut request = Request::new(body::empty());
            let Ok(uri) = target.parse::<Uri>() else { return };
            let Some(cookies) = session.jar.header(uri.path(), now, &[]) else { return };
            *request.uri_mut() = uri;
            request.headers_mut().insert(COOKIE, cookies);
            if let Err(error) = upstream.send(request, address).await {
                tracing::debug!(%error, "a session could not be ended at the webmail");
            }
        });
    }
}
