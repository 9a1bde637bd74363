//! `[webmail]`

use crate::endpoints::{Endpoints, KnownProduct, WrittenEndpoints};
use crate::problem::{Problem, line_at};
use crate::values::{Base, HostName, Listen, Network, PublicUrl};
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

/// Every key of `[webmail]`.
pub(crate) const KEYS: &[&str] = &[
    "listen",
    "public_url",
    "door_hosts",
    "upstream",
    "upstream_ca",
    "product",
    "brand",
    "proxy_protocol_from",
    "doors",
];

/// `[webmail]`, with a `listen`.
#[derive(Debug, Clone)]
pub struct Webmail {
    /// Where to listen for HTTPS.
    pub listen: Listen,
    /// The public URL of the webmail.
    pub public_url: PublicUrl,
    /// Further host names that mail apps use for the endpoints, such as `autodiscover.example.com`.
    pub endpoint_hosts: Vec<HostName>,
    /// The webmail upstream.
    pub upstream: Base,
    /// The authorities that sign the upstream's certificate; none: those that this system trusts.
    pub upstream_ca: Option<PathBuf>,
    /// The webmail product: the name of a [`KnownProduct`].
    pub product: String,
    /// The name of this service on the pages; the public host unless configured.
    pub brand: String,
    /// Load balancers whose PROXY header is trusted.
    pub proxy_protocol_from: Vec<Network>,
    /// Which clients may use the endpoints beside the webmail.
    pub endpoints: Endpoints,
}

/// `[webmail]` as it is written.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub struct WrittenWebmail {
    /// Where to listen for HTTPS; none: the front is off.
    pub listen: Option<Listen>,
    /// The public URL of the webmail.
    pub public_url: Option<PublicUrl>,
    #[serde(rename = "door_hosts")]
    endpoint_hosts: Vec<HostName>,
    /// The webmail upstream.
    pub upstream: Option<Base>,
    /// The authorities that sign the upstream's certificate.
    pub upstream_ca: Option<PathBuf>,
    product: Option<Spanned<String>>,
    brand: Option<String>,
    /// Load balancers whose PROXY header is trusted.
    pub proxy_protocol_from: Vec<Network>,
    /// Which clients may use the endpoints beside the webmail.
    #[serde(rename = "doors")]
    pub endpoints: WrittenEndpoints,
}

impl WrittenWebmail {
    /// None if the front is off, or if something is missing.
    pub(crate) fn complete(
        self,
        text: &str,
        products: &[KnownProduct],
        problems: &mut Vec<Problem>,
    ) -> Option<Webmail> {
        let product = self.product.as_ref().map(|written| {
            let known = products.iter().find(|known| known.name == written.get_ref());
            known.ok_or_else(|| problems.push(unknown_product(text, written, products)))
        });
        let listen = self.listen?;
        let mut missing = |key: &str, example: &str| {
            let message = format!("[webmail] listens, but has no `{key}`; add `{key} = \"{example}\"`");
            problems.push(Problem::new(message));
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
        let (public_url, upstream, product) = (self.public_url?, self.upstream?, product?.ok()?);
        let endpoints = self.endpoints.complete(product, problems);
        let brand = self.brand.unwrap_or_else(|| public_url.host().to_owned());
        let Self { endpoint_hosts, upstream_ca, proxy_protocol_from, .. } = self;
        Some(Webmail {
            listen,
            public_url,
            endpoint_hosts,
            upstream,
            upstream_ca,
            product: product.name.to_owned(),
            brand,
            proxy_protocol_from,
            endpoints,
        })
    }
}

fn unknown_product(text: &str, written: &Spanned<String>, products: &[KnownProduct]) -> Problem {
    let names: Vec<String> = products.iter().map(|known| format!("`{}`", known.name)).collect();
    let (name, names) = (written.get_ref(), names.join(", "));
    let message = format!("[webmail] unknown variant `{name}`, expected one of {names}");
    Problem { line: Some(line_at(text, written.span().start)), message }
}
