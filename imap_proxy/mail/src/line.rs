//! Lines from a client, before their content is parsed. The results do not depend on the pieces in which bytes arrive.

use zeroize::Zeroizing;

/// Maximum length in bytes of a line before sign-in, without its end: the longest SASL message (RFC 4422, section 3.7, and
/// RFC 4954, section 4, which name 12,288 bytes) behind a command.
pub const MAX_LINE: usize = 12_288 + 64;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Line {
    /// None until more bytes arrive.
    Incomplete,
    /// A line, without its end (CRLF, or LF alone).
    Whole(Zeroizing<Vec<u8>>),
    /// It is longer than [`MAX_LINE`]: the bytes that follow cannot be interpreted.
    TooLong,
}

/// The bytes that have arrived and are not used yet.
#[derive(Default)]
pub struct Lines {
    bytes: Zeroizing<Vec<u8>>,
    /// Up to where no line end was found.
    scanned: usize,
}

impl Lines {
    /// Adds bytes that were read.
    pub fn push(&mut self, piece: &[u8]) {
        // A buffer that grows would leave copies of a password behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len() + piece.len()));
        bytes.extend_from_slice(&self.bytes);
        bytes.extend_from_slice(piece);
        self.bytes = bytes;
    }

    /// Takes the next line.
    pub fn take(&mut self) -> Line {
        let Some(end) = self.bytes[self.scanned..].iter().position(|byte| *byte == b'\n') else {
            self.scanned = self.bytes.len();
            // One byte more may be the CR of its end.
            return if self.scanned > MAX_LINE + 1 { Line::TooLong } else { Line::Incomplete };
        };
        let end = self.scanned + end;
        let text = self.bytes[..end].strip_suffix(b"\r").unwrap_or(&self.bytes[..end]);
        if text.len() > MAX_LINE {
            return Line::TooLong;
        }
        let line = Zeroizing::new(text.to_vec());
        self.bytes = Zeroizing::new(self.bytes[end + 1..].to_vec());
        self.scanned = 0;
        Line::Whole(line)
    }

    /// The bytes that were not used.
    #[must_use]
    pub fn rest(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines of these pieces, and what is left.
    fn lines<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece);
            loop {
                match lines.take() {
                    Line::Incomplete => break,
                    Line::Whole(line) => found.push(line.to_vec()),
                    Line::TooLong => return (found, None),
                }
            }
        }
        (found, Some(lines.rest().to_vec()))
    }

    #[test]
    fn a_line_ends_with_lf_and_may_have_a_cr_before_it() {
        let (found, rest) = lines([b"USER bob\r\nPASS  p w \n\r\n\n\rx\r\nQU".as_slice()]);
        assert_eq!(found, [b"USER bob".as_slice(), b"PASS  p w ", b"", b"", b"\rx"]);
        assert_eq!(rest.as_deref(), Some(b"QU".as_slice()));
    }

    #[test]
    fn there_is_an_end_to_a_line() {
        assert_eq!(MAX_LINE, 12_352);
        let longest = "x".repeat(MAX_LINE);
        assert_eq!(lines([format!("{longest}\r\n").as_bytes()]).0.len(), 1);
        assert_eq!(lines([format!("{longest}x\r\n").as_bytes()]), (vec![], None));
        assert_eq!(lines([longest.as_bytes(), b"\r", b"\n"]).0.len(), 1);
        assert_eq!(lines([longest.as_bytes(), b"x", b"x"]), (vec![], None));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes in prop::collection::vec(prop::sample::select(b"ab\r\n".as_slice()), 0..200), piece in 1..50_usize) {
            prop_assert_eq!(lines(bytes.chunks(piece)), lines([bytes.as_slice()]));
        }
    }
}
