//! The part of HTTP/1.1 that is needed to request a page and read the answer for unauthenticated clients.

use crate::connection::{Connection, Silence, broken};
use crate::place::Place;
use rustls::pki_types::CertificateDer;
use std::io::Write;

/// The most bytes of an answer that are read: the head and the beginning of the body.
const MAX_ANSWER: usize = 64 * 1024;
/// The end of the head.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// The answer of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// The part that was read; invalid UTF-8 is replaced.
    pub(crate) body: String,
}

impl Answer {
    /// The values of the header of this name, which is in lower case.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The only value of this header.
    pub(crate) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.headers(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// Parses it; `None` if it is not HTTP, or its head is incomplete.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let end = find(bytes, BLANK_LINE)?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let body = String::from_utf8_lossy(&bytes[end + BLANK_LINE.len()..]).into_owned();
        Some(Self { status, headers: lines.filter_map(header).collect(), body })
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Whether an answer is complete, if its head has a length.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = find(bytes, BLANK_LINE) else { return false };
    let length = Answer::read(bytes).and_then(|answer| answer.header("content-length")?.parse::<usize>().ok());
    length.is_some_and(|length| bytes.len() - end - BLANK_LINE.len() >= length)
}

/// Sends a GET for `path` without credentials. Returns the answer, and the server's certificates.
///
/// # Errors
/// [`Silence`].
pub(crate) fn ask(place: &Place, path: &str) -> Result<(Answer, Vec<CertificateDer<'static>>), Silence> {
    let mut connection = Connection::open(place)?;
    let host = place.authority();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: postern-check\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    connection.stream.write_all(request.as_bytes()).and_then(|()| connection.stream.flush()).map_err(|e| broken(&e))?;
    let heard = connection.hear(MAX_ANSWER, is_whole)?;
    let answer = Answer::read(&heard).ok_or_else(|| Silence::Broken("what it answers is no HTTP".to_owned()))?;
    Ok((answer, connection.chain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_far_as_it_goes() {
        let text = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nwww-authenticate: NTLM\r\n\
                     Content-Length: 4\r\n\r\nfull";
        let answer = Answer::read(text).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (401, "full"));
        assert_eq!(answer.headers("www-authenticate").collect::<Vec<_>>(), ["Negotiate", "NTLM"]);
        assert_eq!((answer.header("www-authenticate"), answer.header("content-length")), (None, Some("4")));
        assert!(is_whole(text) && !is_whole(&text[..text.len() - 1]) && !is_whole(b"HTTP/1.1 200 OK\r\n\r\n"));
        for wrong in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 x\r\n\r\n", "* OK ready\r\n\r\n", "HTTP/1.1\r\n\r\n"] {
            assert_eq!(Answer::read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
