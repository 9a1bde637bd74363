//! The places in `proxy.toml`. The file may be incomplete or contradictory: postern-proxy itself checks it.

use crate::place::{self, Place};
use postern_proxy_config::{
    BackendSecurity, ConfigError, Daemon, ImapTable, Listen, Network, Opening, Pop3Table, Table, Written, WrittenMail,
    WrittenTls, WrittenWebmail,
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
    pub(crate) pop3: WrittenMail<Pop3Table>,
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
        let (Written { daemon, tls, imap, pop3, webmail, .. }, problems) =
            Written::<String, String>::parse(path, text)?;
        let endpoints = webmail.endpoints.clone().into_openings().into_iter();
        let endpoints = endpoints.filter(|(_, opening)| *opening != Opening::Closed);
        let endpoints = endpoints.map(|(endpoint, opening)| (endpoint.name(), opening)).collect();
        Ok((Self { daemon, tls: tls.unwrap_or_default(), imap, pop3, webmail, endpoints }, problems))
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

    /// The fronts for mail apps at their own addresses.
    pub(crate) fn mail_fronts(&self) -> Vec<Place> {
        let host = self.public().map_or_else(|| "localhost".to_owned(), |place| place.host);
        fronts(&self.imap, &host).chain(fronts(&self.pop3, &host)).collect()
    }

    /// The upstream of the webmail front.
    pub(crate) fn upstream(&self) -> Option<Place> {
        self.webmail.listen.as_ref()?;
        let upstream = self.webmail.upstream.as_ref()?;
        let scheme = if upstream.is_https() { "https" } else { "http" };
        let (host, port) = upstream.endpoint();
        place::of(scheme, host, Some(port))
    }

    /// The backends of the fronts for mail apps.
    pub(crate) fn mail_backends(&self) -> impl Iterator<Item = MailBackend<'_>> {
        backend(&self.imap).into_iter().chain(backend(&self.pop3))
    }

    /// Whether load balancers are trusted, of which this host may be one.
    pub(crate) fn has_load_balancers(&self) -> bool {
        self.load_balancers().next().is_some()
    }

    /// The networks from which a PROXY header is trusted.
    pub(crate) fn load_balancers(&self) -> impl Iterator<Item = &Network> {
        let mail = self.imap.proxy_protocol_from.iter().chain(&self.pop3.proxy_protocol_from);
        self.webmail.proxy_protocol_from.iter().chain(mail)
    }
}

/// The backend of a front for mail apps.
pub(crate) struct MailBackend<'a> {
    pub(crate) place: Place,
    /// The authorities that sign its certificate, if a file names them.
    pub(crate) ca: Option<&'a Path>,
    /// Whether the proxy knows its key, so that nothing else of the certificate matters.
    pub(crate) is_pinned: bool,
}

/// The schemes of a protocol with TLS at once, and without.
fn schemes<T: Table>() -> [&'static str; 2] {
    let [(tls, ..), _, (plain, ..)] = T::SCHEMES;
    [tls, plain]
}

/// The front of a mail protocol, at its own addresses.
fn fronts<T: Table>(table: &WrittenMail<T>, host: &str) -> impl Iterator<Item = Place> {
    let listening = schemes::<T>().into_iter().zip([&table.listen, &table.starttls_listen]);
    listening.filter_map(move |(scheme, listen)| {
        let address = address(listen.as_ref()?)?;
        let place = place::of(scheme, host, Some(address.port()))?;
        Some(Place { at: reachable(address), ..place })
    })
}

/// The backend of the front of a mail protocol, if that front is on.
fn backend<T: Table>(table: &WrittenMail<T>) -> Option<MailBackend<'_>> {
    table.listen.as_ref().or(table.starttls_listen.as_ref())?;
    let backend = table.backend.as_ref()?;
    let [tls, plain] = schemes::<T>();
    let scheme = if backend.security() == BackendSecurity::Tls { tls } else { plain };
    let (host, port) = backend.endpoint();
    let place = Place { wants_proxy_header: table.backend_proxy_protocol, ..place::of(scheme, host, Some(port))? };
    Some(MailBackend { place, ca: table.backend_ca.as_deref(), is_pinned: table.backend_pin.is_some() })
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
        assert!(config.mail_fronts().is_empty() && config.mail_backends().next().is_none());
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
        assert!(config.webmail_front().is_none() && config.mail_fronts().is_empty());
        assert_eq!(config.public().unwrap().to_string(), "https://mail.example.com");
        assert!(config.upstream().is_some() && config.mail_backends().next().is_some());
    }

    #[test]
    fn a_table_that_is_wrong_hides_no_other() {
        let text =
            "[webmail]\nlisten = \"443\"\n[imap]\nlisten = \"127.0.0.1:993\"\nbackend = \"imaps://ex.example.com\"\n";
        let (config, problems) = ProxyConfig::parse(Path::new(DEFAULT_PATH), text).unwrap();
        assert!(config.webmail.listen.is_none() && config.mail_backends().next().is_some());
        let problems = problems.unwrap().to_string();
        assert!(problems.starts_with(&format!("{DEFAULT_PATH}:2: ")), "{problems}");
        assert!(ProxyConfig::parse(Path::new(DEFAULT_PATH), "[webmail").is_err());
    }

    #[test]
    fn fronts_and_what_stands_behind_them() {
        let text = "[imap]\nlisten = \"10.0.0.1:993\"\nstarttls_listen = \"0.0.0.0:1143\"\n\
                    backend = \"imap+starttls://ex01.example.com\"\nsomething_new = 1\n\
                    [pop3]\nlisten = \"10.0.0.1:995\"\nbackend = \"pop3s://ex01.example.com\"\nbackend_ca = \"/ca.pem\"\n\
                    backend_proxy_protocol = true\n[webmail.doors]\news = [\"10.0.0.0/8\"]\noab = \"closed\"\n";
        let config = ProxyConfig::of(text);
        let fronts: Vec<_> =
            config.mail_fronts().into_iter().map(|it| (it.to_string(), it.at[0].to_string())).collect();
        let expected = [
            ("imaps://localhost", "10.0.0.1:993"),
            ("imap://localhost:1143", "127.0.0.1:1143"),
            ("pop3s://localhost", "10.0.0.1:995"),
        ];
        assert_eq!(fronts, expected.map(|(name, at)| (name.to_owned(), at.to_owned())));
        let backends: Vec<MailBackend<'_>> = config.mail_backends().collect();
        let names: Vec<String> = backends.iter().map(|backend| backend.place.to_string()).collect();
        assert_eq!(names, ["imap://ex01.example.com", "pop3s://ex01.example.com"]);
        assert_eq!((backends[0].ca, backends[1].ca), (None, Some(Path::new("/ca.pem"))));
        assert!(backends[1].place.wants_proxy_header && !backends[0].place.wants_proxy_header);
        assert_eq!(config.endpoints["ews"], Opening::Networks(vec!["10.0.0.0/8".parse().unwrap()]));
        assert!(config.public().is_none() && config.upstream().is_none());
    }
}
