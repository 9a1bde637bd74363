//! `[webmail.doors]`: the endpoints beside a webmail that require only the password.

use crate::problem::Problem;
use crate::values::Network;
use serde::Deserialize;
use std::net::IpAddr;

/// Every key of `[webmail.doors]`.
pub(crate) const KEYS: &[&str] =
    &["ews", "activesync", "mapi", "rpc", "oab", "autodiscover", "powershell", "api", "dav"];

/// A webmail that the front supports. This crate contains none: the caller that reads the file passes the list.
#[derive(Debug, Clone, Copy)]
pub struct KnownProduct {
    /// Its name as a value of `product`.
    pub name: &'static str,
    /// The endpoints that it has besides its pages.
    pub endpoints: &'static [Endpoint],
}

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Exchange Web Services: Outlook for Mac, Thunderbird.
    Ews,
    /// ActiveSync: phones.
    ActiveSync,
    /// MAPI over HTTP: Outlook for Windows.
    Mapi,
    /// RPC over HTTP: the predecessor, for Outlook for Windows.
    Rpc,
    /// The offline address book.
    Oab,
    /// Where programs learn about the other endpoints.
    Autodiscover,
    /// The administrators' shell.
    PowerShell,
    /// The REST interface.
    Api,
    /// CalDAV and CardDAV: calendars and address books.
    Dav,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 9] = [
        Self::Ews,
        Self::ActiveSync,
        Self::Mapi,
        Self::Rpc,
        Self::Oab,
        Self::Autodiscover,
        Self::PowerShell,
        Self::Api,
        Self::Dav,
    ];

    /// Its name in the configuration and in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ews => "ews",
            Self::ActiveSync => "activesync",
            Self::Mapi => "mapi",
            Self::Rpc => "rpc",
            Self::Oab => "oab",
            Self::Autodiscover => "autodiscover",
            Self::PowerShell => "powershell",
            Self::Api => "api",
            Self::Dav => "dav",
        }
    }

    /// Why it accepts no app password, if it accepts none.
    fn takes_no_app_password(self) -> Option<&'static str> {
        match self {
            // It gives access to more than a mailbox.
            Self::PowerShell => Some("an app password is for a mailbox, this is for administrators"),
            // It keeps two requests open for hours, each of which waits for the other.
            Self::Rpc => Some("it does not pass a front that reads requests; Outlook uses `mapi`"),
            _ => None,
        }
    }
}

/// Which clients may use an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawOpening")]
pub enum Opening {
    /// No client.
    #[default]
    Closed,
    /// Clients with an app password, and clients that need no second factor with the password.
    AppPassword,
    /// Clients from these networks, without any check here.
    Networks(Vec<Network>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawOpening {
    Word(String),
    Networks(Vec<String>),
}

impl TryFrom<RawOpening> for Opening {
    type Error = String;

    fn try_from(raw: RawOpening) -> Result<Self, String> {
        match raw {
            RawOpening::Word(word) if word == "closed" => Ok(Self::Closed),
            RawOpening::Word(word) if word == "app-password" => Ok(Self::AppPassword),
            RawOpening::Word(word) => Err(format!(
                "`{word}` does not open an endpoint; there are \"closed\", \"app-password\" and a list of networks"
            )),
            RawOpening::Networks(networks) => {
                let networks: Result<Vec<Network>, String> = networks.iter().map(|text| text.parse()).collect();
                networks.map(Self::Networks)
            }
        }
    }
}

/// All endpoints.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    open: Vec<(Endpoint, Opening)>,
}

impl Endpoints {
    /// Which clients may use this endpoint.
    pub fn opening(&self, endpoint: Endpoint) -> &Opening {
        self.open.iter().find(|(known, _)| *known == endpoint).map_or(&Opening::Closed, |(_, opening)| opening)
    }
}

impl Opening {
    /// Whether `address` may use an endpoint without any check here.
    pub fn is_open_to(&self, address: IpAddr) -> bool {
        matches!(self, Self::Networks(networks) if networks.iter().any(|network| network.contains(address)))
    }
}

/// `[webmail.doors]` as it is written.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub struct WrittenEndpoints {
    ews: Opening,
    activesync: Opening,
    mapi: Opening,
    rpc: Opening,
    oab: Opening,
    autodiscover: Opening,
    powershell: Opening,
    api: Opening,
    dav: Opening,
}

impl WrittenEndpoints {
    /// Every endpoint, and which clients may use it.
    pub fn into_openings(self) -> [(Endpoint, Opening); 9] {
        [
            (Endpoint::Ews, self.ews),
            (Endpoint::ActiveSync, self.activesync),
            (Endpoint::Mapi, self.mapi),
            (Endpoint::Rpc, self.rpc),
            (Endpoint::Oab, self.oab),
            (Endpoint::Autodiscover, self.autodiscover),
            (Endpoint::PowerShell, self.powershell),
            (Endpoint::Api, self.api),
            (Endpoint::Dav, self.dav),
        ]
    }

    pub(crate) fn complete(self, product: &KnownProduct, problems: &mut Vec<Problem>) -> Endpoints {
        let all = self.into_openings();
        let mut problem = |message: String| problems.push(Problem::new(message));
        for (endpoint, opening) in &all {
            if let (Opening::AppPassword, Some(why)) = (opening, endpoint.takes_no_app_password()) {
                let name = endpoint.name();
                problem(format!(
                    "[webmail.doors] `{name}` cannot be opened by app passwords: {why}; list networks or close it"
                ));
            }
        }
        let open: Vec<_> = all.into_iter().filter(|(_, opening)| *opening != Opening::Closed).collect();
        for (endpoint, _) in open.iter().filter(|(endpoint, _)| !product.endpoints.contains(endpoint)) {
            let (name, product) = (endpoint.name(), product.name);
            problem(format!("[webmail.doors] `product = \"{product}\"` has no `{name}`; take it out"));
        }
        Endpoints { open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUNDCUBE: KnownProduct = KnownProduct { name: "roundcube", endpoints: &[] };
    const SNAPPYMAIL: KnownProduct = KnownProduct { name: "snappymail", endpoints: &[] };
    const SOGO: KnownProduct = KnownProduct { name: "sogo", endpoints: &[Endpoint::ActiveSync, Endpoint::Dav] };
    const OWA: KnownProduct = KnownProduct { name: "owa", endpoints: Endpoint::ALL.split_at(8).0 };

    fn read(text: &str, product: KnownProduct) -> Result<Endpoints, String> {
        let raw: WrittenEndpoints = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let mut problems = Vec::new();
        let endpoints = raw.complete(&product, &mut problems);
        problems.pop().map_or(Ok(endpoints), |problem: Problem| Err(problem.message))
    }

    #[test]
    fn every_endpoint_is_closed_unless_it_is_opened() {
        let endpoints = read("", OWA).unwrap();
        assert!(Endpoint::ALL.iter().all(|endpoint| *endpoints.opening(*endpoint) == Opening::Closed));
        let text = "activesync = \"app-password\"\news = [\"10.0.0.0/8\"]\noab = \"closed\"\n";
        let endpoints = read(text, OWA).unwrap();
        assert_eq!(*endpoints.opening(Endpoint::ActiveSync), Opening::AppPassword);
        let ews = endpoints.opening(Endpoint::Ews);
        assert!(ews.is_open_to("10.1.2.3".parse().unwrap()) && !ews.is_open_to("11.1.2.3".parse().unwrap()));
        for endpoint in
            Endpoint::ALL.into_iter().filter(|endpoint| ![Endpoint::ActiveSync, Endpoint::Ews].contains(endpoint))
        {
            assert_eq!(*endpoints.opening(endpoint), Opening::Closed, "{endpoint:?}");
        }
        assert!(!endpoints.opening(Endpoint::ActiveSync).is_open_to("10.1.2.3".parse().unwrap()));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (text, said) in [
            ("ews = \"open\"", "does not open an endpoint"),
            ("ews = [\"10.0.0.0/33\"]", "more bits"),
            ("powershell = \"app-password\"", "this is for administrators"),
            ("rpc = \"app-password\"", "Outlook uses `mapi`"),
        ] {
            assert!(read(text, OWA).unwrap_err().contains(said), "{text}");
        }
        let of = |key: &str, product| read(&format!("{key} = \"app-password\""), product);
        assert!(of("activesync", SOGO).is_ok() && of("dav", SOGO).is_ok());
        for (key, product, said) in [
            ("ews", ROUNDCUBE, "`product = \"roundcube\"` has no `ews`"),
            ("ews", SOGO, "`product = \"sogo\"` has no `ews`"),
            ("dav", OWA, "`product = \"owa\"` has no `dav`"),
            ("dav", SNAPPYMAIL, "`product = \"snappymail\"` has no `dav`"),
        ] {
            assert!(of(key, product).unwrap_err().contains(said), "{key} {product:?}");
        }
    }

    #[test]
    fn the_keys_are_the_endpoints() {
        assert_eq!(Endpoint::ALL.map(Endpoint::name).as_slice(), KEYS);
    }
}
