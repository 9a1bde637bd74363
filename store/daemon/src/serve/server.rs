//! The sockets: access control, and the exchange with each peer.

use crate::daemon::Daemon;
use crate::metrics::METRICS;
use crate::serve::call;
use crate::serve::connection::{Connection, FRAME_DEADLINE};
use crate::serve::peers::{self, Peers};
use crate::serve::service;
use crate::serve::side::Side;
use crate::serve::socket_limits::{CONNECTIONS_MAX, SocketLimits, SocketPermit, WAITING_MAX};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{Gid, Group, Uid};
use postern_process::accept::accept_until;
use postern_process::socket::{Access, bind_path};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// How long a peer may still send after posternd begins to stop: a peer that has just connected is about to send.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// Time limit for a socket's connections to end after posternd begins to stop.
pub const STOP_WITHIN: Duration = Duration::from_secs(6);
/// Number of files that the process must be able to open: for the connections and newcomers of both sockets, and for
/// the store and the exports.
pub const FILES_WANTED: u64 = 2 * (CONNECTIONS_MAX + WAITING_MAX) as u64 + 256;
/// Why the daemon cannot listen on a socket.
#[derive(Debug)]
pub struct ListenError {
    path: PathBuf,
    what: String,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the socket {} cannot be opened: {}", self.path.display(), self.what)
    }
}

impl std::error::Error for ListenError {}

/// Opens the socket at `path` for root, this process's user, and the side's group if it exists.
///
/// # Errors
/// [`ListenError`].
pub fn listen(side: Side, path: &Path) -> Result<UnixListener, ListenError> {
    let group = Group::from_name(side.group()).ok().flatten();
    let access = group.map_or(Access::Owner, |group| Access::Group(Some(group.gid)));
    bind_path(path, access).map_err(|why| ListenError {
        path: path.to_owned(),
        what: match why.kind() {
            io::ErrorKind::NotFound => "its directory does not exist".to_owned(),
            io::ErrorKind::AddrInUse => {
                "another posternd is listening there. Stop it, or configure another path".to_owned()
            }
            io::ErrorKind::AlreadyExists => format!("{why}. Configure another path"),
            _ => why.to_string(),
        },
    })
}

/// Uses a socket that the service manager has opened; its unit defines who may connect.
///
/// # Errors
/// [`ListenError`].
pub fn adopt(path: &Path, passed: std::os::unix::net::UnixListener) -> Result<UnixListener, ListenError> {
    let adopted = passed.set_nonblocking(true).and_then(|()| UnixListener::from_std(passed));
    adopted.map_err(|why| ListenError { path: path.to_owned(), what: why.to_string() })
}

/// Serves connections until `stop` changes; open connections may finish their call.
pub async fn serve(daemon: Arc<Daemon>, side: Side, listener: UnixListener, mut stop: watch::Receiver<bool>) {
    let (socket_limits, peers) = (SocketLimits::new(peers::fronts_user()), Arc::new(Peers::at(side)));
    let (close, closing) = watch::channel(());
    let stopping = stop.clone();
    let serve = |stream: UnixStream| {
        let credentials = getsockopt(&stream, PeerCredentials).ok()?;
        let (user, group) = (Uid::from_raw(credentials.uid()), Gid::from_raw(credentials.gid()));
        let Some(newcomer) = socket_limits.ask(user) else {
            turn_away(user, side);
            return None;
        };
        let (daemon, stop, closing, peers) = (daemon.clone(), stopping.clone(), closing.clone(), Arc::clone(&peers));
        Some(async move {
            let Some(place) = newcomer.place().await else { return turn_away(user, side) };
            let _open = METRICS.connections.hold(side.into());
            let Some(peer) = peers.admit(user, group) else { return };
            if peer.runs_fronts {
                place.is_of_a_front();
            }
            let connection = Connection::new(stream, peer);
            converse(daemon, connection, side, place, (stop, closing)).await;
        })
    };
    // Most likely, the file descriptors are exhausted: open connections must end first.
    let failed = |error: &io::Error| tracing::error!("a connection to the {side:?} socket cannot be accepted: {error}");
    let mut connections = accept_until(listener, async { drop(stop.changed().await) }, failed, serve).await;
    if !connections.end_within(LAST_WORDS).await {
        drop(close);
        connections.end_within(FRAME_DEADLINE).await;
    }
}

fn turn_away(user: Uid, side: Side) {
    tracing::warn!("uid {user} has too many calls running at the {side:?} socket; one more is turned away");
}

async fn converse(
    daemon: Arc<Daemon>,
    mut connection: Connection,
    side: Side,
    mut place: SocketPermit,
    (mut stop, mut closing): (watch::Receiver<bool>, watch::Receiver<()>),
) {
    let mut import = None;
    let mut first = true;
    loop {
        let call = tokio::select! {
            biased;
            () = place.lost() => {
                tracing::debug!("an idle connection of {} made room for another", connection.peer.name);
                return;
            }
            call = connection.next(first, call::read) => call,
            // The sender is dropped at the time limit; nothing is ever sent.
            _ = closing.changed() => connection.last(call::read).await,
        };
        let Some(call) = call else { return };
        first = false;
        place.begin_call();
        let answered = match call {
            Ok(call) => service::answer(&daemon, side, &mut connection, call, &mut import, &mut stop).await,
            Err(error) => {
                tracing::warn!("{} sent what is not a call: {error}", connection.peer.name);
                return;
            }
        };
        place.end_call();
        if let Err(error) = answered {
            tracing::debug!("{} did not take its answer: {error}", connection.peer.name);
            return;
        }
    }
}
