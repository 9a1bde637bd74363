//! Who connects to a socket. The kernel gives a number; who that is, and in which groups, the system's directory says,
//! which costs more than all the rest of a call. A front connects for each one, so what was found is remembered for a
//! moment.

use crate::clock::Stopwatch;
use crate::serve::side::Side;
use nix::unistd::{Gid, Group, Uid, User};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// For which it is remembered who somebody is: who is taken out of a group may connect for so long.
pub const REMEMBERED: Duration = Duration::from_secs(10);
/// Whom the package runs the fronts as.
const FRONT_USER: &str = "postern-proxy";

/// Somebody who may use a socket.
#[derive(Debug)]
pub struct Peer {
    /// `uid 0 (root)`, for the audit log.
    pub name: String,
    /// Whether they may see passwords that are to be checked: root, this process's own user, and the fronts' user.
    pub is_front: bool,
    /// Whether this is the user that the package runs the fronts as.
    pub runs_fronts: bool,
}

/// The user that the package runs the fronts as, where there is one.
pub fn fronts_user() -> Option<Uid> {
    User::from_name(FRONT_USER).ok().flatten().map(|user| user.uid)
}

/// What was found out about somebody, and when.
type Found = (Stopwatch, Option<Arc<Peer>>);

/// Who was seen at one socket lately.
pub struct Peers {
    side: Side,
    seen: Mutex<HashMap<(Uid, Gid), Found>>,
}

impl Peers {
    /// Nobody yet.
    pub fn at(side: Side) -> Self {
        Self { side, seen: Mutex::default() }
    }

    /// Who that is; none when they may not use this socket.
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

/// Root, this process's own user, and members of the group. The socket's mode says the same; this says it again.
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
