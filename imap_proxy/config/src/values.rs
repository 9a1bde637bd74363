//! The values of `proxy.toml` that have a syntax of their own.

use http::Uri;
use http::uri::{Authority, InvalidUri, PathAndQuery, Scheme};
use postern_wire::address::parse_network;
use rustls_pki_types::DnsName;
use serde::Deserialize;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Maximum length in bytes of the path of a Unix socket (`sun_path`, unix(7)), without the NUL at its end.
const MAX_SOCKET_PATH: usize = 107;

/// The public URL of the webmail: `https://webmail.example.com/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl {
    authority: Authority,
    origin: String,
}

impl PublicUrl {
    /// Host and, unless it is 443, port: as in a `Host` header.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The host only.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port, 443 unless another one is given.
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(443)
    }

    /// As in an `Origin` header: `https://webmail.example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` {why}; write it like \"https://webmail.example.com/\"");
        let uri = absolute(&text).ok_or_else(|| wrong("is not a URL"))?;
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(wrong("does not begin with https://"));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(wrong("has more than a host: the front owns the whole of it"));
        }
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        // A browser omits the default port from Host and Origin.
        let authority = match uri.port_u16() {
            None | Some(443) => host,
            Some(port) => format!("{host}:{port}"),
        };
        let origin = format!("https://{authority}");
        let authority = authority.parse().map_err(|_| wrong("has no proper host"))?;
        Ok(Self { authority, origin })
    }
}

/// Where a front listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// An address with a port.
    Address(SocketAddr),
    /// A Unix socket, for a proxy on this host. It sends a PROXY header with the client's address.
    Socket(PathBuf),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ADVICE: &str = "write it like \"[::]:443\" or \"unix:/run/postern-proxy/https.sock\"";
        match text.strip_prefix("unix:") {
            Some(path) if path.len() > MAX_SOCKET_PATH => {
                Err(format!("`{text}` is longer than a socket's path may be"))
            }
            Some(path) if path.starts_with('/') && !path.ends_with('/') => Ok(Self::Socket(path.into())),
            Some(_) => Err(format!("`{text}` has no path from / on; {ADVICE}")),
            None => text
                .parse()
                .map(Self::Address)
                .map_err(|_| format!("`{text}` is neither an address with a port nor a Unix socket; {ADVICE}")),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A host name without a port, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HostName(String);

impl HostName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HostName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match DnsName::try_from(text.as_str()) {
            Ok(_) => Ok(Self(text.to_ascii_lowercase())),
            Err(_) => Err(format!("`{text}` is no name of a host; write it like \"autodiscover.example.com\"")),
        }
    }
}

/// The base URL of an upstream: scheme, host, port, and a path prefix.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Without the slash at its end; empty for the root.
    path: String,
}

impl Base {
    /// The URL there for a request's path and query, whatever host the request names.
    ///
    /// # Errors
    /// If the result is not a valid URL.
    pub fn locate(&self, wanted: &Uri) -> Result<Uri, InvalidUri> {
        let wanted = wanted.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        if self.path.is_empty() { Ok(wanted.into()) } else { format!("{}{wanted}", self.path).parse() }
    }

    /// Host and port to connect to.
    pub fn endpoint(&self) -> (&str, u16) {
        let default = if self.is_https() { 443 } else { 80 };
        // An IPv6 address is in brackets in a URL, and nowhere else.
        (self.authority.host().trim_matches(['[', ']']), self.authority.port_u16().unwrap_or(default))
    }

    /// Whether the upstream uses TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Host and port, as configured.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The path prefix, without the slash at its end; empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl TryFrom<String> for Base {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` {why}; write it like \"http://127.0.0.1:8080/\"");
        let parts = absolute(&text).ok_or_else(|| wrong("is not a URL"))?.into_parts();
        let (Some(scheme), Some(authority), Some(path)) = (parts.scheme, parts.authority, parts.path_and_query) else {
            return Err(wrong("is not a URL"));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong("is neither http:// nor https://"));
        }
        if path.query().is_some() {
            return Err(wrong("has a query"));
        }
        Ok(Self { scheme, authority, path: path.path().trim_end_matches('/').to_owned() })
    }
}

pub(crate) fn absolute(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?;
    // A name and password in a URL would end up in logs.
    (uri.scheme().is_some() && !authority.host().is_empty() && !authority.as_str().contains('@')).then_some(uri)
}

/// A network: an address and a prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The address as it is written; an IPv4-mapped IPv6 address as IPv4.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The prefix length: at most 32 or 128.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether the network contains `address`. An IPv4-mapped address counts as IPv4. The unspecified address (0.0.0.0)
    /// belongs to no client, and is in no network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (_, address) if address.is_unspecified() => false,
            _ => self.covers(address),
        }
    }

    fn covers(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                u128::from(network).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = parse_network(text).map_err(|why| format!("`{text}` {why}"))?;
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    /// `10.0.0.0/8`; a single address without a prefix length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_single = self.bits == if self.address.is_ipv4() { 32 } else { 128 };
        if is_single { self.address.fmt(f) } else { write!(f, "{}/{}", self.address, self.bits) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_host_behind_https() {
        let url = PublicUrl::try_from("https://Webmail.Example.com".to_owned()).unwrap();
        assert_eq!((url.authority(), url.host()), ("webmail.example.com", "webmail.example.com"));
        let url = PublicUrl::try_from("https://a:443/".to_owned()).unwrap();
        assert_eq!((url.authority(), url.origin()), ("a", "https://a"));
        let url = PublicUrl::try_from("https://a:8443/".to_owned()).unwrap();
        assert_eq!((url.authority(), url.host(), url.origin()), ("a:8443", "a", "https://a:8443"));
        let url = PublicUrl::try_from("https://[::1]:8443/".to_owned()).unwrap();
        assert_eq!((url.authority(), url.host()), ("[::1]:8443", "[::1]"));
        for wrong in ["http://a/", "https://a/mail/", "https://a/?b", "https://u:p@a/", "a", "/", "https:///", ""] {
            assert!(PublicUrl::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_front_listens_on_an_address_or_on_a_path() {
        for text in ["[::]:443", "127.0.0.1:8443", "unix:/run/postern-proxy/https.sock"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        let long = format!("unix:/{}", "a".repeat(107));
        for wrong in ["", "443", "/run/x.sock", "unix:", "unix:x.sock", "unix:/run/", "unix://", "localhost:443", &long]
        {
            assert!(wrong.parse::<Listen>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_name_has_neither_scheme_nor_port() {
        let name = HostName::try_from("Autodiscover.example.com".to_owned()).unwrap();
        assert_eq!(name.as_str(), "autodiscover.example.com");
        for wrong in ["", "https://a", "a:443", "a/b", "*.example.com", "a b", "bücher.example"] {
            assert!(HostName::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_upstream_has_a_path_or_none() {
        let located = |base: &str| {
            let base = Base::try_from(base.to_owned()).unwrap();
            let uri = base.locate(&"https://evil.example/?_task=mail".parse().unwrap()).unwrap();
            (uri.to_string(), base.endpoint().0.to_owned(), base.endpoint().1)
        };
        assert_eq!(located("http://127.0.0.1:8080"), ("/?_task=mail".to_owned(), "127.0.0.1".to_owned(), 8080));
        assert_eq!(located("http://mail.internal/"), ("/?_task=mail".to_owned(), "mail.internal".to_owned(), 80));
        assert_eq!(located("http://[::1]:8080/").1, "::1");
        let deep = "https://mail.internal/roundcube/";
        assert_eq!(located(deep), ("/roundcube/?_task=mail".to_owned(), "mail.internal".to_owned(), 443));
        for wrong in ["ftp://a/", "http://a/?b", "http://u:p@a/", "a:80", "/a", ""] {
            assert!(Base::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_is_shown_as_it_is_written() {
        for text in ["10.0.0.0/8", "10.0.0.1", "::/0", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!("::ffff:10.0.0.0/104".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
    }

    #[test]
    fn a_network_contains_its_addresses() {
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.0.0.1", "10.0.0.1") && !contains("10.0.0.1", "10.0.0.2"));
        assert!(contains("0.0.0.0/0", "1.2.3.4") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("::/0", "2001:db8::1") && !contains("::/0", "1.2.3.4"));
        assert!(contains("2001:db8::/32", "2001:db8:1::") && !contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("::ffff:192.0.2.0/120", "192.0.2.7") && contains("::ffff:192.0.2.0/120", "::ffff:192.0.2.7"));
        assert!(!contains("::ffff:192.0.2.0/120", "192.0.3.7") && contains("::ffff:192.0.2.7", "192.0.2.7"));
        for wrong in ["10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "", "all", "fe80::1%eth0"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
