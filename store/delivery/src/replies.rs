//! Converts the replies of mail servers to the form that lettre reads: a separator after each code, CRLF, UTF-8, and
//! the keywords of EHLO in capitals.
//!
//! RFC 5321 requires a client to accept more than that: a code may come without text (section 4.2), keywords are
//! case-insensitive (section 2.4), and the code decides what to do, never the text (section 4.2).

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes read at once.
const READ_AT_ONCE: usize = 1024;
/// Number of digits of a code.
const CODE: usize = 3;

/// Reads the replies of a server, line by line.
#[derive(Debug)]
pub(crate) struct Replies<R> {
    stream: R,
    /// The incomplete line.
    line: Vec<u8>,
    /// The bytes that lettre may read, and how many of them it has read.
    ready: Vec<u8>,
    given: usize,
    end: Option<End>,
}

/// How a stream has ended.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Normally.
    Closed,
    /// By the end of the connection without TLS's close_notify, so data may have been cut off.
    Cut,
}

impl<R> Replies<R> {
    /// Reads from the server at the other end of `stream`. The caller limits the amount of data: a line is buffered
    /// until it ends.
    pub(crate) fn of(stream: R) -> Self {
        Self { stream, line: Vec::new(), ready: Vec::new(), given: 0, end: None }
    }

    fn take(&mut self, piece: &[u8]) {
        for byte in piece {
            self.line.push(*byte);
            if *byte == b'\n' {
                self.ready.extend(readable(&std::mem::take(&mut self.line)).into_bytes());
            }
        }
    }

    /// Accepts an unterminated last line if it is already a positive reply: nothing that was cut off could make it
    /// negative.
    fn finish(&mut self, end: End) {
        let last = std::mem::take(&mut self.line);
        if says_yes(&last) {
            self.ready.extend(readable(&last).into_bytes());
        }
        self.end = Some(end);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Replies<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.given == this.ready.len() {
            match this.end {
                Some(End::Closed) => return Poll::Ready(Ok(())),
                Some(End::Cut) => return Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
                None => {}
            }
            this.ready.clear();
            this.given = 0;
            let mut bytes = [0; READ_AT_ONCE];
            let mut piece = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut piece)) {
                Ok(()) if piece.filled().is_empty() => this.finish(End::Closed),
                Ok(()) => this.take(piece.filled()),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => this.finish(End::Cut),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let rest = &this.ready[this.given..];
        let count = rest.len().min(into.remaining());
        into.put_slice(&rest[..count]);
        this.given += count;
        Poll::Ready(Ok(()))
    }
}

/// Whether a possibly incomplete line is a positive reply: its code is complete and begins with 2, and it is the last
/// line of its reply.
fn says_yes(line: &[u8]) -> bool {
    let code = line.get(..CODE).is_some_and(|code| code.starts_with(b"2") && code.iter().all(u8::is_ascii_digit));
    code && line.get(CODE).is_none_or(|mark| *mark == b' ')
}

fn readable(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line.trim_ascii_end());
    let is_code = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    let (code, text) = match line.split_at_checked(CODE) {
        Some((code, text)) if is_code(code) => (code, text),
        // Not a reply, as lettre will find out.
        _ => return format!("{line}\r\n"),
    };
    let (mark, text) = if text.is_empty() { (" ", "") } else { text.split_at_checked(1).unwrap_or(("", text)) };
    match code {
        // lettre expects the server's name in the first line after EHLO, and recognizes keywords in capitals only.
        "250" if text.is_empty() => format!("{code}{mark}OK\r\n"),
        "250" => format!("{code}{mark}{}\r\n", text.to_ascii_uppercase()),
        _ => format!("{code}{mark}{text}\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[test]
    fn a_line_gets_the_form_that_lettre_reads() {
        for (line, form) in [
            ("250\r\n", "250 OK\r\n"),
            ("250-\n", "250-OK\r\n"),
            ("250 \r\n", "250 OK\r\n"),
            ("250-auth plain login\r\n", "250-AUTH PLAIN LOGIN\r\n"),
            ("354\n", "354 \r\n"),
            ("334 VXNlcm5hbWU6\r\n", "334 VXNlcm5hbWU6\r\n"),
            ("550 5.1.1 No such user\r\n", "550 5.1.1 No such user\r\n"),
            ("25é\r\n", "25é\r\n"),
            ("2500 x\r\n", "2500 X\r\n"),
            ("SSH-2.0\r\n", "SSH-2.0\r\n"),
            ("\r\n", "\r\n"),
        ] {
            assert_eq!(readable(line.as_bytes()), form);
        }
        assert_eq!(readable(b"220 caf\xe9\r\n"), "220 caf\u{fffd}\r\n");
    }

    #[tokio::test]
    async fn the_pieces_do_not_matter_and_a_last_line_counts_where_it_says_yes() {
        for (said, read) in [
            ("220\r\n250-a\n250 b\r\n", "220 \r\n250-A\r\n250 B\r\n"),
            ("250 2.0.0 queued", "250 2.0.0 QUEUED\r\n"),
            ("250", "250 OK\r\n"),
            ("354 go", ""),
            ("250-mail", ""),
            ("25", ""),
            ("550 no", ""),
            ("2500", ""),
        ] {
            let (mut server, client) = duplex(1);
            tokio::spawn(async move { server.write_all(said.as_bytes()).await });
            let mut heard = String::new();
            Replies::of(client).read_to_string(&mut heard).await.unwrap();
            assert_eq!(heard, read, "{said}");
        }
    }
}
