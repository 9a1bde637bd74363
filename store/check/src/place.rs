//! Places to try: a host, a port, and a protocol.

use postern_wire::address::parse_address;
use std::fmt;
use std::net::SocketAddr;

/// The protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http,
    /// A protocol in which the server sends a greeting first; with its beginning.
    Greeting(&'static str),
}

/// A service that accepts passwords.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) scheme: &'static str,
    pub(crate) port: u16,
    /// Whether it uses implicit TLS.
    pub(crate) tls: bool,
    pub(crate) speaks: Speaks,
    /// Whether it gives access to the mailbox, and not only to sending mail.
    pub(crate) opens_mailbox: bool,
}

const fn service(scheme: &'static str, port: u16, tls: bool, speaks: Speaks) -> Service {
    Service { scheme, port, tls, speaks, opens_mailbox: true }
}

/// RFC 9051, 1939, 5804 (a client that can write filters can read the mail too), and 6409.
pub(crate) const SERVICES: [Service; 9] = [
    service("https", 443, true, Speaks::Http),
    service("http", 80, false, Speaks::Http),
    service("imaps", 993, true, Speaks::Greeting("* ")),
    service("imap", 143, false, Speaks::Greeting("* ")),
    service("pop3s", 995, true, Speaks::Greeting("+OK")),
    service("pop3", 110, false, Speaks::Greeting("+OK")),
    service("sieve", 4190, false, Speaks::Greeting("\"")),
    Service { opens_mailbox: false, ..service("submissions", 465, true, Speaks::Greeting("220")) },
    Service { opens_mailbox: false, ..service("submission", 587, false, Speaks::Greeting("220")) },
];

/// A place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(crate) service: &'static Service,
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The addresses to connect to; empty: those of `host`.
    pub(crate) at: Vec<SocketAddr>,
    /// Whether a PROXY header must come first.
    pub(crate) wants_proxy_header: bool,
}

/// The place of a scheme; `None` for an unknown scheme.
pub(crate) fn of(scheme: &str, host: &str, port: Option<u16>) -> Option<Place> {
    let service = SERVICES.iter().find(|service| service.scheme == scheme)?;
    let port = port.unwrap_or(service.port);
    Some(Place { service, host: host.to_owned(), port, at: vec![], wants_proxy_header: false })
}

/// Parses `https://mail.example.com/`, or `mail.example.com`, which means every service of that host.
///
/// # Errors
/// A text that lists the forms.
pub fn read(text: &str) -> Result<Vec<Place>, String> {
    let wrong = || {
        let schemes: Vec<&str> = SERVICES.iter().map(|service| service.scheme).collect();
        format!("`{text}` is neither a host nor a URL of it, beginning with one of: {}", schemes.join(", "))
    };
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = host_and_port(authority).ok_or_else(wrong)?;
    match scheme {
        Some(scheme) => of(scheme, &host, port).map(|place| vec![place]).ok_or_else(wrong),
        // A host has no path, and one port cannot be that of every service.
        None if authority != rest || port.is_some() => Err(wrong()),
        None => Ok(SERVICES.iter().filter_map(|service| of(service.scheme, &host, None)).collect()),
    }
}

/// Parses an authority (RFC 3986, section 3.2) without user information.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, port)| (host, port.strip_prefix(':').or(Some(port))))?,
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | ':');
    let port = port.filter(|port| !port.is_empty()).map(str::parse).transpose().ok()?;
    (!host.is_empty() && host.chars().all(is_plain)).then(|| (host.to_owned(), port))
}

impl Place {
    /// `host` as in a URL, with the port if it is not the default.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.service.port { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether it is on a loopback address, which other hosts cannot connect to.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || parse_address(&self.host).is_some_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.service.scheme, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_place_and_a_host_is_all_of_it() {
        for (text, shown) in [
            ("https://mail.example.com/", "https://mail.example.com"),
            ("https://mail.example.com:8443/owa/?a#b", "https://mail.example.com:8443"),
            ("imaps://[::1]:1993", "imaps://[::1]:1993"),
            ("imap://[2001:db8::1]", "imap://[2001:db8::1]"),
            ("http://10.0.0.1:80", "http://10.0.0.1"),
        ] {
            let shown_as: Vec<String> = read(text).unwrap().iter().map(Place::to_string).collect();
            assert_eq!(shown_as, [shown]);
        }
        assert_eq!(read("mail.example.com").unwrap().len(), SERVICES.len());
        for wrong in
            ["", "https://", "ftp://a", "a:443", "a/owa", "https://u:p@a", "https://a:b", "a b", "https://a\r\nb"]
        {
            assert!(read(wrong).unwrap_err().contains("imaps"), "{wrong}");
        }
    }

    #[test]
    fn only_this_host_is_loopback() {
        let local = |text: &str| read(text).unwrap()[0].is_loopback();
        assert!(local("http://127.0.0.1:8080/") && local("http://[::1]/") && local("imap://localhost"));
        assert!(!local("http://10.0.0.1/") && !local("https://localhost.example.com/"));
    }
}
