//! Sockets that the service manager opened and passes on (sd_listen_fds(3)). It keeps them while the proxy is restarted:
//! who connects meanwhile waits. And it opens ports below 1024, so that the proxy needs no capability.

use crate::socket::{ListenError, Socket, bind, bind_path};
use listenfd::ListenFd;
use postern_proxy_config::Listen;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use tokio::net::TcpListener;

/// The sockets that nobody has taken yet. They are known by their address or path, so that neither their order nor their
/// name in the units matters.
#[derive(Debug, Default)]
pub struct ActivatedSockets(Vec<(Listen, Left)>);

#[derive(Debug)]
enum Left {
    Tcp(std::net::TcpListener),
    Unix(UnixListener),
}

/// A activated socket that cannot be listened on.
#[derive(Debug)]
pub struct PassedError(io::Error);

impl fmt::Display for PassedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a socket that systemd passes is of no use: {}; let its unit have ListenStream=, and a port or a path from / on",
            self.0
        )
    }
}

impl std::error::Error for PassedError {}

impl ActivatedSockets {
    /// Takes what was activated to this process, and `LISTEN_FDS` out of its environment; so it is to be called once, and
    /// before there are threads.
    ///
    /// # Errors
    /// [`PassedError`], where something else was activated than a TCP socket or a Unix socket with a path.
    pub fn from_env() -> Result<Self, PassedError> {
        let mut activated = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..activated.len() {
            sockets.extend(take(&mut activated, index).map_err(PassedError)?);
        }
        Ok(Self(sockets))
    }

    /// The socket that was activated for `listen`, or else a new one; to be called in a runtime.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn listen(&mut self, listen: &Listen) -> Result<Socket, ListenError> {
        let failed = |error| ListenError::new(listen.clone(), error);
        match self.0.iter().position(|(activated, _)| activated == listen).map(|index| self.0.swap_remove(index).1) {
            Some(Left::Tcp(listener)) => TcpListener::from_std(listener).map(Socket::Tcp).map_err(failed),
            Some(Left::Unix(listener)) => {
                tokio::net::UnixListener::from_std(listener).map(Socket::Unix).map_err(failed)
            }
            None => match listen {
                Listen::Address(address) => bind(*address).map(Socket::Tcp),
                Listen::Socket(path) => bind_path(path).map(Socket::Unix),
            },
        }
    }

    /// The same for an address.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn listen_at(&mut self, address: SocketAddr) -> Result<TcpListener, ListenError> {
        match self.listen(&Listen::Address(address))? {
            Socket::Tcp(listener) => Ok(listener),
            Socket::Unix(_) => Err(ListenError::new(Listen::Address(address), io::ErrorKind::Unsupported.into())),
        }
    }

    /// Those that were activated and not taken.
    pub fn left(&self) -> impl Iterator<Item = &Listen> {
        self.0.iter().map(|(listen, _)| listen)
    }
}

fn take(activated: &mut ListenFd, index: usize) -> io::Result<Option<(Listen, Left)>> {
    // One that is of the other kind stays where it is.
    if let Ok(Some(listener)) = activated.take_unix_listener(index) {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let path = address.as_pathname().ok_or(io::Error::other("a Unix socket without a path"))?;
        return Ok(Some((Listen::Socket(path.to_owned()), Left::Unix(listener))));
    }
    let Some(listener) = activated.take_tcp_listener(index)? else { return Ok(None) };
    listener.set_nonblocking(true)?;
    Ok(Some((Listen::Address(listener.local_addr()?), Left::Tcp(listener))))
}
