//! Frames: one JSON text, ended by a NUL byte (Varlink, "Wire format").

use std::fmt;
use std::io;
use zeroize::Zeroize;

/// The most bytes of a frame, including its NUL.
pub const MAX_FRAME: usize = 64 * 1024;

/// Why bytes are not a frame. No later data on that connection can be trusted: close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// More than [`MAX_FRAME`] bytes without a NUL, or a message that would not fit into a frame.
    TooLong,
    /// The message cannot be written as JSON.
    NotJson,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a message is longer than {MAX_FRAME} bytes"),
            Self::NotJson => f.write_str("a message cannot be written as JSON"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Finds frames in a stream of bytes. It holds at most one incomplete frame and the data that was read with it, and
/// wipes frames that it has returned, since a frame may hold a secret.
#[derive(Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// The number of bytes of `buffer` that are known to hold no NUL, so that they are not searched again.
    searched: usize,
}

impl Decoder {
    /// Appends bytes that were read.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if no frame ends within [`MAX_FRAME`] bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        if self.buffer.len() + bytes.len() > self.buffer.capacity() {
            // A growing `Vec` leaves its old allocation unwiped, so the data is moved explicitly.
            let wanted = (self.buffer.len() + bytes.len()).next_power_of_two().max(1024);
            let mut larger = Vec::with_capacity(wanted);
            larger.extend_from_slice(&self.buffer);
            self.buffer.zeroize();
            self.buffer = larger;
        }
        self.buffer.extend_from_slice(bytes);
        match self.end() {
            Some(end) if end < MAX_FRAME => Ok(()),
            None if self.buffer.len() < MAX_FRAME => Ok(()),
            _ => Err(FrameError::TooLong),
        }
    }

    /// Passes the next complete frame without its NUL to `read`; `None` if it is incomplete.
    pub fn next_frame<T>(&mut self, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let end = self.end()?;
        let value = read(&self.buffer[..end]);
        let rest = self.buffer.len() - (end + 1);
        self.buffer.copy_within(end + 1.., 0);
        self.buffer[rest..].zeroize();
        self.buffer.truncate(rest);
        self.searched = 0;
        Some(value)
    }

    /// Whether there is an incomplete frame.
    pub fn is_partial(&self) -> bool {
        !self.buffer.is_empty()
    }

    fn end(&mut self) -> Option<usize> {
        match self.buffer[self.searched..].iter().position(|byte| *byte == 0) {
            Some(at) => Some(self.searched + at),
            None => {
                self.searched = self.buffer.len();
                None
            }
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

/// Encodes one message as a frame. The buffer is wiped when it is dropped.
///
/// # Errors
/// [`FrameError::TooLong`] if it would exceed [`MAX_FRAME`], [`FrameError::NotJson`] if it cannot be serialized.
pub fn encode(message: &impl serde::Serialize) -> Result<zeroize::Zeroizing<Vec<u8>>, FrameError> {
    // Counted before it is written: a growing `Vec` leaves copies of its content, and wiping one of MAX_FRAME bytes
    // costs more than writing it.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, message).map_err(|_| FrameError::NotJson)?;
    if length.0 >= MAX_FRAME {
        return Err(FrameError::TooLong);
    }
    let mut frame = zeroize::Zeroizing::new(Vec::with_capacity(length.0 + 1));
    serde_json::to_writer(&mut *frame, message).map_err(|_| FrameError::NotJson)?;
    frame.push(0);
    Ok(frame)
}

/// Counts bytes.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_holds_64_kib_and_no_byte_more() {
        assert_eq!(MAX_FRAME, 65_536);
        let mut fits = vec![b'x'; MAX_FRAME - 1];
        fits.push(0);
        assert_eq!(Decoder::default().push(&fits), Ok(()));
        fits.insert(0, b'x');
        assert_eq!(Decoder::default().push(&fits), Err(FrameError::TooLong));
        assert_eq!(Decoder::default().push(&vec![b'x'; MAX_FRAME]), Err(FrameError::TooLong));
        assert_eq!(encode(&"x".repeat(MAX_FRAME - 3)).unwrap().len(), MAX_FRAME);
        assert_eq!(encode(&"x".repeat(MAX_FRAME - 2)).unwrap_err(), FrameError::TooLong);
    }

    #[test]
    fn what_was_handed_out_is_wiped() {
        let mut decoder = Decoder::default();
        decoder.push(b"secret\0next").unwrap();
        decoder.next_frame(|frame| assert_eq!(frame, b"secret")).unwrap();
        assert_eq!(decoder.buffer, b"next");
        let capacity = decoder.buffer.capacity();
        decoder.buffer.resize(capacity, 0xff);
        assert!(!decoder.buffer.windows(6).any(|window| window == b"secret"));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(frames in prop::collection::vec("[^\0]{0,40}", 0..6), cut in 1usize..9) {
            let mut bytes = Vec::new();
            for frame in &frames {
                bytes.extend_from_slice(frame.as_bytes());
                bytes.push(0);
            }
            let mut decoder = Decoder::default();
            let mut seen = Vec::new();
            for piece in bytes.chunks(cut) {
                decoder.push(piece).unwrap();
                while let Some(frame) = decoder.next_frame(|frame| String::from_utf8(frame.to_vec()).unwrap()) {
                    seen.push(frame);
                }
            }
            prop_assert_eq!(seen, frames);
            prop_assert!(!decoder.is_partial());
        }
    }
}
