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

/// Bytes read at once: few replies of a sign-in have more, and the buffer is wiped as a whole, a byte at a time.
const READ_AT_ONCE: usize = 1024;

/// The error of a parameter that is none (`org.varlink.service`).
pub const INVALID_PARAMETER: &str = "org.varlink.service.InvalidParameter";

/// Why a call has no reply. None of these is ever a "yes".
#[derive(Debug)]
pub enum CallError {
    /// Nobody listens there, or the socket may not be opened.
    Unreachable(io::Error),
    /// The other end is neither root, nor the daemon's user, nor this process's own user; the number is its uid.
    Impostor(u32),
    /// No whole reply within the deadline, or the connection ended.
    Lost(io::Error),
    /// What came is not a reply of this protocol.
    Garbage(String),
    /// The daemon says no.
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
    /// Whether the daemon says that a parameter is none: too long, or of another form. What was asked is to be refused
    /// then, and asking again is useless.
    pub fn is_invalid_parameter(&self) -> bool {
        matches!(self, Self::Error(reply) if reply.name == INVALID_PARAMETER)
    }
}

/// How long a client may still wait: asked before each wait.
///
/// A [`Duration`] begins anew with each wait, so a daemon that sends a byte now and then is waited for as long as it
/// likes. Who must be done in time brings something that runs out; this crate reads no clock.
pub trait Deadline {
    /// What is left of it; zero when it is over.
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
    /// Connects to the socket at `path` and checks who serves it. `deadline` bounds this and all that follows.
    ///
    /// # Errors
    /// [`CallError::Unreachable`], and [`CallError::Impostor`] when the server runs as a stranger.
    pub fn connect(path: &Path, deadline: P) -> Result<Self, CallError> {
        let stream = connect(path, &deadline).map_err(CallError::Unreachable)?;
        check_server(&stream)?;
        Ok(Self { stream, decoder: Decoder::default(), deadline })
    }

    /// Calls `interface.method` and waits for its one reply.
    ///
    /// # Errors
    /// Any [`CallError`]; after one, this client is of no further use unless it was [`CallError::Error`].
    pub fn call<R: DeserializeOwned>(
        &mut self,
        interface: &str,
        method: &str,
        parameters: &impl Serialize,
    ) -> Result<R, CallError> {
        self.send(interface, method, parameters, false)?;
        self.receive().map(|(reply, _)| reply)
    }

    /// Calls `interface.method` with `more` and hands each reply to `each`, until the last.
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
            // Not `write`: where the daemon is gone, SIGPIPE would end the program that this client is a guest in.
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

/// What is left of a wait, never zero: to the kernel that would mean "for ever".
fn left(deadline: &impl Deadline) -> Result<Duration, CallError> {
    Some(deadline.left()).filter(|left| !left.is_zero()).ok_or(CallError::Lost(io::ErrorKind::TimedOut.into()))
}

/// Connects as [`UnixStream::connect`] does, but not for ever: where the daemon hangs, its backlog fills up, and
/// connect(2) waits as long as SO_SNDTIMEO says.
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

/// Reads one reply: parameters of the type that the method returns, or an error. Anything else is
/// [`CallError::Garbage`].
///
/// # Errors
/// [`CallError::Error`] and [`CallError::Garbage`].
pub fn parse_reply<R: DeserializeOwned>(frame: &[u8]) -> Result<(R, bool), CallError> {
    let unreadable = |error: serde_json::Error| {
        // serde_json's own text may quote the value that it did not expect, which may be a secret.
        CallError::Garbage(format!("line {} column {}", error.line(), error.column()))
    };
    match serde_json::from_slice(frame) {
        Ok(Reply { error: None, parameters: Some(parameters), continues }) => Ok((parameters, continues)),
        Ok(Reply { error: None, .. }) => Err(CallError::Garbage("no parameters".to_owned())),
        // Parameters that look like a verdict are none beside an error; most errors' have another type.
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

/// Whether the process at the other end may be the daemon: root, the daemon's user, or this process's own user (as in
/// a private directory of one's own).
fn check_server(stream: &UnixStream) -> Result<(), CallError> {
    let peer = getsockopt(stream, PeerCredentials).map_err(|errno| CallError::Unreachable(errno.into()))?.uid();
    if is_daemon_user(peer) { Ok(()) } else { Err(CallError::Impostor(peer)) }
}

/// See [`Client::connect`]; for fronts that bring their own socket.
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
    /// For what has no reason to wait.
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
            // Held open until the client is gone: a silent peer, not a closed one.
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
        for bytes in [
            &b"{}\0"[..],
            b"\0",
            b"\xff\xfe\0",
            b"{\"parameters\":{}}\0",
            b"{\"parameters\":{\"verdict\":\"sure\"}}\0",
            b"{\"parameters\":{\"verdict\":\"not_required\"}}\0",
            b"{\"parameters\":{\"verdict\":\"refused\",\"reason\":\"cheerful\"}}\0",
            b"[[[[[[[[\0",
        ] {
            assert!(matches!(answered_by(bytes), Err(CallError::Garbage(_))), "{bytes:?}");
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

    /// It sends a byte each time it is asked how long it may still take, and never a NUL.
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

    /// A listener that nobody accepts from: its backlog is full at some point, and then connecting has to end too.
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
