//! A small blocking client: one connection, one call at a time, within a deadline.

use crate::frame::{self, Decoder, FrameError};
use crate::message::{Call, ErrorReply, Reply};
use nix::errno::Errno;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, getsockopt};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fmt;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// The size of a read: few replies of a sign-in are larger, and the whole buffer is wiped, byte by byte.
const READ_AT_ONCE: usize = 1024;

/// The error for an invalid parameter (`org.varlink.service`).
pub const INVALID_PARAMETER: &str = "org.varlink.service.InvalidParameter";

/// Why a call has no reply. None of these may be treated as an acceptance.
#[derive(Debug)]
pub enum CallError {
    /// No server listens there, or the socket may not be opened.
    Unreachable(io::Error),
    /// The server runs neither as root, nor as the daemon's user, nor as this process's own user; with its uid.
    Impostor(u32),
    /// No complete reply within the deadline, or the connection was closed.
    Lost(io::Error),
    /// The data is not a reply of this protocol.
    Garbage(String),
    /// The daemon returned an error.
    Error(ErrorReply),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "posternd cannot be reached: {error}"),
            Self::Impostor(uid) => write!(f, "the socket is served by uid {uid}, which is not posternd's user"),
            Self::Lost(error) => write!(f, "posternd did not answer: {error}"),
            Self::Garbage(what) => write!(f, "posternd's answer makes no sense: {what}"),
            Self::Error(error) => write!(f, "posternd answered {}: {}", error.name, error.parameters),
        }
    }
}

impl std::error::Error for CallError {}

impl CallError {
    /// Whether the daemon reports an invalid parameter: too long, or of another form. The sign-in is then to be
    /// refused, and another attempt is useless.
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self, Self::Error(reply) if reply.name == INVALID_PARAMETER)
    }
}

/// The remaining time of a client: called before each wait.
///
/// A [`Duration`] starts again with each wait, so a daemon that sends a byte from time to time can prolong a call
/// without limit. A caller with a hard limit passes a deadline that runs out; this crate reads no clock.
pub trait Deadline {
    /// The remaining time; zero when it is over.
    fn left(&self) -> Duration;
}

impl Deadline for Duration {
    fn left(&self) -> Duration {
        *self
    }
}

/// A connection to the daemon.
pub struct Client<P = Duration> {
    stream: UnixStream,
    decoder: Decoder,
    deadline: P,
}

impl<P: Deadline> Client<P> {
    /// Connects to the socket at `path` and checks its server. `deadline` limits this and all later calls.
    ///
    /// # Errors
    /// [`CallError::Unreachable`], and [`CallError::Impostor`] if the server runs as an unexpected user.
    pub fn connect(path: &Path, deadline: P) -> Result<Self, CallError> {
        let stream = connect(path, &deadline).map_err(CallError::Unreachable)?;
        check_server(&stream)?;
        Ok(Self { stream, decoder: Decoder::default(), deadline })
    }

    /// Calls `interface.method` and waits for its one reply.
    ///
    /// # Errors
    /// Any [`CallError`]; after one, this client must not be used again unless it was [`CallError::Error`].
    pub fn call<R: DeserializeOwned>(
        &mut self,
        interface: &str,
        method: &str,
        parameters: &impl Serialize,
    ) -> Result<R, CallError> {
        self.send(interface, method, parameters, false)?;
        self.receive().map(|(reply, _)| reply)
    }

    /// Calls `interface.method` with `more` and passes each reply to `each`, until the last.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_more<R: DeserializeOwned>(
        &mut self,
        interface: &str,
        method: &str,
        parameters: &impl Serialize,
        mut each: impl FnMut(R),
    ) -> Result<(), CallError> {
        self.send(interface, method, parameters, true)?;
        loop {
            let (reply, continues) = self.receive()?;
            each(reply);
            if !continues {
                return Ok(());
            }
        }
    }

    fn send(
        &mut self,
        interface: &str,
        method: &str,
        parameters: &impl Serialize,
        more: bool,
    ) -> Result<(), CallError> {
        let call = Call { method: format!("{interface}.{method}"), parameters: Some(parameters), more, oneway: false };
        let frame = frame::encode(&call).map_err(|error| CallError::Garbage(error.to_string()))?;
        let mut rest = &frame[..];
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(left(&self.deadline)?)).map_err(CallError::Lost)?;
            // Not `write`: if the daemon has closed the connection, SIGPIPE would end the host program of this client.
            match socket::send(self.stream.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(CallError::Lost(errno.into())),
            }
        }
        Ok(())
    }

    fn receive<R: DeserializeOwned>(&mut self) -> Result<(R, bool), CallError> {
        let mut bytes = Zeroizing::new([0; READ_AT_ONCE]);
        loop {
            if let Some(reply) = self.decoder.next_frame(parse_reply) {
                return reply;
            }
            self.stream.set_read_timeout(Some(left(&self.deadline)?)).map_err(CallError::Lost)?;
            match self.stream.read(&mut *bytes) {
                Ok(0) => return Err(CallError::Lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => self.decoder.push(&bytes[..count]).map_err(garbage)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(CallError::Lost(error)),
            }
        }
    }
}

/// The remaining time of a wait, never zero: for the kernel, zero means without limit.
fn left(deadline: &impl Deadline) -> Result<Duration, CallError> {
    Some(deadline.left()).filter(|left| !left.is_zero()).ok_or(CallError::Lost(io::ErrorKind::TimedOut.into()))
}

/// Connects like [`UnixStream::connect`], but with a time limit: if the daemon hangs, its backlog fills up, and
/// connect(2) waits for SO_SNDTIMEO.
fn connect(path: &Path, deadline: &impl Deadline) -> io::Result<UnixStream> {
    let fd = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let stream = UnixStream::from(fd);
    let address = UnixAddr::new(path)?;
    loop {
        let left = Some(deadline.left()).filter(|left| !left.is_zero()).ok_or(io::ErrorKind::TimedOut)?;
        stream.set_write_timeout(Some(left))?;
        match socket::connect(stream.as_raw_fd(), &address) {
            Ok(()) => return Ok(stream),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn garbage(error: FrameError) -> CallError {
    CallError::Garbage(error.to_string())
}

/// Parses one reply: parameters of the type that the method returns, or an error. Anything else is
/// [`CallError::Garbage`].
///
/// # Errors
/// [`CallError::Error`] and [`CallError::Garbage`].
pub fn parse_reply<R: DeserializeOwned>(frame: &[u8]) -> Result<(R, bool), CallError> {
    let unreadable = |error: serde_json::Error| {
        // serde_json's own message may quote the unexpected value, which may be a secret.
        CallError::Garbage(format!("line {} column {}", error.line(), error.column()))
    };
    match serde_json::from_slice(frame) {
        Ok(Reply { error: None, parameters: Some(parameters), continues }) => Ok((parameters, continues)),
        Ok(Reply { error: None, .. }) => Err(CallError::Garbage("no parameters".to_owned())),
        // Next to an error, parameters that look like a verdict are not one; most errors' parameters have another type.
        Ok(Reply { error: Some(_), .. }) => Err(parse_error(frame).unwrap_or_else(unreadable)),
        Err(error) => Err(parse_error(frame).unwrap_or_else(|_| unreadable(error))),
    }
}

fn parse_error(frame: &[u8]) -> serde_json::Result<CallError> {
    #[derive(serde::Deserialize)]
    struct Failed {
        error: String,
        #[serde(default)]
        parameters: Value,
    }
    let Failed { error, parameters } = serde_json::from_slice(frame)?;
    Ok(CallError::Error(ErrorReply { name: error, parameters }))
}

/// Checks that the server may be the daemon: it runs as root, as the daemon's user, or as this process's own user (as
/// in a user's private directory).
fn check_server(stream: &UnixStream) -> Result<(), CallError> {
    let peer = getsockopt(stream, PeerCredentials).map_err(|errno| CallError::Unreachable(errno.into()))?.uid();
    if is_daemon_user(peer) { Ok(()) } else { Err(CallError::Impostor(peer)) }
}

/// Checks the user of a server, see [`Client::connect`]; for fronts that open their own socket.
pub fn is_daemon_user(uid: u32) -> bool {
    if uid == 0 || uid == nix::unistd::geteuid().as_raw() {
        return true;
    }
    let daemon = nix::unistd::User::from_name(crate::DAEMON_USER).ok().flatten();
    daemon.is_some_and(|user| user.uid.as_raw() == uid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{AskVerdict, Reason, Refusal};
    use std::io::Write as _;
    use std::os::unix::net::UnixListener;
    use std::thread;

    const DEADLINE: Duration = Duration::from_millis(200);
    /// For calls that do not wait.
    const LONG: Duration = Duration::from_secs(30);

    fn answered_by(bytes: &'static [u8]) -> Result<AskVerdict, CallError> {
        answered_within(LONG, bytes)
    }

    fn answered_within(deadline: Duration, bytes: &'static [u8]) -> Result<AskVerdict, CallError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("auth.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut call = [0; 512];
            let read = stream.read(&mut call).unwrap();
            assert!(call[..read].starts_with(b"{\"method\":\"org.postern.Auth.Ask\""));
            stream.write_all(bytes).unwrap();
            // Open until the client closes: a silent peer, not a closed one.
            let _ = stream.read(&mut call);
        });
        let mut client = Client::connect(&path, deadline).unwrap();
        let reply = client.call("org.postern.Auth", "Ask", &());
        drop(client);
        server.join().unwrap();
        reply
    }

    #[test]
    fn a_verdict_is_read() {
        let reply = answered_by(b"{\"parameters\":{\"verdict\":\"refused\",\"reason\":\"locked\",\"until\":7}}\0");
        let refusal = Refusal { until: Some(7), ..Refusal::new(Reason::Locked) };
        assert_eq!(reply.unwrap(), AskVerdict::Refused(refusal));
    }

    #[test]
    fn what_is_not_a_verdict_is_an_error() {
        for bytes in [&b"\0"[..], b"\xff\xfe\0", b"[[[[[[[[\0", b"{}\0", b"{\"parameters\":{}}\0"] {
            assert!(matches!(answered_by(bytes), Err(CallError::Garbage(_))), "{bytes:?}");
        }
        for verdict in [
            &b"{\"parameters\":{\"verdict\":\"sure\"}}\0"[..],
            b"{\"parameters\":{\"verdict\":\"not_required\"}}\0",
            b"{\"parameters\":{\"verdict\":\"refused\",\"reason\":\"cheerful\"}}\0",
        ] {
            assert!(matches!(answered_by(verdict), Err(CallError::Garbage(_))), "{verdict:?}");
        }
        let error = b"{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"Ask\"}}\0";
        assert!(matches!(answered_by(error), Err(CallError::Error(reply)) if reply.name.ends_with("MethodNotFound")));
        let error =
            b"{\"parameters\":{\"verdict\":\"not_required\",\"mailbox\":\"b\",\"standing\":\"s\"},\"error\":\"x\"}\0";
        assert!(matches!(answered_by(error), Err(CallError::Error(reply)) if reply.name == "x"));
    }

    #[test]
    fn a_silent_server_is_lost_at_the_deadline() {
        assert!(matches!(answered_within(DEADLINE, b"{\"parameters\""), Err(CallError::Lost(_))));
    }

    /// It sends a byte each time the remaining time is read, and never a NUL.
    #[test]
    fn a_dripping_server_does_not_outlast_a_patience_that_runs_out() {
        struct Waits(std::cell::Cell<u32>, UnixStream);
        impl Deadline for Waits {
            fn left(&self) -> Duration {
                self.0.set(self.0.get().saturating_sub(1));
                (&self.1).write_all(b" ").unwrap();
                DEADLINE * self.0.get()
            }
        }
        let (ours, theirs) = UnixStream::pair().unwrap();
        let deadline = Waits(std::cell::Cell::new(20), theirs);
        let mut client = Client { stream: ours, decoder: Decoder::default(), deadline };
        let reply: Result<AskVerdict, _> = client.call("org.postern.Auth", "Ask", &());
        assert!(matches!(reply, Err(CallError::Lost(error)) if error.kind() == io::ErrorKind::TimedOut));
    }

    /// A listener that never accepts: its backlog fills up, and then connecting has to end too.
    #[test]
    fn a_full_backlog_is_unreachable_at_the_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("auth.sock");
        let fd = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None).unwrap();
        socket::bind(fd.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        socket::listen(&fd, socket::Backlog::new(1).unwrap()).unwrap();
        let waiting: Vec<_> = (0..2).map(|_| Client::connect(&path, DEADLINE).unwrap()).collect();
        assert!(matches!(Client::connect(&path, DEADLINE), Err(CallError::Unreachable(_))));
        drop(waiting);
    }

    #[test]
    fn nobody_there_is_unreachable() {
        let missing = Path::new("/nonexistent/postern/auth.sock");
        assert!(matches!(Client::connect(missing, DEADLINE), Err(CallError::Unreachable(_))));
    }
}
