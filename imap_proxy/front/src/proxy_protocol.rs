//! The PROXY protocol, versions 1 and 2 (haproxy's `doc/proxy-protocol.txt`): reads which client a load balancer names,
//! and names the client to a backend that expects the header from the front.
//!
//! The header is read only from a load balancer that the configuration names, and is then required; from any other
//! client the same bytes are the beginning of a TLS handshake that fails.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Maximum length of a header of version 1 in bytes, including its CRLF (section 2.1).
pub const MAX_V1: usize = 107;
/// Maximum number of bytes of a version 2 header after its first 16: addresses and TLVs. Section 2.2 sets no limit
/// below 64 KiB; the longest that is sent carries a client's certificate, which has a few thousand.
pub const MAX_V2: usize = 16 * 1024;

const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, and the command: LOCAL, for the load balancer's own connection, or PROXY, for a client's.
const V2_LOCAL: u8 = 0x20;
const V2_PROXY: u8 = 0x21;
/// TCP over IPv4 and IPv6.
const V2_TCP4: u8 = 0x11;
const V2_TCP6: u8 = 0x21;
/// The length of the signature, version and command, family, and length.
const V2_START: usize = 16;
/// The shortest header of version 1: `PROXY UNKNOWN` CRLF.
const V1_SHORTEST: usize = 15;

/// What the bytes received so far are.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    /// At least this many bytes are needed in total; no header is shorter, so no byte is read that belongs to TLS.
    Needs(usize),
    /// The header is complete. The client's address; none: the load balancer itself, such as for its health check.
    Whole(Option<IpAddr>),
}

/// The bytes are not a PROXY header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoHeader;

impl fmt::Display for NoHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no PROXY header from an address in `proxy_protocol_from`; switch it on there, or take it out here")
    }
}

impl std::error::Error for NoHeader {}

/// Reads the header, and not a byte more. None: the connection is the load balancer's own.
///
/// # Errors
/// Errors of the stream, and [`NoHeader`].
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<IpAddr>> {
    let mut bytes = Vec::with_capacity(MAX_V1);
    loop {
        match judge(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
            Progress::Whole(source) => return Ok(source),
            Progress::Needs(count) => {
                let had = bytes.len();
                bytes.resize(count, 0);
                stream.read_exact(&mut bytes[had..]).await?;
            }
        }
    }
}

/// The version 2 header that names `client` to a server at `server`; none: the connection is the front's own.
pub fn header(client: Option<IpAddr>, server: SocketAddr) -> Vec<u8> {
    let Some(client) = client else { return [V2_SIGNATURE.as_slice(), &[V2_LOCAL, 0, 0, 0]].concat() };
    // Both addresses are of one family (section 2.2). The client's counts; where the server's is of the other family,
    // it is sent as unspecified. Only the server's port is known.
    let port = server.port().to_be_bytes();
    let addresses = match (client, server.ip()) {
        (IpAddr::V4(client), IpAddr::V4(server)) => [client.octets(), server.octets()].concat(),
        (IpAddr::V4(client), IpAddr::V6(_)) => [client.octets(), [0; 4]].concat(),
        (IpAddr::V6(client), IpAddr::V6(server)) => [client.octets(), server.octets()].concat(),
        (IpAddr::V6(client), IpAddr::V4(_)) => [client.octets(), [0; 16]].concat(),
    };
    let family = if client.is_ipv4() { V2_TCP4 } else { V2_TCP6 };
    // At most 36.
    let length = addresses.len() as u8 + 4;
    [V2_SIGNATURE.as_slice(), &[V2_PROXY, family, 0, length], &addresses, &[0, 0], &port].concat()
}

fn judge(bytes: &[u8]) -> Result<Progress, NoHeader> {
    if bytes.is_empty() {
        return Ok(Progress::Needs(V1_SHORTEST));
    }
    if bytes.starts_with(V2_SIGNATURE) { judge_v2(bytes) } else { judge_v1(bytes) }
}

fn judge_v1(bytes: &[u8]) -> Result<Progress, NoHeader> {
    let text = bytes.strip_prefix(b"PROXY ").ok_or(NoHeader)?;
    let Some(line) = text.strip_suffix(b"\r\n") else {
        // The line ends with CRLF, so one byte is missing at least, or two.
        let missing = if bytes.ends_with(b"\r") { 1 } else { 2 };
        let wanted = bytes.len() + missing;
        return if wanted <= MAX_V1 && !bytes.contains(&b'\n') { Ok(Progress::Needs(wanted)) } else { Err(NoHeader) };
    };
    let words: Vec<&str> = std::str::from_utf8(line).map_err(|_| NoHeader)?.split(' ').collect();
    match *words {
        ["UNKNOWN", ..] => Ok(Progress::Whole(None)),
        [family @ ("TCP4" | "TCP6"), source, target, source_port, target_port] => {
            let address = |text: &str| text.parse::<IpAddr>().ok().filter(|it| it.is_ipv4() == (family == "TCP4"));
            let is_port = |text: &str| text.parse::<u16>().is_ok();
            match (address(source), address(target)) {
                (Some(source), Some(_)) if is_port(source_port) && is_port(target_port) => {
                    Ok(Progress::Whole(Some(source.to_canonical())))
                }
                _ => Err(NoHeader),
            }
        }
        _ => Err(NoHeader),
    }
}

fn judge_v2(bytes: &[u8]) -> Result<Progress, NoHeader> {
    let Some((start, behind)) = bytes.split_at_checked(V2_START) else {
        return Ok(Progress::Needs(V2_START));
    };
    let length = usize::from(u16::from_be_bytes([start[14], start[15]]));
    if length > MAX_V2 {
        return Err(NoHeader);
    }
    if behind.len() < length {
        return Ok(Progress::Needs(V2_START + length));
    }
    match (start[12], start[13]) {
        (V2_LOCAL, _) => Ok(Progress::Whole(None)),
        // Source address, destination address, two ports.
        (V2_PROXY, V2_TCP4) if length >= 12 => {
            let source: [u8; 4] = behind[..4].try_into().map_err(|_| NoHeader)?;
            Ok(Progress::Whole(Some(Ipv4Addr::from(source).into())))
        }
        (V2_PROXY, V2_TCP6) if length >= 36 => {
            let source: [u8; 16] = behind[..16].try_into().map_err(|_| NoHeader)?;
            Ok(Progress::Whole(Some(IpAddr::from(Ipv6Addr::from(source)).to_canonical())))
        }
        (V2_PROXY, 0x00) => Ok(Progress::Whole(None)),
        _ => Err(NoHeader),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what is read, and the bytes that remain after the header.
    async fn read_of(bytes: &[u8]) -> Option<(Option<IpAddr>, Vec<u8>)> {
        let mut stream = bytes;
        read(&mut stream).await.ok().map(|source| (source, stream.to_vec()))
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [V2_SIGNATURE.as_slice(), &[command, family], &length, body, b"\x16\x03"].concat()
    }

    #[tokio::test]
    async fn version_1_is_read_and_no_byte_more() {
        for (bytes, source) in [
            ("PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n", Some("192.0.2.7")),
            ("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n", Some("2001:db8::7")),
            ("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", Some("192.0.2.7")),
            ("PROXY UNKNOWN\r\n", None),
            ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None),
        ] {
            let read = read_of(format!("{bytes}\r\n\x16\x03").as_bytes()).await;
            assert_eq!(read, Some((source.map(|it| it.parse().unwrap()), b"\r\n\x16\x03".to_vec())), "{bytes}");
        }
    }

    #[tokio::test]
    async fn version_2_is_read_and_no_byte_more() {
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 1, 187];
        let six = [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7].as_slice(), &[0; 20], b"\x04\0\0"].concat();
        let longest = [four.as_slice(), &[4; MAX_V2 - 12]].concat();
        // A PP2_TYPE_SSL of 4 KiB (section 2.2.6), as with a certificate in it.
        let with_certificate = [four.as_slice(), &[0x20, 0x10, 0], &[1; 4096]].concat();
        for (bytes, source) in [
            (v2(0x21, 0x11, &four), Some("192.0.2.7")),
            (v2(0x21, 0x11, &longest), Some("192.0.2.7")),
            (v2(0x21, 0x11, &with_certificate), Some("192.0.2.7")),
            (v2(0x21, 0x21, &six), Some("2001:db8::7")),
            (v2(0x21, 0x00, b""), None),
            (v2(0x20, 0x00, b""), None),
            (v2(0x20, 0x11, &four), None),
        ] {
            let read = read_of(&bytes).await;
            assert_eq!(read, Some((source.map(|it| it.parse().unwrap()), b"\x16\x03".to_vec())), "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read() {
        for server in ["10.0.0.1:993", "[2001:db8::1]:993"] {
            for client in [None, Some("192.0.2.7"), Some("2001:db8::7")] {
                let client = client.map(|it| it.parse().unwrap());
                let written = [header(client, server.parse().unwrap()), b"\x16\x03".to_vec()].concat();
                assert_eq!(read_of(&written).await, Some((client, b"\x16\x03".to_vec())));
            }
        }
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 0, 0, 3, 225];
        let written = header(Some("192.0.2.7".parse().unwrap()), "10.0.0.1:993".parse().unwrap());
        assert_eq!(written, v2(0x21, 0x11, &four)[..V2_START + four.len()]);
    }

    #[tokio::test]
    async fn anything_else_is_no_header() {
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 1, 187];
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_V1 - 15));
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 56324\r\n      ",
            "PROXY TCP4 192.0.2.7 10.0.0.1 56324 443 1\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 56324 65536\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 +1 443 \r\n",
            "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
            "PROXY TCP6 192.0.2.7 10.0.0.1 1 2\r\n",
            "PROXY  TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 1 2\nX\r\n",
            "PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n",
            "proxy TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 1 2",
            &long,
            "",
        ] {
            assert_eq!(read_of(text.as_bytes()).await, None, "{text:?}");
        }
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello"[..],
            &v2(0x31, 0x11, &four),
            &v2(0x22, 0x11, &four),
            &v2(0x21, 0x12, &four),
            &v2(0x21, 0x31, &[0; 216]),
            &v2(0x21, 0x11, &four[..11]),
            &v2(0x21, 0x21, &[0; 35]),
            &v2(0x21, 0x11, &[0; MAX_V2 + 1]),
            b"\r\n\r\n\0\r\nQUIT\n\x21",
        ] {
            assert_eq!(read_of(bytes).await, None, "{}", bytes.escape_ascii());
        }
    }
}
