//! `proxy.toml`: read whole, judged whole, before anything is opened.
//!
//! Whatever is wrong is said with its line, why, and what to do. An unknown key is an error: a misspelt key that is
//! passed over would be a protection that is believed to stand.

mod acme;
mod endpoints;
mod imap;
mod tls;
mod values;

pub use acme::{Acme, Challenge, ExternalAccount};
pub use endpoints::{Endpoint, Endpoints, Opening};
pub use imap::{Imap, ImapBackend, ImapSecurity};
pub use tls::{CertificateFiles, Tls};
pub use values::{Base, HostName, Listen, Network, Product, PublicUrl};

use endpoints::RawEndpoints;
use imap::RawImap;
use postern_telemetry::log::Levels;
use postern_telemetry::scrape::Place;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use std::fmt;
use std::path::{Path, PathBuf};
use tls::RawTls;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where `proxy.toml` is looked for unless the command line says otherwise.
pub const DEFAULT_PATH: &str = "/etc/postern/proxy.toml";
/// How unlike a known key an unknown one may be to be taken for it (Jaro-Winkler, 1.0 is equal).
const LIKENESS: f64 = 0.75;

/// Every table and every key that there is.
const KEYS: [(&str, &[&str]); 8] = [
    ("daemon", &["socket"]),
    ("log", &["level"]),
    ("metrics", &["listen"]),
    ("tls", &["cert", "key", "acme"]),
    ("tls.acme", acme::KEYS),
    ("imap", imap::KEYS),
    (
        "webmail",
        &[
            "listen",
            "public_url",
            "door_hosts",
            "upstream",
            "upstream_ca",
            "product",
            "brand",
            "proxy_protocol_from",
            "doors",
        ],
    ),
    ("webmail.doors", endpoints::KEYS),
];

/// The whole of `proxy.toml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to reach posternd.
    pub daemon: Daemon,
    /// The certificate; there whenever a front listens.
    pub tls: Option<Tls>,
    /// The log.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
    /// The IMAP front; none: it is off.
    pub imap: Option<Imap>,
    /// The webmail front; none: it is off.
    pub webmail: Option<Webmail>,
}

/// `[daemon]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Daemon {
    /// posternd's socket for fronts.
    pub socket: PathBuf,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { socket: postern_wire::AUTH_SOCKET.into() }
    }
}

/// `[log]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Log {
    /// Up to which level lines are written.
    pub level: Levels,
}

/// `[metrics]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Where they are shown; none: nowhere.
    pub listen: Option<Place>,
}

/// `[webmail]`, with a `listen`.
#[derive(Debug, Clone)]
pub struct Webmail {
    /// Where to listen for HTTPS.
    pub listen: Listen,
    /// What stands in the browser's address bar.
    pub public_url: PublicUrl,
    /// Other names under which mail apps ask for the endpoints, such as `autodiscover.example.com`.
    pub endpoint_hosts: Vec<HostName>,
    /// The webmail behind.
    pub upstream: Base,
    /// Who signs the upstream's certificate; none: the authorities that this system trusts.
    pub upstream_ca: Option<PathBuf>,
    /// Which webmail it is.
    pub product: Product,
    /// What the pages call this place; the public host unless configured.
    pub brand: String,
    /// Load balancers whose PROXY header is believed.
    pub proxy_protocol_from: Vec<Network>,
    /// How far the endpoints beside the webmail are open.
    pub endpoints: Endpoints,
}

/// What is wrong with a configuration, for people: each with its line where it has one.
#[derive(Debug)]
pub struct ConfigError {
    path: PathBuf,
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Problem {
    line: Option<usize>,
    message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{}", self.path.display())?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, and all that is wrong in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let failed = |problems| ConfigError { path: path.to_owned(), problems };
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("cannot be read: {error}; name the file with --config FILE");
            failed(vec![Problem { line: None, message }])
        })?;
        Self::parse(&text).map_err(failed)
    }

    fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let root = DeTable::parse(text).map_err(|error| vec![Problem::of(text, &error)])?;
        let mut problems = Vec::new();
        unknown_keys(text, root.get_ref(), &mut problems);
        let daemon = read_table(text, root.get_ref(), "daemon", &mut problems);
        let log: Option<Log> = read_table(text, root.get_ref(), "log", &mut problems);
        let metrics: Option<Metrics> = read_table(text, root.get_ref(), "metrics", &mut problems);
        let tls: Option<RawTls> = read_table(text, root.get_ref(), "tls", &mut problems);
        let imap: Option<RawImap> = read_table(text, root.get_ref(), "imap", &mut problems);
        let webmail: Option<RawWebmail> = read_table(text, root.get_ref(), "webmail", &mut problems);
        let webmail_url = webmail.as_ref().and_then(|webmail| webmail.public_url.clone());
        let imap = imap.and_then(|raw| raw.complete(webmail_url, &mut problems));
        let webmail = webmail.and_then(|raw| raw.complete(&mut problems));
        let tls = tls.and_then(|raw| raw.complete(webmail.as_ref(), &mut problems));
        let no_file = problems.is_empty();
        if no_file && webmail.is_none() && imap.is_none() {
            let message =
                "no front has a `listen`, so there is nothing to do; add `listen = \"[::]:443\"` to [webmail]";
            problems.push(Problem { line: None, message: message.to_owned() });
        }
        if no_file && (webmail.is_some() || imap.is_some()) && tls.is_none() {
            let message = "a front listens, but there is no [tls] with `cert` and `key`; name a certificate in PEM, or write \
                           [tls.acme]";
            problems.push(Problem { line: None, message: message.to_owned() });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            daemon: daemon.unwrap_or_default(),
            tls,
            log: log.unwrap_or_default(),
            metrics: metrics.unwrap_or_default(),
            imap,
            webmail,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawWebmail {
    listen: Option<Listen>,
    public_url: Option<PublicUrl>,
    #[serde(rename = "door_hosts")]
    endpoint_hosts: Vec<HostName>,
    upstream: Option<Base>,
    upstream_ca: Option<PathBuf>,
    product: Option<Product>,
    brand: Option<String>,
    proxy_protocol_from: Vec<Network>,
    #[serde(rename = "doors")]
    endpoints: RawEndpoints,
}

impl RawWebmail {
    /// None where the front is off, and where something is missing.
    fn complete(self, problems: &mut Vec<Problem>) -> Option<Webmail> {
        let listen = self.listen?;
        let mut missing = |key: &str, example: &str| {
            let message = format!("[webmail] listens, but has no `{key}`; add `{key} = \"{example}\"`");
            problems.push(Problem { line: None, message });
        };
        if self.public_url.is_none() {
            missing("public_url", "https://webmail.example.com/");
        }
        if self.upstream.is_none() {
            missing("upstream", "http://127.0.0.1:8080/");
        }
        if self.product.is_none() {
            missing("product", "roundcube");
        }
        let (public_url, upstream, product) = (self.public_url?, self.upstream?, self.product?);
        let endpoints = self.endpoints.complete(product, problems);
        let brand = self.brand.unwrap_or_else(|| public_url.host().to_owned());
        let Self { endpoint_hosts, upstream_ca, proxy_protocol_from, .. } = self;
        Some(Webmail {
            listen,
            public_url,
            endpoint_hosts,
            upstream,
            upstream_ca,
            product,
            brand,
            proxy_protocol_from,
            endpoints,
        })
    }
}

impl Problem {
    fn of(text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| line_at(text, span.start));
        Self { line, message: error.message().to_owned() }
    }
}

fn unknown_keys(text: &str, root: &DeTable<'_>, problems: &mut Vec<Problem>) {
    let mut check = |table: &DeTable<'_>, place: &str, known: &[&str]| {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let likeness = |known: &&&str| strsim::jaro_winkler(name, known);
            let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let advice = match nearest.filter(|known| likeness(known) >= LIKENESS) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            let message = format!("unknown key `{name}` {place}; {advice}");
            problems.push(Problem { line: Some(line_at(text, key.span().start)), message });
        }
    };
    let tables: Vec<&str> = KEYS.map(|(table, _)| table).into_iter().filter(|table| !table.contains('.')).collect();
    check(root, "at the top", &tables);
    for (name, known) in KEYS {
        let found = name.split('.').try_fold(root, |table, name| match table.get(name).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(table),
            _ => None,
        });
        if let Some(table) = found {
            check(table, &format!("in [{name}]"), known);
        }
    }
}

fn read_table<T: for<'de> Deserialize<'de>>(
    text: &str,
    root: &DeTable<'_>,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = root.get(name)?.clone();
    let read = T::deserialize(value.into_deserializer());
    read.map_err(|error| {
        let Problem { line, message } = Problem::of(text, &error);
        problems.push(Problem { line, message: format!("[{name}] {message}") });
    })
    .ok()
}

/// The line, from 1 on, that the byte at `offset` stands in.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests;
