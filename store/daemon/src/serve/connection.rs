//! A connection to a peer: frames in both directions, and their time limits.

use crate::serve::peers::Peer;
use nix::sys::socket::{Shutdown, shutdown};
use postern_wire::frame::{self, Decoder};
use std::io;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Time limit for a peer to send a whole frame once it has begun one, to send its first frame, and to accept a reply.
pub const FRAME_DEADLINE: Duration = Duration::from_secs(5);

/// Time limit for a peer to be silent between calls.
pub const IDLE: Duration = Duration::from_secs(60);

/// Bytes read at once.
const READ_AT_ONCE: usize = 4096;

/// A connection to a peer.
pub struct Connection {
    stream: UnixStream,
    decoder: Decoder,
    /// The peer.
    pub peer: Arc<Peer>,
    /// Whether a name was already suggested for an unknown one.
    pub has_suggested: bool,
}

impl Connection {
    /// Creates the connection of an admitted peer.
    pub(super) fn new(stream: UnixStream, peer: Arc<Peer>) -> Self {
        Self { stream, decoder: Decoder::default(), peer, has_suggested: false }
    }

    /// Passes the next frame to `read`; none when the peer has closed the connection, sent invalid data, or was silent
    /// for too long.
    pub(super) async fn next<T>(&mut self, first: bool, read: impl Fn(&[u8]) -> T) -> Option<T> {
        if let Some(frame) = self.decoder.next_frame(&read) {
            return Some(frame);
        }
        if !first && !self.decoder.is_partial() {
            timeout(IDLE, self.take()).await.ok()??;
        }
        // The frame has begun: from here on, the frame's time limit applies to all of its bytes.
        let whole = async {
            loop {
                if let Some(frame) = self.decoder.next_frame(&read) {
                    return Some(frame);
                }
                self.take().await?;
            }
        };
        timeout(FRAME_DEADLINE, whole).await.ok().flatten()
    }

    /// Passes the last frame to `read`, if there is one: data that was already sent is still read, and a peer that
    /// sends later gets an error from the kernel. So no call is lost without its sender noticing.
    pub(super) async fn last<T>(&mut self, read: impl Fn(&[u8]) -> T) -> Option<T> {
        let _ = shutdown(self.stream.as_raw_fd(), Shutdown::Read);
        self.next(true, read).await
    }

    /// Reads the next bytes; none when there are none, or when they do not belong to a frame.
    async fn take(&mut self) -> Option<()> {
        let mut bytes = Zeroizing::new([0; READ_AT_ONCE]);
        let count = self.stream.read(&mut *bytes).await.ok().filter(|count| *count > 0)?;
        self.decoder.push(&bytes[..count]).ok()
    }

    /// Sends one message.
    ///
    /// # Errors
    /// When it does not fit into a frame, or the peer does not take it in time.
    pub async fn send(&mut self, message: &impl serde::Serialize) -> io::Result<()> {
        let frame = frame::encode(message).map_err(io::Error::other)?;
        timeout(FRAME_DEADLINE, self.stream.write_all(&frame)).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Waits until the peer closes the connection, or sends data although it is not its turn.
    pub async fn gone(&mut self) {
        let mut byte = [0];
        let _ = self.stream.read(&mut byte).await;
    }
}
