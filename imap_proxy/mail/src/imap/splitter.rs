//! Finds where a command ends before its content is parsed (RFC 9051, sections 2.2.1 and 4.3).
//!
//! It knows only line ends and literals. Its results do not depend on the pieces in which bytes arrive.

use zeroize::Zeroizing;

/// Maximum length in bytes of one command, literals included: several times a name and a password of maximum length in
/// base64, or a long ID.
pub const MAX_COMMAND: usize = 16 * 1024;

/// Maximum length in bytes of a tag.
pub const MAX_TAG: usize = 64;
/// Bytes that are kept of a command that is too long: the longest tag and the space after it.
const START: usize = MAX_TAG + 1;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Split {
    /// None until more bytes arrive.
    Incomplete,
    /// The client waits for a continuation request before it sends a literal.
    Invite,
    /// A command, or a line, including its line end. It contains literals as they were sent: `{3}` CRLF and three
    /// bytes.
    Whole(Zeroizing<Vec<u8>>),
    /// It is longer than [`MAX_COMMAND`], or announces a literal that would make it so.
    TooLong {
        /// Its beginning, [`START`] bytes of it.
        start: Vec<u8>,
        /// The client waits for a continuation request before it sends a literal, so a refusal ends the command, and
        /// the next one follows. Otherwise the bytes that follow cannot be interpreted.
        is_over: bool,
    },
}

/// The bytes that have arrived and are not used yet.
#[derive(Default)]
pub struct Splitter {
    bytes: Zeroizing<Vec<u8>>,
    /// Where the current line begins; beyond the bytes while a literal is incomplete.
    line: usize,
    /// Up to where no end of that line was found.
    scanned: usize,
}

impl Splitter {
    /// Adds bytes that were read.
    pub fn push(&mut self, piece: &[u8]) {
        let length = self.bytes.len() + piece.len();
        if length > self.bytes.capacity() {
            // A new buffer, since growing would leave a password in the old memory.
            let mut larger = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(piece);
    }

    /// The next command, with its literals.
    pub fn command(&mut self) -> Split {
        loop {
            let Some(end) = self.line_end() else { return self.incomplete() };
            if end > MAX_COMMAND {
                return self.too_long(end, false);
            }
            let Some(Literal { length, waits }) = literal(&self.bytes[self.line..end]) else {
                return self.take(end);
            };
            let behind = end.saturating_add(length);
            if behind > MAX_COMMAND {
                return self.too_long(end, waits);
            }
            (self.line, self.scanned) = (behind, behind);
            if waits {
                return Split::Invite;
            }
        }
    }

    /// The next line, whatever it ends with: an answer to a challenge has no literals.
    pub fn line(&mut self) -> Split {
        match self.line_end() {
            Some(end) if end <= MAX_COMMAND => self.take(end),
            Some(end) => self.too_long(end, false),
            None => self.incomplete(),
        }
    }

    /// Returns the bytes that have arrived and were not used.
    #[must_use]
    pub fn rest(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }

    fn line_end(&mut self) -> Option<usize> {
        let found = self.bytes.get(self.scanned..)?.iter().position(|byte| *byte == b'\n');
        let end = found.map(|at| self.scanned + at + 1);
        self.scanned = end.unwrap_or(self.bytes.len());
        end
    }

    fn incomplete(&mut self) -> Split {
        if self.bytes.len() > MAX_COMMAND { self.too_long(START, false) } else { Split::Incomplete }
    }

    /// The bytes up to `end` belong to the command that is too long.
    fn too_long(&mut self, end: usize, is_over: bool) -> Split {
        let start = self.bytes[..end.min(START)].to_vec();
        if is_over {
            drop(self.take(end));
        }
        Split::TooLong { start, is_over }
    }

    fn take(&mut self, end: usize) -> Split {
        let rest = Zeroizing::new(self.bytes[end..].to_vec());
        let mut whole = std::mem::replace(&mut self.bytes, rest);
        // The part cut off stays in the vector's memory, which is wiped to its end.
        whole.truncate(end);
        (self.line, self.scanned) = (0, 0);
        Split::Whole(whole)
    }
}

/// A literal that a line announces at its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// Its length in bytes; if the number is too large, the maximum.
    pub(super) length: usize,
    /// Whether the client waits before it sends them (`{3}`), or does not (`{3+}`, RFC 7888).
    pub(super) waits: bool,
}

/// The literal that a line announces, if it does: only after a space, so that in an unquoted `LOGIN bob pw{3}` it is
/// part of the password.
pub(super) fn literal(line: &[u8]) -> Option<Literal> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line).strip_suffix(b"}")?;
    let (line, waits) = line.strip_suffix(b"+").map_or((line, true), |line| (line, false));
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    let (before, digits) = (&line[..open], &line[open + 1..]);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || !before.ends_with(b" ") {
        return None;
    }
    let add = |sum: usize, digit: &u8| sum.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
    Some(Literal { length: digits.iter().fold(0, add), waits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All results for `pieces`.
    fn splits<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Split>, Vec<u8>) {
        let (mut splitter, mut all) = (Splitter::default(), Vec::new());
        for piece in pieces {
            splitter.push(piece);
            loop {
                match splitter.command() {
                    Split::Incomplete => break,
                    split @ Split::TooLong { is_over: false, .. } => {
                        all.push(split);
                        return (all, Vec::new());
                    }
                    split => all.push(split),
                }
            }
        }
        (all, splitter.rest().to_vec())
    }

    fn whole(bytes: &[u8]) -> Split {
        Split::Whole(Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn literals_are_counted_and_not_looked_at() {
        let text = b"a LOGIN {3}\r\nb\r\n {4+}\r\n{9}\n\r\nb NOOP\nc";
        let (all, rest) = splits([text.as_slice()]);
        assert_eq!(all, [Split::Invite, whole(b"a LOGIN {3}\r\nb\r\n {4+}\r\n{9}\n\r\n"), whole(b"b NOOP\n")]);
        assert_eq!(rest, b"c");
    }

    #[test]
    fn a_line_begins_behind_a_literal_and_not_in_it() {
        let (all, rest) = splits([b"a X {1+}\r\n {3+}\r\nb NOOP\r\n".as_slice()]);
        assert_eq!(all, [whole(b"a X {1+}\r\n {3+}\r\n"), whole(b"b NOOP\r\n")]);
        assert!(rest.is_empty());
    }

    #[test]
    fn what_looks_like_a_literal_and_is_none() {
        for line in ["a LOGIN bob pw{3}", "a LOGIN bob \"x {3}\"", "a X {}", "a X {-1}", "a X {3 }", "a X {+}", "}"] {
            assert_eq!(literal(line.as_bytes()), None, "{line}");
        }
        assert_eq!(literal(b"a {007}\r\n"), Some(Literal { length: 7, waits: true }));
        assert_eq!(literal(b"a {99999999999999999999999999+}\n"), Some(Literal { length: usize::MAX, waits: false }));
    }

    #[test]
    fn nothing_grows_beyond_the_limit() {
        assert_eq!(MAX_COMMAND, 16384);
        let longest = [vec![b'x'; MAX_COMMAND - 1], b"\n".to_vec()].concat();
        assert_eq!(splits([longest.as_slice()]).0, [whole(&longest)]);
        let endless = vec![b'x'; MAX_COMMAND + 1];
        for text in [endless.as_slice(), b"a X {99999999999999999999+}\r\n", b"a X {1}\r\ny {16384+}\r\n"] {
            let (mut all, _) = splits([text]);
            let start = text[..text.len().min(START)].to_vec();
            assert_eq!(splits(text.chunks(1)).0.last(), all.last());
            assert_eq!(splits([text, b"b NOOP\r\n"].concat().chunks(99)).0.last(), all.last());
            assert_eq!(all.pop(), Some(Split::TooLong { start, is_over: false }), "{}", text[..9].escape_ascii());
        }
        let mut answer = Splitter::default();
        answer.push(&endless);
        assert_eq!(answer.line(), Split::TooLong { start: endless[..START].to_vec(), is_over: false });
    }

    #[test]
    fn a_literal_that_waits_and_is_too_long_ends_its_command() {
        for command in ["a LOGIN {16384}\r\n", "a X {99999999999999999999}\r\n", "a LOGIN {3+}\r\nbob {16384}\r\n"] {
            let (all, rest) = splits([command.as_bytes(), b"b NOOP\r\nc"]);
            let refused = Split::TooLong { start: command.as_bytes().to_vec(), is_over: true };
            assert_eq!((all, rest.as_slice()), (vec![refused, whole(b"b NOOP\r\n")], b"c".as_slice()));
        }
    }

    #[test]
    fn an_answer_to_a_challenge_has_no_literals() {
        let mut splitter = Splitter::default();
        splitter.push(b"abc {3}\r\nd");
        assert_eq!((splitter.line(), splitter.line()), (whole(b"abc {3}\r\n"), Split::Incomplete));
    }

    proptest! {
        #[test]
        fn the_pieces_do_not_matter(
            text in "([a-c {}+0-9\r\n]|( \\{[0-9]{1,2}\\+?\\}\r\n)){0,120}",
            cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            let text = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]);
            prop_assert_eq!(splits(pieces), splits([text]));
            prop_assert_eq!(splits(text.chunks(1)), splits([text]));
        }
    }
}
