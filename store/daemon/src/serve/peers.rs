//! The peers of a socket. The kernel reports a user id; the user's name and groups come from the system's user
//! database, and that lookup costs more than the rest of a call. A front opens a connection for each call, so results
//! are cached for a short time.

use crate::clock::Stopwatch;
use crate::serve::side::Side;
use nix::unistd::{Gid, Group, Uid, User};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a lookup is cached: a user who is removed from a group may still connect for this time.
pub const REMEMBERED: Duration = Duration::from_secs(10);
/// The user that the package runs the fronts as.
const FRONT_USER: &str = "postern-proxy";

/// A user who may use a socket.
#[derive(Debug)]
pub struct Peer {
    /// `uid 0 (root)`, for the audit log.
    pub name: String,
    /// Whether this user may see passwords that are to be checked: root, this process's own user, and the fronts' user.
    pub is_front: bool,
    /// Whether this is the user that the package runs the fronts as.
    pub runs_fronts: bool,
}

/// Returns the user that the package runs the fronts as, if that user exists.
pub fn fronts_user() -> Option<Uid> {
    User::from_name(FRONT_USER).ok().flatten().map(|user| user.uid)
}

/// The result of a lookup, and its time.
type Found = (Stopwatch, Option<Arc<Peer>>);

/// The recent lookups at one socket.
pub struct Peers {
    side: Side,
    seen: Mutex<HashMap<(Uid, Gid), Found>>,
}

impl Peers {
    /// Creates an empty cache.
    pub fn at(side: Side) -> Self {
        Self { side, seen: Mutex::default() }
    }

    /// Returns the peer of these ids; none if it may not use this socket.
    pub fn admit(&self, uid: Uid, gid: Gid) -> Option<Arc<Peer>> {
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((when, peer)) = seen().get(&(uid, gid))
            && when.elapsed() < REMEMBERED
        {
            return peer.clone();
        }
        let peer = look_up(self.side, uid, gid).map(Arc::new);
        let mut seen = seen();
        seen.retain(|_, (when, _)| when.elapsed() < REMEMBERED);
        seen.insert((uid, gid), (Stopwatch::start(), peer.clone()));
        peer
    }
}

/// Looks up a user: root, this process's own user, and members of the group may connect. The mode of the socket
/// enforces the same; this is a second check.
fn look_up(side: Side, uid: Uid, gid: Gid) -> Option<Peer> {
    let user = User::from_uid(uid).ok().flatten();
    let name = user.as_ref().map_or(String::new(), |user| format!(" ({})", user.name));
    let name = format!("uid {uid}{name}");
    let is_own = uid.is_root() || uid == Uid::effective();
    let is_member = || {
        let group = Group::from_name(side.group()).ok().flatten()?;
        let of_user = |user: &User| user.gid == group.gid || group.mem.contains(&user.name);
        Some(gid == group.gid || user.as_ref().is_some_and(of_user))
    };
    if !is_own && !is_member().unwrap_or(false) {
        tracing::warn!("{name} may not use the {side:?} socket: it is not in the group {}", side.group());
        return None;
    }
    let runs_fronts = user.is_some_and(|user| user.name == FRONT_USER);
    Some(Peer { name, is_front: is_own || runs_fronts, runs_fronts })
}
