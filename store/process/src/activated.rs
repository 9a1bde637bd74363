//! Socket activation (sd_listen_fds(3)). The service manager opens the sockets and keeps them open while the program is
//! restarted: clients that connect meanwhile wait, and are not refused. It also opens ports below 1024, so that the
//! program needs no capability.

use listenfd::ListenFd;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The address of an activated socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivatedAddress {
    /// A TCP socket.
    Tcp(SocketAddr),
    /// A Unix stream socket with a path.
    Unix(PathBuf),
}

impl fmt::Display for ActivatedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The activated sockets that have not been taken yet. All are non-blocking. They are found by their address or path, so
/// neither their order nor their names in the units matter.
#[derive(Debug, Default)]
pub struct ActivatedSockets {
    tcp: Vec<(SocketAddr, TcpListener)>,
    unix: Vec<(PathBuf, UnixListener)>,
}

impl ActivatedSockets {
    /// Takes the activated sockets, and removes `LISTEN_FDS` from the environment: call it once, before threads are
    /// started.
    ///
    /// # Errors
    /// If a socket is neither a TCP socket nor a Unix stream socket with a path.
    pub fn from_env() -> io::Result<Self> {
        let mut activated = ListenFd::from_env();
        let mut sockets = Self::default();
        for index in 0..activated.len() {
            // A socket of another kind is left.
            match activated.take_unix_listener(index) {
                Ok(Some(listener)) => sockets.add_unix(listener)?,
                Ok(None) => {}
                Err(_) => {
                    if let Some(listener) = activated.take_tcp_listener(index)? {
                        listener.set_nonblocking(true)?;
                        sockets.tcp.push((listener.local_addr()?, listener));
                    }
                }
            }
        }
        Ok(sockets)
    }

    fn add_unix(&mut self, listener: UnixListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let path = address.as_pathname().ok_or(io::Error::other("a Unix socket without a path"))?;
        self.unix.push((path.to_owned(), listener));
        Ok(())
    }

    /// The TCP socket that was activated for `address`.
    pub fn take_tcp(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let index = self.tcp.iter().position(|(activated, _)| *activated == address)?;
        Some(self.tcp.swap_remove(index).1)
    }

    /// The Unix socket that was activated at `path`.
    pub fn take_unix(&mut self, path: &Path) -> Option<UnixListener> {
        let index = self.unix.iter().position(|(activated, _)| activated == path)?;
        Some(self.unix.swap_remove(index).1)
    }

    /// The activated sockets that were not taken: clients that connect there are not answered.
    pub fn left(&self) -> impl Iterator<Item = ActivatedAddress> {
        let tcp = self.tcp.iter().map(|(address, _)| ActivatedAddress::Tcp(*address));
        tcp.chain(self.unix.iter().map(|(path, _)| ActivatedAddress::Unix(path.clone())))
    }
}
