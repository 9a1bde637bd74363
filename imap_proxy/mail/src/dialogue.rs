//! Lines to and from the backend, with size limits.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Maximum length in bytes of one line of the backend; the longest known one lists its capabilities, and is less than a
/// tenth of it.
pub const MAX_LINE: usize = 16 * 1024;
/// Maximum number of bytes that it may send up to sign-in.
pub const MAX_SAID: usize = 64 * 1024;
/// Bytes read at once.
const READ_AT_ONCE: usize = 4096;

/// A connection used line by line.
pub struct Dialogue<S> {
    stream: S,
    bytes: Vec<u8>,
    said: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    /// Uses a connection from which nothing was read.
    pub fn over(stream: S) -> Self {
        Self { stream, bytes: Vec::new(), said: 0 }
    }

    /// Sends bytes, without a wait for more.
    ///
    /// # Errors
    /// Errors of the stream.
    pub async fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.stream.write_all(text).await?;
        self.stream.flush().await
    }

    /// Reads the next line, including its line end.
    ///
    /// # Errors
    /// Errors of the stream, its end, and exceeded limits.
    pub async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut scanned = 0;
        loop {
            let found = self.bytes[scanned..].iter().position(|byte| *byte == b'\n');
            if let Some(at) = found {
                let rest = self.bytes.split_off(scanned + at + 1);
                return Ok(std::mem::replace(&mut self.bytes, rest));
            }
            scanned = self.bytes.len();
            if scanned > MAX_LINE || self.said > MAX_SAID {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it says too much before anybody is signed in"));
            }
            self.bytes.reserve(READ_AT_ONCE);
            match self.stream.read_buf(&mut self.bytes).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.said += count,
            }
        }
    }

    /// Whether the other side has sent nothing that was not read, and is connected as far as is known.
    pub async fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut piece = ReadBuf::new(&mut byte);
        let read = poll_fn(|cx| Poll::Ready(Pin::new(&mut self.stream).poll_read(cx, &mut piece)));
        self.bytes.is_empty() && read.await.is_pending()
    }

    /// Returns the stream, and the bytes that were read from it and not used.
    pub fn end(self) -> (S, Vec<u8>) {
        (self.stream, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn lines_come_whole_from_any_pieces() {
        let (mut backend, front) = duplex(1);
        tokio::spawn(async move { backend.write_all(b"* OK a\r\n\nb\r\nrest").await });
        let mut dialogue = Dialogue::over(front);
        for line in ["* OK a\r\n", "\n", "b\r\n"] {
            assert_eq!(dialogue.line().await.unwrap(), line.as_bytes());
        }
        assert_eq!(dialogue.line().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn there_is_an_end_to_a_line_and_to_all_of_them() {
        assert_eq!((MAX_LINE, MAX_SAID), (16384, 65536));
        for flood in ["x".repeat(2 * MAX_LINE), "x\n".repeat(MAX_SAID)] {
            let (mut backend, front) = duplex(1024);
            tokio::spawn(async move { backend.write_all(flood.as_bytes()).await });
            let mut dialogue = Dialogue::over(front);
            let error = loop {
                if let Err(error) = dialogue.line().await {
                    break error;
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
