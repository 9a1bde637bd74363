//! Listening sockets, on an address or a path, and their connections.

use crate::accept::Accept;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::either::Either;

/// A connection.
pub type Stream = Either<TcpStream, UnixStream>;

/// A listening socket.
#[derive(Debug)]
pub enum Socket {
    /// On an address.
    Tcp(TcpListener),
    /// On a path.
    Unix(UnixListener),
}

impl From<TcpListener> for Socket {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl Socket {
    /// Its address, with the port that the kernel has chosen; `None` for a path.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

impl Accept for Socket {
    /// The client's address; `None` for a path: there it is in a PROXY header.
    type Connection = (Stream, Option<IpAddr>);

    async fn accept(&self) -> io::Result<Self::Connection> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                (Either::Left(stream), Some(from.ip().to_canonical()))
            }
            Self::Unix(listener) => (Either::Right(listener.accept().await?.0), None),
        })
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => write!(f, "an address that cannot be told: {error}"),
            },
            Self::Unix(listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                write!(f, "unix:{}", path.unwrap_or(Path::new("?")).display())
            }
        }
    }
}
