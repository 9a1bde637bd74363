//! Which host a request is for (RFC 9110, section 7.2; RFC 9113, section 8.3.1). Pure.

use http::Request;
use http::header::HOST;
use postern_proxy_config::{HostName, PublicUrl};
use std::net::Ipv6Addr;

/// The default port of `https`.
const HTTPS: u16 = 443;

/// Which host name a request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// The webmail's host, `public_url`.
    Webmail,
    /// One of `endpoint_hosts`: mail apps use it for the endpoints, and for nothing else.
    Endpoints,
    /// Another host.
    Foreign,
    /// No host, several, or one that is not of the form `host` or `host:port`.
    Malformed,
}

/// Evaluates `Host` and `:authority`, which must agree if both are present.
pub(super) fn judge<B>(request: &Request<B>, public: &PublicUrl, endpoints: &[HostName]) -> Host {
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let mut names = authority.into_iter().chain(request.headers().get_all(HOST).iter().map(|value| value.as_bytes()));
    let Some((host, port)) = names.next().and_then(read) else { return Host::Malformed };
    if names.any(|other| read(other).as_ref() != Some(&(host.clone(), port))) {
        return Host::Malformed;
    }
    if read(public.authority().as_bytes()).as_ref() == Some(&(host.clone(), port)) {
        return Host::Webmail;
    }
    let is_endpoint = endpoints.iter().any(|endpoint| endpoint.as_str() == host);
    if is_endpoint && port == public.port() { Host::Endpoints } else { Host::Foreign }
}

/// A host name in lower case, and its port.
fn read(text: &[u8]) -> Option<(String, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            (is_name.then(|| host.to_ascii_lowercase())?, port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => HTTPS,
        // `u16` would accept a sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(public: &str, authority: Option<&str>, hosts: &[&[u8]]) -> Host {
        let uri = authority.map_or("/".to_owned(), |authority| format!("https://{authority}/"));
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let endpoints = ["Autodiscover.example.com".to_owned().try_into().unwrap()];
        judge(&request.body(()).unwrap(), &public.to_owned().try_into().unwrap(), &endpoints)
    }

    #[test]
    fn one_name_and_its_port_are_ours() {
        let mail = |host: &str| judged("https://mail.example.com/", None, &[host.as_bytes()]);
        for host in ["mail.example.com", "MAIL.Example.COM", "mail.example.com:443"] {
            assert_eq!(mail(host), Host::Webmail);
        }
        for host in [
            "example.com",
            "mail.example.com.",
            "xmail.example.com",
            "mail.example.com:8443",
            "mail.example.com.evil.example",
            "127.0.0.1",
            "[::1]",
            "localhost",
            "autodiscover.example.com:8443",
        ] {
            assert_eq!(mail(host), Host::Foreign, "{host}");
        }
        for host in [
            "",
            " ",
            ":443",
            "mail.example.com:",
            "mail.example.com:+443",
            "mail.example.com:443:443",
            "mail.example.com:65536",
            "mail.example.com/",
            "mail.example.com, evil.example",
            "mail.example.com evil.example",
            "bob@mail.example.com",
            "https://mail.example.com",
            "mail.example.com%00",
            "[::1",
            "[mail.example.com]",
            "[::1]443",
        ] {
            assert_eq!(mail(host), Host::Malformed, "{host}");
        }
        assert_eq!(judged("https://mail.example.com/", None, &[b"m\xe4il.example.com"]), Host::Malformed);
        assert_eq!(mail("AUTODISCOVER.example.com:443"), Host::Endpoints);
        let with_port = |host: &str| judged("https://[2001:db8::1]:8443/", None, &[host.as_bytes()]);
        assert_eq!(with_port("[2001:DB8:0::1]:8443"), Host::Webmail);
        assert_eq!(with_port("[2001:db8::1]"), Host::Foreign);
        assert_eq!(with_port("autodiscover.example.com:8443"), Host::Endpoints);
    }

    #[test]
    fn two_names_have_to_be_the_same() {
        let both = |authority, hosts: &[&[u8]]| judged("https://mail.example.com/", authority, hosts);
        assert_eq!(both(Some("mail.example.com"), &[]), Host::Webmail);
        assert_eq!(both(Some("mail.example.com"), &[b"mail.example.com:443"]), Host::Webmail);
        assert_eq!(both(Some("evil.example"), &[]), Host::Foreign);
        for (authority, hosts) in [
            (Some("mail.example.com"), &[&b"evil.example"[..]][..]),
            (Some("evil.example"), &[b"mail.example.com"]),
            (Some("mail.example.com"), &[b""]),
            (None, &[b"mail.example.com", b"evil.example"]),
            (None, &[]),
        ] {
            assert_eq!(both(authority, hosts), Host::Malformed, "{authority:?} {hosts:?}");
        }
    }
}
