//! The sockets that fronts listen on: an address, or a Unix socket for a proxy on the same host.
//!
//! Every local process can connect to a loopback address, so a PROXY header from there could be forged. For a Unix
//! socket, the file system's permissions decide who may connect.

use nix::sys::socket::{setsockopt, sockopt};
use postern_process::socket::Access;
pub use postern_process::socket::{Socket, Stream};
use postern_proxy_config::Listen;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio_util::either::Either;

/// Connections that the kernel may hold until they are accepted.
const BACKLOG: u32 = 1024;
/// The address of a client that connects to a Unix socket without an address in a PROXY header. No network contains it.
pub const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Why a front cannot listen.
#[derive(Debug)]
pub struct ListenError {
    listen: Listen,
    error: io::Error,
}

impl ListenError {
    /// The error of an attempt to listen at `listen`.
    pub fn new(listen: Listen, error: io::Error) -> Self {
        Self { listen, error }
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listen, error } = self;
        let advice = match (listen, error.kind()) {
            (Listen::Address(address), io::ErrorKind::AddrInUse) => {
                format!("another program listens there; `ss -ltnp 'sport = :{}'` names it", address.port())
            }
            (Listen::Address(_), io::ErrorKind::PermissionDenied) => {
                "ports below 1024 are opened by root; enable the socket unit that has it, or write one".to_owned()
            }
            (Listen::Address(_), io::ErrorKind::AddrNotAvailable) => {
                "this host has no such address; `ip address` lists them".to_owned()
            }
            (Listen::Socket(path), io::ErrorKind::AddrInUse) => {
                format!("`ss -lxp src {}` names it", path.display())
            }
            (Listen::Socket(_), io::ErrorKind::AlreadyExists) => "remove it, or choose another path".to_owned(),
            (Listen::Socket(_), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound) => {
                "let a socket unit make it, with ListenStream= and this path, or its directory be there and writable for \
                 this user"
                    .to_owned()
            }
            _ => "check `listen` in proxy.toml".to_owned(),
        };
        write!(f, "cannot listen on {listen}: {error}; {advice}")
    }
}

impl std::error::Error for ListenError {}

/// Opens a socket that listens on an address.
///
/// # Errors
/// [`ListenError`].
pub fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|error| ListenError::new(Listen::Address(address), error))
}

/// Opens a Unix socket that listens, for this user and its group.
///
/// # Errors
/// [`ListenError`].
pub(crate) fn bind_path(path: &Path) -> Result<UnixListener, ListenError> {
    let bound = postern_process::socket::bind_path(path, Access::Group(None));
    bound.map_err(|error| ListenError::new(Listen::Socket(path.to_owned()), error))
}

/// Sets options of a connection: send without delay, and detect in the end that a phone has vanished.
///
/// # Errors
/// Errors of the kernel.
pub fn prepare(stream: &Stream) -> io::Result<()> {
    let Either::Left(stream) = stream else { return Ok(()) };
    stream.set_nodelay(true)?;
    Ok(setsockopt(stream, sockopt::KeepAlive, &true)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_process::accept::Accept as _;
    use postern_proxy_config::Network;
    use tokio::net::UnixStream;

    #[tokio::test]
    async fn a_socket_at_a_path_has_no_address_and_its_errors_have_advice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("https.sock");
        let socket = Socket::Unix(bind_path(&path).unwrap());
        assert_eq!((socket.to_string(), socket.address()), (format!("unix:{}", path.display()), None));
        let _client = UnixStream::connect(&path).await.unwrap();
        assert!(socket.accept().await.unwrap().1.is_none());
        let error = |path: &Path| bind_path(path).unwrap_err().to_string();
        let in_use = error(&path);
        assert!(in_use.contains("cannot listen on unix:/") && in_use.contains("another program listens"), "{in_use}");
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(error(&file).contains("not a socket is there; remove it"), "{}", error(&file));
        let missing = error(&dir.path().join("none/a.sock"));
        assert!(missing.contains("let a socket unit make it"), "{missing}");
    }

    #[test]
    fn an_unknown_address_is_in_no_network() {
        for network in ["0.0.0.0/0", "127.0.0.0/8", "0.0.0.0/8", "::/0"] {
            assert!(!network.parse::<Network>().unwrap().contains(UNKNOWN), "{network}");
        }
    }
}
