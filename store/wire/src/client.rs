//! A small blocking client: one connection, one call at a time, a deadline over all of it.

use crate::frame::{self, Decoder, FrameError};
use crate::message::{Call, ErrorReply, Reply};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroize;

/// Bytes read at once.
const READ_AT_ONCE: usize = 4096;

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

/// A connection to the daemon.
pub struct Client {
    stream: UnixStream,
    decoder: Decoder,
}

impl Client {
    /// Connects to the socket at `path` and checks who serves it. `deadline` bounds each wait for bytes.
    ///
    /// # Errors
    /// [`CallError::Unreachable`], and [`CallError::Impostor`] when the server runs as a stranger.
    pub fn connect(path: &Path, deadline: Duration) -> Result<Self, CallError> {
        let stream = UnixStream::connect(path).map_err(CallError::Unreachable)?;
        stream.set_read_timeout(Some(deadline)).map_err(CallError::Unreachable)?;
        stream.set_write_timeout(Some(deadline)).map_err(CallError::Unreachable)?;
        check_server(&stream)?;
        Ok(Self { stream, decoder: Decoder::default() })
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

    fn send(&mut self, interface: &str, method: &str, parameters: &impl Serialize, more: bool) -> Result<(), CallError> {
        let call = Call { method: format!("{interface}.{method}"), parameters: Some(parameters), more, oneway: false };
        let frame = frame::encode(&call).map_err(|error| CallError::Garbage(error.to_string()))?;
        self.stream.write_all(&frame).map_err(CallError::Lost)
    }

    fn receive<R: DeserializeOwned>(&mut self) -> Result<(R, bool), CallError> {
        let mut bytes = [0; READ_AT_ONCE];
        let outcome = loop {
            if let Some(reply) = self.decoder.next_frame(parse_reply) {
                break reply;
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => break Err(CallError::Lost(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => {
                    if let Err(error) = self.decoder.push(&bytes[..count]) {
                        break Err(garbage(error));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(CallError::Lost(error)),
            }
        };
        bytes.zeroize();
        outcome
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
    // Whether it is an error is looked at first and alone: an error's parameters have another type.
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        error: Option<String>,
    }
    let unreadable = |error: serde_json::Error| {
        // serde_json's own text may quote the value that it did not expect, which may be a secret.
        CallError::Garbage(format!("line {} column {}", error.line(), error.column()))
    };
    let head: Head = serde_json::from_slice(frame).map_err(unreadable)?;
    if let Some(name) = head.error {
        let reply: Reply<Value> = serde_json::from_slice(frame).map_err(unreadable)?;
        return Err(CallError::Error(ErrorReply { name, parameters: reply.parameters.unwrap_or_default() }));
    }
    let reply: Reply<R> = serde_json::from_slice(frame).map_err(unreadable)?;
    let parameters = reply.parameters.ok_or_else(|| CallError::Garbage("no parameters".to_owned()))?;
    Ok((parameters, reply.continues))
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
    use std::os::unix::net::UnixListener;
    use std::thread;

    const DEADLINE: Duration = Duration::from_millis(200);

    fn answered_by(bytes: &'static [u8]) -> Result<AskVerdict, CallError> {
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
        let mut client = Client::connect(&path, DEADLINE).unwrap();
        let reply = client.call("org.postern.Auth", "Ask", &());
        drop(client);
        server.join().unwrap();
        reply
    }

    #[test]
    fn a_verdict_is_read() {
        let reply = answered_by(b"{\"parameters\":{\"verdict\":\"refused\",\"reason\":\"locked\",\"until\":7}}\0");
        let refusal = Refusal { reason: Reason::Locked, until: Some(7), failures: None };
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
    }

    #[test]
    fn a_silent_server_is_lost_at_the_deadline() {
        assert!(matches!(answered_by(b"{\"parameters\""), Err(CallError::Lost(_))));
    }

    #[test]
    fn nobody_there_is_unreachable() {
        let missing = Path::new("/nonexistent/postern/auth.sock");
        assert!(matches!(Client::connect(missing, DEADLINE), Err(CallError::Unreachable(_))));
    }
}
