//! One peer: frames in and out, and the time that each may take.

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

/// In which a peer must have sent a frame that it has begun, and its first one at all, and taken a reply.
pub const FRAME_DEADLINE: Duration = Duration::from_secs(5);

/// For which a peer may be silent between calls.
pub const IDLE: Duration = Duration::from_secs(60);

/// Bytes read at once.
const READ_AT_ONCE: usize = 4096;

/// One peer.
pub struct Connection {
    stream: UnixStream,
    decoder: Decoder,
    /// Who it is.
    pub peer: Arc<Peer>,
    /// A name was suggested for one that is unknown.
    pub has_suggested: bool,
}

impl Connection {
    /// Of a peer that was admitted.
    pub(super) fn new(stream: UnixStream, peer: Arc<Peer>) -> Self {
        Self { stream, decoder: Decoder::default(), peer, has_suggested: false }
    }

    /// The next frame, handed to `read`; none when the peer has gone, sent garbage, or kept silent for too long.
    pub(super) async fn next<T>(&mut self, first: bool, read: impl Fn(&[u8]) -> T) -> Option<T> {
        if let Some(frame) = self.decoder.next_frame(&read) {
            return Some(frame);
        }
        if !first && !self.decoder.is_partial() {
            timeout(IDLE, self.take()).await.ok()??;
        }
        // The frame has begun; from here on it has the frame's time, over all of its bytes.
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

    /// The frame that comes before the end, if one does: what has been sent is still read, and who sends later is told
    /// by the kernel that nobody reads. So no call is lost of which its sender cannot know.
    pub(super) async fn last<T>(&mut self, read: impl Fn(&[u8]) -> T) -> Option<T> {
        let _ = shutdown(self.stream.as_raw_fd(), Shutdown::Read);
        self.next(true, read).await
    }

    /// Takes the bytes that come next; none when none will, or they belong to no frame.
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

    /// Waits until the peer goes away, or says something where it has nothing to say.
    pub async fn gone(&mut self) {
        let mut byte = [0];
        let _ = self.stream.read(&mut byte).await;
    }
}
