//! Sockets that the service manager opened and passes on (sd_listen_fds(3)). It keeps them while the proxy is restarted:
//! who connects meanwhile waits. And it opens ports below 1024, so that the proxy needs no capability.

use crate::listener::{ListenError, bind};
use listenfd::ListenFd;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The sockets that nobody has taken yet. They are known by their address, so that neither their order nor their name
/// in the units matters.
#[derive(Debug, Default)]
pub struct Passed(Vec<(SocketAddr, std::net::TcpListener)>);

/// A passed socket that cannot be listened on.
#[derive(Debug)]
pub struct PassedError(io::Error);

impl fmt::Display for PassedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a socket that systemd passes is of no use: {}; let its unit have ListenStream= and a port", self.0)
    }
}

impl std::error::Error for PassedError {}

impl Passed {
    /// Takes what was passed to this process, and `LISTEN_FDS` out of its environment; so it is to be called once, and
    /// before there are threads.
    ///
    /// # Errors
    /// [`PassedError`], where something else than a TCP socket was passed.
    pub fn from_env() -> Result<Self, PassedError> {
        let mut passed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..passed.len() {
            let Some(socket) = passed.take_tcp_listener(index).map_err(PassedError)? else { continue };
            socket.set_nonblocking(true).map_err(PassedError)?;
            sockets.push((socket.local_addr().map_err(PassedError)?, socket));
        }
        Ok(Self(sockets))
    }

    /// The socket that was passed for `address`, or else a new one; to be called in a runtime.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn listen(&mut self, address: SocketAddr) -> Result<TcpListener, ListenError> {
        match self.0.iter().position(|(passed, _)| *passed == address) {
            Some(index) => {
                TcpListener::from_std(self.0.swap_remove(index).1).map_err(|error| ListenError::new(address, error))
            }
            None => bind(address),
        }
    }

    /// The addresses that were passed and not taken.
    pub fn left(&self) -> impl Iterator<Item = SocketAddr> {
        self.0.iter().map(|(address, _)| *address)
    }
}
