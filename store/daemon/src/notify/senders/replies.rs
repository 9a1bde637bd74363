//! Replies of mail servers, put into the one form that lettre reads: a mark behind each code, CRLF, UTF-8, and the
//! keywords of EHLO in capitals.
//!
//! RFC 5321 has a client take more than that: a code may stand alone (section 4.2), keywords are of either case (section
//! 2.4), and what to do is decided by the code and never by the text (section 4.2).

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes read at once.
const READ_AT_ONCE: usize = 1024;
/// Digits of a code.
const CODE: usize = 3;

/// What a server says, line by line.
#[derive(Debug)]
pub(super) struct Replies<R> {
    stream: R,
    /// The line that has begun.
    line: Vec<u8>,
    /// What lettre may read, and how much of it it has.
    ready: Vec<u8>,
    given: usize,
    end: Option<End>,
}

/// How a stream has ended.
#[derive(Debug, Clone, Copy)]
enum End {
    /// As it should.
    Closed,
    /// TLS without the goodbye that says that nothing was cut off.
    Cut,
}

impl<R> Replies<R> {
    /// Of the server at the other end of `stream`. Whoever reads bounds what it may say: a line is stored until it ends.
    pub(super) fn of(stream: R) -> Self {
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

    /// A last line without its end is taken where it says yes already: nothing that was cut off could make a no of it.
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

/// Whether a line that may go on is a yes: its code is whole and begins with a 2, and it is the last one of its reply.
fn says_yes(line: &[u8]) -> bool {
    let code = line.get(..CODE).is_some_and(|code| code.starts_with(b"2") && code.iter().all(u8::is_ascii_digit));
    code && line.get(CODE).is_none_or(|mark| *mark == b' ')
}

fn readable(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line.trim_ascii_end());
    let is_code = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    let (code, text) = match line.split_at_checked(CODE) {
        Some((code, text)) if is_code(code) => (code, text),
        // No reply, as lettre will find out.
        _ => return format!("{line}\r\n"),
    };
    let (mark, text) = if text.is_empty() { (" ", "") } else { text.split_at_checked(1).unwrap_or(("", text)) };
    match code {
        // It looks for the server's name in what comes first behind EHLO, and finds keywords in capitals only.
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
