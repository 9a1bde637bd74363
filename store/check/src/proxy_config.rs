//! The places in `proxy.toml`. The file may be incomplete or contradictory: postern-proxy itself checks it.

use crate::place::{self, Place};
use postern_proxy_config::{
    BackendSecurity, ConfigError, Daemon, ImapTable, Listen, Network, Opening, Written, WrittenMail, WrittenTls,
    WrittenWebmail,
};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

pub use postern_proxy_config::DEFAULT_PATH;

/// The data that the check uses from the file; empty if there is no such file.
#[derive(Debug, Default)]
pub(crate) struct ProxyConfig {
    pub(crate) daemon: Daemon,
    pub(crate) tls: WrittenTls,
    pub(crate) imap: WrittenMail<ImapTable>,
    pub(crate) webmail: WrittenWebmail,
    /// The endpoints that `[webmail.endpoints]` opens, by key.
    pub(crate) endpoints: BTreeMap<&'static str, Opening>,
}

impl ProxyConfig {
    /// Reads the file; `None` if it does not exist. An error in its content is returned together with the valid part.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) fn load(path: &Path) -> Result<Option<(Self, Option<ConfigError>)>, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some).map_err(|error| error.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<(Self, Option<ConfigError>), ConfigError> {
        let (Written { daemon, tls, imap, webmail, .. }, problems) = Written::<String, String>::parse(path, text)?;
        let endpoints = webmail.endpoints.clone().into_openings().into_iter();
        let endpoints = endpoints.filter(|(_, opening)| *opening != Opening::Closed);
        let endpoints = endpoints.map(|(endpoint, opening)| (endpoint.name(), opening)).collect();
        Ok((Self { daemon, tls: tls.unwrap_or_default(), imap, webmail, endpoints }, problems))
    }

    /// Parses `text`, for tests.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self::parse(Path::new(DEFAULT_PATH), text).unwrap().0
    }

    /// The public place of the webmail front, by name, if that front is on.
    pub(crate) fn public(&self) -> Option<Place> {
        self.webmail.listen.as_ref()?;
        place::read(self.webmail.public_url.as_ref()?.origin()).ok()?.pop()
    }

    /// The webmail front at its own address, if it has one.
    pub(crate) fn webmail_front(&self) -> Option<Place> {
        Some(Place { at: reachable(address(self.webmail.listen.as_ref()?)?), ..self.public()? })
    }

    /// The IMAP front at its own addresses.
    pub(crate) fn imap_fronts(&self) -> Vec<Place> {
        let host = self.public().map_or_else(|| "localhost".to_owned(), |place| place.host);
        let listening = [("imaps", &self.imap.listen), ("imap", &self.imap.starttls_listen)];
        let listening = listening.into_iter().filter_map(|(scheme, listen)| Some((scheme, address(listen.as_ref()?)?)));
        let front = |(scheme, address): (&str, SocketAddr)| {
            let place = place::of(scheme, &host, Some(address.port()))?;
            Some(Place { at: reachable(address), ..place })
        };
        listening.filter_map(front).collect()
    }

    /// The upstream of the webmail front.
    pub(crate) fn upstream(&self) -> Option<Place> {
        self.webmail.listen.as_ref()?;
        let upstream = self.webmail.upstream.as_ref()?;
        let scheme = if upstream.is_https() { "https" } else { "http" };
        let (host, port) = upstream.endpoint();
        place::of(scheme, host, Some(port))
    }

    /// The backend of the IMAP front.
    pub(crate) fn imap_backend(&self) -> Option<Place> {
        self.imap.listen.as_ref().or(self.imap.starttls_listen.as_ref())?;
        let backend = self.imap.backend.as_ref()?;
        let scheme = if backend.security() == BackendSecurity::Tls { "imaps" } else { "imap" };
        let (host, port) = backend.endpoint();
        let place = place::of(scheme, host, Some(port))?;
        Some(Place { wants_proxy_header: self.imap.backend_proxy_protocol, ..place })
    }

    /// Whether load balancers are trusted, of which this host may be one.
    pub(crate) fn has_load_balancers(&self) -> bool {
        self.load_balancers().next().is_some()
    }

    /// The networks from which a PROXY header is trusted.
    pub(crate) fn load_balancers(&self) -> impl Iterator<Item = &Network> {
        self.webmail.proxy_protocol_from.iter().chain(&self.imap.proxy_protocol_from)
    }
}

/// The address that it listens on; `None` for a Unix socket, which only a proxy on this host can use.
fn address(listen: &Listen) -> Option<SocketAddr> {
    match listen {
        Listen::Address(address) => Some(*address),
        Listen::Socket(_) => None,
    }
}

/// The addresses at which such a socket can be reached from this host.
fn reachable(listening: SocketAddr) -> Vec<SocketAddr> {
    let local: &[IpAddr] = match listening.ip() {
        IpAddr::V4(address) if address.is_unspecified() => &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
        IpAddr::V6(address) if address.is_unspecified() => {
            &[IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)]
        }
        _ => return vec![listening],
    };
    local.iter().map(|address| SocketAddr::new(*address, listening.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::ENDPOINTS;

    #[test]
    fn the_shipped_example_says_where_to_look() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/proxy.toml");
        let config = ProxyConfig::load(Path::new(path)).unwrap().unwrap().0;
        assert_eq!(config.public().unwrap().to_string(), "https://webmail.example.com");
        let front = config.webmail_front().unwrap();
        assert_eq!(front.at, ["[::1]:443".parse().unwrap(), "127.0.0.1:443".parse().unwrap()]);
        assert_eq!(config.upstream().unwrap().to_string(), "http://127.0.0.1:8080");
        assert!(config.imap_fronts().is_empty() && config.imap_backend().is_none());
    }

    #[test]
    fn every_endpoint_of_the_example_is_tried() {
        let text = include_str!("../../../packaging/proxy.toml");
        let endpoints = text.split_once("#[webmail.doors]").unwrap().1;
        let keys: Vec<&str> = endpoints
            .lines()
            .filter_map(|line| line.strip_prefix('#')?.split_once(" = \"closed\""))
            .map(|it| it.0)
            .collect();
        assert!(keys.contains(&"ews"), "{keys:?}");
        for key in keys {
            assert!(ENDPOINTS.iter().any(|endpoint| endpoint.key == key), "{key}");
        }
    }

    #[test]
    fn a_front_on_a_unix_socket_is_tried_by_its_name() {
        let text = "[imap]\nlisten = \"unix:/run/postern-proxy/imaps.sock\"\nbackend = \"imaps://ex01.example.com\"\n\
                    [webmail]\nlisten = \"unix:/run/postern-proxy/https.sock\"\n\
                    public_url = \"https://mail.example.com/\"\nupstream = \"http://127.0.0.1:8080/\"\n";
        let config = ProxyConfig::of(text);
        assert!(config.webmail_front().is_none() && config.imap_fronts().is_empty());
        assert_eq!(config.public().unwrap().to_string(), "https://mail.example.com");
        assert!(config.upstream().is_some() && config.imap_backend().is_some());
    }

    #[test]
    fn a_table_that_is_wrong_hides_no_other() {
        let text =
            "[webmail]\nlisten = \"443\"\n[imap]\nlisten = \"127.0.0.1:993\"\nbackend = \"imaps://ex.example.com\"\n";
        let (config, problems) = ProxyConfig::parse(Path::new(DEFAULT_PATH), text).unwrap();
        assert!(config.webmail.listen.is_none() && config.imap_backend().is_some());
        let problems = problems.unwrap().to_string();
        assert!(problems.starts_with(&format!("{DEFAULT_PATH}:2: ")), "{problems}");
        assert!(ProxyConfig::parse(Path::new(DEFAULT_PATH), "[webmail").is_err());
    }

    #[test]
    fn fronts_and_what_stands_behind_them() {
        let text = "[imap]\nlisten = \"10.0.0.1:993\"\nstarttls_listen = \"0.0.0.0:1143\"\n\
                    backend = \"imap+starttls://ex01.example.com\"\nsomething_new = 1\n\
                    [webmail.doors]\news = [\"10.0.0.0/8\"]\noab = \"closed\"\n";
        let config = ProxyConfig::of(text);
        let fronts: Vec<_> =
            config.imap_fronts().into_iter().map(|it| (it.to_string(), it.at[0].to_string())).collect();
        let expected = [("imaps://localhost", "10.0.0.1:993"), ("imap://localhost:1143", "127.0.0.1:1143")];
        assert_eq!(fronts, expected.map(|(name, at)| (name.to_owned(), at.to_owned())));
        assert_eq!(config.imap_backend().unwrap().to_string(), "imap://ex01.example.com");
        assert_eq!(config.endpoints["ews"], Opening::Networks(vec!["10.0.0.0/8".parse().unwrap()]));
        assert!(config.public().is_none() && config.upstream().is_none());
    }
}
