//! HTTP/1.1 without a library, so that requests are recorded unchanged.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use super::request::Request;
use super::shared::Shared;

/// Bytes of a body that are kept; the rest is only counted.
const MAX_READ: usize = 64 * 1024;
/// Bytes of a long response that are written at once.
const PIECE: usize = 64 * 1024;

/// One side of a connection, which records what it reads.
#[derive(Debug)]
pub(super) struct Heard {
    stream: TcpStream,
    shared: Arc<Shared>,
}

impl Read for Heard {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.shared.hear(&buffer[..count]);
        Ok(count)
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    reader: BufReader<Heard>,
    writer: TcpStream,
    /// The user who signed in on it by NTLM or Negotiate, which authenticate a connection and not a request.
    pub(super) owner: Option<String>,
}

/// A response.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// A page.
    pub(super) fn page(body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(200, "text/html; charset=utf-8", body)
    }

    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into() }
    }

    pub(super) fn found(location: impl Into<String>) -> Answer {
        Answer { status: 302, headers: vec![("Location", location.into())], body: Vec::new() }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}

impl Line {
    pub(super) fn over(stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<Line> {
        let writer = stream.try_clone()?;
        Ok(Line { reader: BufReader::new(Heard { stream, shared }), writer, owner: None })
    }

    /// The next request; none at the end of the connection.
    pub(super) fn request(&mut self) -> Option<Request> {
        let first = self.line()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut request = Request { method, target, ..Request::default() };
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            request.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if request.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
            while let Ok(length @ 1..) = usize::from_str_radix(self.line()?.trim(), 16) {
                self.body(length, &mut request)?;
                self.line()?;
            }
            self.line()?;
        } else if let Ok(length) = request.header("content-length").parse() {
            self.body(length, &mut request)?;
        }
        Some(request)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).ok().filter(|count| *count > 0)?;
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn body(&mut self, length: usize, request: &mut Request) -> Option<()> {
        let mut left = length;
        let mut piece = vec![0; PIECE];
        while left > 0 {
            let count = self.reader.read(&mut piece[..left.min(PIECE)]).ok().filter(|count| *count > 0)?;
            let room = MAX_READ.saturating_sub(request.body.len());
            request.body.extend_from_slice(&piece[..count.min(room)]);
            left -= count;
        }
        request.length += length;
        Some(())
    }

    pub(super) fn answer(&mut self, answer: &Answer) -> Option<()> {
        let length = format!("Content-Length: {}\r\n\r\n", answer.body.len());
        self.head(answer.status, &answer.headers, &length)?;
        self.writer.write_all(&answer.body).ok()
    }

    /// Begins a response of unknown length.
    pub(super) fn begin(&mut self, content_type: &str) -> Option<()> {
        self.head(200, &[("Content-Type", content_type.to_owned())], "Transfer-Encoding: chunked\r\n\r\n")
    }

    /// Sends a piece of it; an empty one is its end.
    pub(super) fn piece(&mut self, piece: &str) -> Option<()> {
        self.writer.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).ok()
    }

    /// Sends a response of this many bytes, all of them `x`.
    pub(super) fn long(&mut self, length: usize) -> Option<()> {
        let headers = [("Content-Type", "application/octet-stream".to_owned())];
        self.head(200, &headers, &format!("Content-Length: {length}\r\n\r\n"))?;
        let piece = [b'x'; PIECE];
        (0..length).step_by(PIECE).try_for_each(|at| self.writer.write_all(&piece[..PIECE.min(length - at)]).ok())
    }

    /// Completes a WebSocket handshake as far as needed, and echoes what is received.
    pub(super) fn echo(&mut self) -> Option<()> {
        let headers = [("Connection", "Upgrade".to_owned()), ("Upgrade", "websocket".to_owned())];
        self.head(101, &headers, "\r\n")?;
        let mut piece = [0; 1024];
        loop {
            let count = self.reader.read(&mut piece).ok().filter(|count| *count > 0)?;
            self.writer.write_all(&piece[..count]).ok()?;
        }
    }

    fn head(&mut self, status: u16, headers: &[(&'static str, String)], rest: &str) -> Option<()> {
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        // In every response of IIS.
        head += "Server: Microsoft-IIS/10.0\r\nX-Powered-By: ASP.NET\r\nX-FEServer: EX01\r\n";
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        self.writer.write_all((head + rest).as_bytes()).ok()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        302 => "Found",
        401 => "Unauthorized",
        404 => "Not Found",
        440 => "Login Timeout",
        449 => "Retry With",
        _ => "Answer",
    }
}
