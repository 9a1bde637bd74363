//! The client of a connection, as it is attached to requests.

use super::connections::{Busy, SessionPermit};
use crate::guarded::Tunnel;
use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;

/// The client that sends a request.
#[derive(Clone)]
pub struct Peer {
    /// The client's address, after any trusted PROXY header; an IPv4 address is always an `IpAddr::V4`.
    pub address: IpAddr,
    /// To be opened before a 101 is answered.
    pub tunnel: Tunnel,
    /// The connection, and the request: both stay counted as long as this is held.
    pub(super) held: Held,
}

/// What a request holds while it runs; nothing where connections are not counted.
#[derive(Clone, Default)]
pub(super) struct Held {
    pub(super) seat: Option<Arc<SessionPermit>>,
    pub(super) _busy: Option<Arc<Busy>>,
}

impl Peer {
    /// For one more request of the same client.
    pub(super) fn begin(&self) -> Self {
        let busy = self.held.seat.as_ref().map(|seat| Arc::new(seat.begin()));
        Self { held: Held { _busy: busy, ..self.held.clone() }, ..self.clone() }
    }

    /// Completes when the connection has to make room for another.
    pub(super) async fn lost(&self) {
        match &self.held.seat {
            Some(seat) => seat.lost().await,
            None => pending().await,
        }
    }
}
