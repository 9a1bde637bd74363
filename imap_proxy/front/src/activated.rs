//! Sockets of the fronts: the one that systemd passed for an address or path, or else a new one.

use crate::socket::{ListenError, Socket, bind, bind_path};
use postern_process::activated::ActivatedSockets;
use postern_proxy_config::Listen;
use std::net::SocketAddr;
use tokio::net::{TcpListener, UnixListener};

/// Returns the socket that was activated for `listen`, or else a new one. Must be called in a runtime.
///
/// # Errors
/// [`ListenError`].
pub fn listen(activated: &mut ActivatedSockets, listen: &Listen) -> Result<Socket, ListenError> {
    match listen {
        Listen::Address(address) => listen_at(activated, *address).map(Socket::Tcp),
        Listen::Socket(path) => match activated.take_unix(path) {
            Some(listener) => UnixListener::from_std(listener).map_err(|error| ListenError::new(listen.clone(), error)),
            None => bind_path(path),
        }
        .map(Socket::Unix),
    }
}

/// As [`listen`], for an address.
///
/// # Errors
/// [`ListenError`].
pub fn listen_at(activated: &mut ActivatedSockets, address: SocketAddr) -> Result<TcpListener, ListenError> {
    match activated.take_tcp(address) {
        Some(listener) => {
            TcpListener::from_std(listener).map_err(|error| ListenError::new(Listen::Address(address), error))
        }
        None => bind(address),
    }
}
