//! Listening sockets, on an address or a path, and their connections.

use crate::accept::Accept;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::Gid;
use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, lchown};
use std::os::unix::net;
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

/// Who may connect to a Unix socket, by the permissions of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// This user.
    Owner,
    /// This user and a group; `None`: this process's own group.
    Group(Option<Gid>),
}

/// Opens a Unix socket that listens at `path`; to be called in a runtime. A stale socket file, on which no process
/// listens, is replaced; nothing else is removed, and a symbolic link is not followed. Nobody can connect before the
/// permissions are set.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if something is there that is not a socket, [`io::ErrorKind::AddrInUse`] if another
/// program listens there, and errors of the kernel.
pub fn bind_path(path: &Path, access: Access) -> io::Result<UnixListener> {
    remove_stale(path)?;
    let opened = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    // On Linux the file gets the mode of the socket, less the umask. Setting the umask would affect other threads.
    fchmod(&opened, Mode::S_IRUSR | Mode::S_IWUSR)?;
    bind(opened.as_raw_fd(), &UnixAddr::new(path)?)?;
    if let Access::Group(group) = access {
        if let Some(group) = group {
            lchown(path, None, Some(group.as_raw()))?;
        }
        fs::set_permissions(path, Permissions::from_mode(0o660))?;
    }
    listen(&opened, Backlog::MAXCONN)?;
    UnixListener::from_std(net::UnixListener::from(opened))
}

/// Removes a socket file that an earlier run has left.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is not a socket is there"));
    }
    match net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another program listens there")),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_one_in_use_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sock");
        let first = bind_path(&path, Access::Group(None)).unwrap();
        assert_eq!(mode(&path), 0o660);
        let kind = |path: &Path| bind_path(path, Access::Owner).unwrap_err().kind();
        assert_eq!(kind(&path), io::ErrorKind::AddrInUse);
        drop(first);
        let second = bind_path(&path, Access::Owner).unwrap();
        assert_eq!(mode(&path), 0o600);
        let _client = UnixStream::connect(&path).await.unwrap();
        second.accept().await.unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(kind(&file), io::ErrorKind::AlreadyExists);
        assert!(file.exists());
        assert_eq!(kind(&dir.path().join("none/a.sock")), io::ErrorKind::NotFound);
    }

    /// Neither is what the link names removed, nor is a socket made there.
    #[tokio::test]
    async fn a_symbolic_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let [link, stale, none] = ["link", "stale", "none"].map(|name| dir.path().join(name));
        drop(bind_path(&stale, Access::Owner).unwrap());
        for to in [&stale, &none] {
            symlink(to, &link).unwrap();
            assert_eq!(bind_path(&link, Access::Owner).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            fs::remove_file(&link).unwrap();
        }
        assert!(stale.exists() && !none.exists());
    }
}
