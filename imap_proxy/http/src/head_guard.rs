//! Rejects HTTP/1 messages that two parsers could read differently (RFC 9112, sections 2.2, 3, 5, 6, 7, 11.2).
//!
//! A front that decides by the content of a request must see the same request as the upstream server. So this state
//! machine checks heads and framing before the HTTP library does, more strictly than the RFC requires: what is
//! optional, obsolete or "may be repaired" is refused. It does no I/O: bytes in, in any pieces, and the first
//! [`Violation`] out.

use std::fmt;

/// Maximum length in bytes of a line of a head or of a trailer section, including its CRLF.
pub const MAX_LINE: usize = 16 * 1024;
/// Maximum length in bytes of a head, or of a trailer section.
pub const MAX_HEAD: usize = 64 * 1024;
/// Maximum number of fields of a head, or of a trailer section.
pub const MAX_FIELDS: usize = 100;
/// Maximum length in bytes of a line with a chunk's size, including its extensions and CRLF.
pub const MAX_CHUNK_LINE: usize = 256;
/// Maximum length in bytes of a method.
pub const MAX_METHOD: usize = 32;

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Over [`MAX_LINE`], [`MAX_HEAD`], [`MAX_FIELDS`] or [`MAX_CHUNK_LINE`].
    TooLarge,
    /// A line that does not end in CRLF, or contains a CR, a NUL or another control character.
    Line,
    /// Not `method SP /path SP HTTP/1.x`; `CONNECT`, the absolute form and the asterisk form are refused too.
    RequestLine,
    /// Not `name: value`; a line folded onto the next one, or whitespace before the colon.
    Field,
    /// No Host field, or several.
    Host,
    /// A Content-Length that is not a single decimal number, or that occurs twice.
    Length,
    /// A Transfer-Encoding that is not exactly `chunked`, that occurs together with a Content-Length, or in HTTP/1.0.
    Coding,
    /// A chunk without a size, with one that is too large, or whose length differs from its size.
    Chunk,
    /// A field in a trailer section that belongs in a head.
    Trailer,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the head is too large",
            Self::Line => "a line does not end in CRLF or has a control character in it",
            Self::RequestLine => "the request line is not of the form `GET /path HTTP/1.1`",
            Self::Field => "a header line is not of the form `Name: value`",
            Self::Host => "there must be one Host",
            Self::Length => "the Content-Length is not one number",
            Self::Coding => "the Transfer-Encoding is not `chunked` alone",
            Self::Chunk => "a chunk has no proper size or end",
            Self::Trailer => "a trailer has a field that belongs into the head",
        })
    }
}

/// The first violation in a connection's bytes. Nothing after it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong.
    pub refusal: Refusal,
    /// Where in the last scanned piece the bad line begins (0 where it began in an earlier one): a caller that cuts the
    /// bytes there has passed on no complete head, chunk or trailer section with that line.
    pub at: usize,
}

/// Checks the requests of one connection.
#[derive(Default)]
pub struct HeadGuard {
    state: State,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    head: Head,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    RequestLine,
    Fields,
    /// This many bytes of the body remain.
    Body(u64),
    ChunkSize,
    /// This many bytes of the chunk remain.
    Chunk(u64),
    /// The CRLF after a chunk's bytes.
    ChunkEnd,
    Trailers,
    Refused(Refusal),
}

/// What has been seen of the current head or trailer section.
#[derive(Default)]
struct Head {
    bytes: usize,
    fields: usize,
    hosts: usize,
    old: bool,
    length: Option<u64>,
    chunked: bool,
}

impl HeadGuard {
    /// Checks the next bytes of the connection.
    ///
    /// # Errors
    /// The [`Violation`]; from then on the same one for any bytes.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let refused = match self.state {
                State::Refused(refusal) => Err(refusal),
                State::Body(left) => {
                    at += self.skip(rest, left, State::Body, State::RequestLine);
                    continue;
                }
                State::Chunk(left) => {
                    at += self.skip(rest, left, State::Chunk, State::ChunkEnd);
                    continue;
                }
                _ => match rest.iter().position(|byte| *byte == b'\n') {
                    Some(end) => self.whole_line(&rest[..=end]).map(|()| at += end + 1),
                    None => self.part_of_line(rest).map(|()| at = bytes.len()),
                },
            };
            if let Err(refusal) = refused {
                self.state = State::Refused(refusal);
                self.line = Vec::new();
                return Err(Violation { refusal, at });
            }
        }
        Ok(())
    }

    /// Whether the body of a request is being read.
    pub fn is_in_body(&self) -> bool {
        !matches!(self.state, State::RequestLine | State::Fields)
    }

    fn skip(&mut self, rest: &[u8], left: u64, within: fn(u64) -> State, after: State) -> usize {
        let skipped = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
        let left = left - skipped as u64;
        self.state = if left == 0 { after } else { within(left) };
        skipped
    }

    fn part_of_line(&mut self, part: &[u8]) -> Result<(), Refusal> {
        self.check_size(self.line.len() + part.len())?;
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn whole_line(&mut self, end: &[u8]) -> Result<(), Refusal> {
        let size = self.line.len() + end.len();
        self.check_size(size)?;
        self.head.bytes += size;
        if self.line.is_empty() {
            return self.judge(end);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(end);
        let judged = self.judge(&line);
        line.clear();
        // Kept, so that a client that sends in small pieces causes only one allocation.
        self.line = line;
        judged
    }

    fn check_size(&self, line: usize) -> Result<(), Refusal> {
        let fits = match self.state {
            State::ChunkSize | State::ChunkEnd => line <= MAX_CHUNK_LINE,
            _ => line <= MAX_LINE && self.head.bytes + line <= MAX_HEAD,
        };
        if fits { Ok(()) } else { Err(Refusal::TooLarge) }
    }

    fn judge(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let line = line.strip_suffix(b"\r\n").ok_or(Refusal::Line)?;
        if !line.iter().all(|byte| is_text(*byte)) {
            return Err(Refusal::Line);
        }
        self.state = match self.state {
            State::RequestLine => {
                self.head.old = is_old_version(line)?;
                State::Fields
            }
            State::Fields if line.is_empty() => std::mem::take(&mut self.head).framing()?,
            State::Fields => {
                self.head.take_field(line)?;
                State::Fields
            }
            State::ChunkSize => match chunk_size(line)? {
                0 => {
                    self.head = Head::default();
                    State::Trailers
                }
                size => State::Chunk(size),
            },
            State::ChunkEnd if line.is_empty() => {
                self.head = Head::default();
                State::ChunkSize
            }
            State::ChunkEnd => return Err(Refusal::Chunk),
            State::Trailers if line.is_empty() => {
                self.head = Head::default();
                State::RequestLine
            }
            State::Trailers => {
                self.head.take_trailer(line)?;
                State::Trailers
            }
            State::Body(_) | State::Chunk(_) | State::Refused(_) => unreachable!("these states read no lines"),
        };
        Ok(())
    }
}

impl Head {
    fn take_field(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let (name, value) = self.count_field(line)?;
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.replace(number(value, 10).ok_or(Refusal::Length)?).is_some() {
                return Err(Refusal::Length);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::Coding);
            }
            self.chunked = true;
        }
        Ok(())
    }

    fn take_trailer(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let (name, _) = self.count_field(line)?;
        let framing: [&[u8]; 3] = [b"host", b"content-length", b"transfer-encoding"];
        if framing.iter().any(|known| name.eq_ignore_ascii_case(known)) { Err(Refusal::Trailer) } else { Ok(()) }
    }

    fn count_field<'a>(&mut self, line: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Refusal> {
        self.fields += 1;
        if self.fields > MAX_FIELDS {
            return Err(Refusal::TooLarge);
        }
        // A folded line begins with whitespace, which no name does.
        let name = line.iter().position(|byte| !is_token(*byte)).unwrap_or(line.len());
        match line.get(name) {
            Some(b':') if name > 0 => Ok((&line[..name], line[name + 1..].trim_ascii())),
            _ => Err(Refusal::Field),
        }
    }

    fn framing(self) -> Result<State, Refusal> {
        match (self.hosts, self.chunked, self.length) {
            (hosts, ..) if hosts != 1 => Err(Refusal::Host),
            (_, true, Some(_)) => Err(Refusal::Coding),
            (_, true, None) if self.old => Err(Refusal::Coding),
            (_, true, None) => Ok(State::ChunkSize),
            (_, false, None | Some(0)) => Ok(State::RequestLine),
            (_, false, Some(length)) => Ok(State::Body(length)),
        }
    }
}

/// Whether the request line has version HTTP/1.0 rather than 1.1.
fn is_old_version(line: &[u8]) -> Result<bool, Refusal> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refusal::RequestLine);
    };
    let is_method = (1..=MAX_METHOD).contains(&method.len()) && method.iter().all(|byte| is_token(*byte));
    // A fragment is never sent, and servers interpret it differently.
    let is_target = target.starts_with(b"/") && target.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#');
    match version {
        _ if !is_method || !is_target || method == b"CONNECT" => Err(Refusal::RequestLine),
        b"HTTP/1.1" => Ok(false),
        b"HTTP/1.0" => Ok(true),
        _ => Err(Refusal::RequestLine),
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, Refusal> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    number(digits, 16).ok_or(Refusal::Chunk)
}

/// A number that consists of digits only: no sign, no whitespace, no overflow.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        number.checked_mul(radix.into())?.checked_add(digit.into())
    })
}

/// `tchar` of RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a line may contain this byte: no control character except the tab (RFC 9110, section 5.5).
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
#[path = "head_guard_tests.rs"]
mod tests;
