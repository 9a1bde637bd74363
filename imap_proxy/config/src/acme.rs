//! `[tls.acme]`: an authority that issues certificates by ACME (RFC 8555).

use crate::problem::Problem;
use crate::values::{PublicUrl, absolute};
use crate::webmail::Webmail;
use http::uri::Scheme;
use rustls_pki_types::DnsName;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Every key of `[tls.acme]`.
pub(crate) const KEYS: &[&str] = &[
    "directory",
    "directory_ca",
    "contact",
    "domains",
    "challenge",
    "accept_terms",
    "state",
    "http_listen",
    "external_account_id",
    "external_account_key",
];
/// Let's Encrypt.
const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The directory where account and certificate are stored.
const STATE: &str = "/var/lib/postern-proxy/acme";
/// The address for HTTP-01 requests of the authority (RFC 8555, section 8.3): port 80 of every address.
const HTTP_LISTEN: &str = "[::]:80";
/// Maximum number of names of one certificate; the large authorities allow as many.
const MAX_DOMAINS: usize = 100;

/// `[tls.acme]`
#[derive(Debug, Clone)]
pub struct Acme {
    /// The URL of the authority's directory.
    pub directory: String,
    /// The authorities that sign the certificate of the directory's server; none: those that this system trusts.
    pub directory_ca: Option<PathBuf>,
    /// The contact URLs for the authority, each `mailto:…`.
    pub contact: Vec<String>,
    /// The names of the certificate, at least one, in lower case.
    pub domains: Vec<String>,
    /// How control of the names is proved to the authority.
    pub challenge: Challenge,
    /// The directory where account and certificate are stored.
    pub state: PathBuf,
    /// Where to listen for HTTP without TLS.
    pub http_listen: Option<SocketAddr>,
    /// Where browsers that connect there are redirected to; none: nowhere.
    pub webmail: Option<PublicUrl>,
    /// The account at the authority that the ACME account is bound to (RFC 8555, section 7.3.4).
    pub external_account: Option<ExternalAccount>,
}

/// How control of a name is proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Challenge {
    /// By a TLS handshake at port 443 (RFC 8737).
    #[default]
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// By a request at port 80 (RFC 8555, section 8.3).
    #[serde(rename = "http-01")]
    Http01,
}

/// The key of an external account, which an authority gives to its existing customers.
#[derive(Debug, Clone)]
pub struct ExternalAccount {
    /// The key identifier.
    pub id: String,
    /// The file with the key, in base64url.
    pub key: PathBuf,
}

/// `[tls.acme]` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct WrittenAcme {
    directory: Directory,
    directory_ca: Option<PathBuf>,
    contact: Vec<Contact>,
    domains: Vec<Domain>,
    challenge: Challenge,
    accept_terms: bool,
    state: PathBuf,
    http_listen: Option<SocketAddr>,
    external_account_id: Option<String>,
    external_account_key: Option<PathBuf>,
}

impl Default for WrittenAcme {
    fn default() -> Self {
        Self {
            directory: Directory(DIRECTORY.to_owned()),
            directory_ca: None,
            contact: Vec::new(),
            domains: Vec::new(),
            challenge: Challenge::default(),
            accept_terms: false,
            state: STATE.into(),
            http_listen: None,
            external_account_id: None,
            external_account_key: None,
        }
    }
}

impl WrittenAcme {
    /// None if something is missing or wrong.
    pub(crate) fn complete(self, webmail: Option<&Webmail>, problems: &mut Vec<Problem>) -> Option<Acme> {
        let known = problems.len();
        let mut wrong = |message: String| problems.push(Problem::new(message));
        if !self.accept_terms {
            wrong(
                "[tls.acme] needs `accept_terms = true`: the authority issues to those who accept its terms of \
                 service; its directory names them"
                    .to_owned(),
            );
        }
        if self.challenge == Challenge::TlsAlpn01 && webmail.is_none() {
            wrong(
                "[tls.acme] is answered by the webmail front with tls-alpn-01, and that is off; write \
                 `challenge = \"http-01\"`"
                    .to_owned(),
            );
        }
        let mut domains: Vec<String> = self.domains.into_iter().map(|domain| domain.0).collect();
        if let (true, Some(webmail)) = (domains.is_empty(), webmail) {
            match Domain::try_from(webmail.public_url.host().to_owned()) {
                Ok(domain) => domains.push(domain.0),
                Err(why) => wrong(format!("[tls.acme] has no `domains`, and of `public_url` {why}")),
            }
        } else if domains.is_empty() {
            wrong("[tls.acme] has no `domains`; write the names that mail apps connect to".to_owned());
        }
        if domains.len() > MAX_DOMAINS {
            wrong(format!("[tls.acme] has {} `domains`; a certificate has {MAX_DOMAINS} at most", domains.len()));
        }
        domains.sort_unstable();
        domains.dedup();
        let external_account = match (self.external_account_id, self.external_account_key) {
            (Some(id), Some(key)) => Some(ExternalAccount { id, key }),
            (None, None) => None,
            _ => {
                wrong("[tls.acme] has one of `external_account_id` and `external_account_key`; name both".to_owned());
                None
            }
        };
        let by_http = self.challenge == Challenge::Http01;
        let http_listen = self.http_listen.or_else(|| by_http.then(|| HTTP_LISTEN.parse().expect("an address")));
        (problems.len() == known).then(|| Acme {
            directory: self.directory.0,
            directory_ca: self.directory_ca,
            contact: self.contact.into_iter().map(|contact| contact.0).collect(),
            domains,
            challenge: self.challenge,
            state: self.state,
            http_listen,
            webmail: webmail.map(|webmail| webmail.public_url.clone()),
            external_account,
        })
    }
}

/// The URL of a directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Directory(String);

impl TryFrom<String> for Directory {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match absolute(&text) {
            Some(uri) if uri.scheme() == Some(&Scheme::HTTPS) => Ok(Self(text)),
            _ => Err(format!("`{text}` is no https:// URL; write it like \"{DIRECTORY}\"")),
        }
    }
}

/// A mail address as a URL.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Contact(String);

impl TryFrom<String> for Contact {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let address = text.strip_prefix("mailto:").and_then(|address| address.split_once('@'));
        let is_plain = |part: &str| !part.is_empty() && !part.contains([',', '?', '@']);
        match address {
            Some((name, host)) if is_plain(name) && is_plain(host) && text.chars().all(|c| c.is_ascii_graphic()) => {
                Ok(Self(text))
            }
            _ => Err(format!("`{text}` is no contact; write one address, like \"mailto:postmaster@example.com\"")),
        }
    }
}

/// A name that a certificate can contain.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Domain(String);

impl TryFrom<String> for Domain {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` {why}; write a name like \"webmail.example.com\""));
        if text.starts_with("*.") {
            return wrong("is a wildcard, and those take a change of the DNS");
        }
        let name = text.to_ascii_lowercase();
        let has_letters = name.rsplit('.').next().is_some_and(|last| last.contains(|c: char| c.is_ascii_alphabetic()));
        if DnsName::try_from(name.as_str()).is_err() || !has_letters {
            return wrong("is no name of the DNS");
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use crate::problem::ConfigError;
    use crate::tests::PRODUCTS;
    use crate::{Challenge, Tls};
    use std::path::Path;

    type Config = crate::Config<String, String>;

    const WEBMAIL: &str = "[webmail]\nlisten = \"[::]:443\"\npublic_url = \"https://Webmail.example.com/\"\n\
                           upstream = \"http://127.0.0.1:8080/\"\nproduct = \"roundcube\"\n";
    const IMAP: &str = "[imap]\nlisten = \"[::]:993\"\nbackend = \"imaps://mail.internal\"\n";

    fn read(acme: &str, front: &str) -> Result<super::Acme, String> {
        match Config::parse(&format!("[tls.acme]\n{acme}\n{front}"), PRODUCTS) {
            Ok(Config { tls: Some(Tls::Acme(acme)), .. }) => Ok(*acme),
            Ok(other) => panic!("{other:?}"),
            Err(problems) => Err(ConfigError::new(Path::new("proxy.toml"), problems).to_string()),
        }
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let acme = read("accept_terms = true", WEBMAIL).unwrap();
        assert_eq!(acme.directory, super::DIRECTORY);
        assert_eq!(acme.domains, ["webmail.example.com"]);
        assert_eq!((acme.challenge, acme.http_listen), (Challenge::TlsAlpn01, None));
        assert_eq!(acme.state, std::path::Path::new(super::STATE));
        let acme = read("accept_terms = true\nchallenge = \"http-01\"", WEBMAIL).unwrap();
        assert_eq!(acme.http_listen, Some("[::]:80".parse().unwrap()));
        assert_eq!(acme.webmail.unwrap().origin(), "https://webmail.example.com");
    }

    #[test]
    fn everything_can_be_written() {
        let acme = read(
            "accept_terms = true\ndirectory = \"https://ca.internal:9000/acme/acme/directory\"\n\
             directory_ca = \"/ca.pem\"\ncontact = [\"mailto:a@example.com\"]\n\
             domains = [\"IMAP.example.com\", \"a.example.com\", \"imap.example.com\"]\nchallenge = \"http-01\"\n\
             state = \"/state\"\nhttp_listen = \"127.0.0.1:80\"\nexternal_account_id = \"kid\"\n\
             external_account_key = \"/hmac\"",
            IMAP,
        )
        .unwrap();
        assert_eq!(acme.domains, ["a.example.com", "imap.example.com"]);
        assert_eq!(acme.contact, ["mailto:a@example.com"]);
        assert_eq!(acme.external_account.unwrap().id, "kid");
        assert!(acme.webmail.is_none());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let by_http = "accept_terms = true\nchallenge = \"http-01\"\n";
        for (acme, front, said) in [
            ("", WEBMAIL, "needs `accept_terms = true`"),
            ("accept_terms = false", WEBMAIL, "needs `accept_terms = true`"),
            ("accept_terms = true", IMAP, "write `challenge = \"http-01\"`"),
            (by_http, IMAP, "has no `domains`; write"),
            ("challenge = \"dns-01\"", WEBMAIL, "proxy.toml:2: [tls] unknown variant `dns-01`"),
            ("directory = \"http://ca/\"", WEBMAIL, "proxy.toml:2: [tls] `http://ca/` is no https:// URL"),
            ("directory = \"https://u:p@ca/\"", WEBMAIL, "is no https:// URL"),
            ("contact = [\"a@example.com\"]", WEBMAIL, "`a@example.com` is no contact"),
            ("contact = [\"mailto:a@b,c@d\"]", WEBMAIL, "is no contact"),
            ("domains = [\"*.example.com\"]", WEBMAIL, "`*.example.com` is a wildcard"),
            ("domains = [\"192.0.2.1\"]", WEBMAIL, "`192.0.2.1` is no name"),
            ("domains = [\"bücher.example\"]", WEBMAIL, "is no name"),
            ("accept_terms = true\nexternal_account_id = \"a\"", WEBMAIL, "name both"),
            ("domain = [\"a\"]", WEBMAIL, "proxy.toml:2: unknown key `domain` in [tls.acme]; did you mean `domains`?"),
        ] {
            let told = read(acme, front).unwrap_err();
            assert!(told.contains(said), "{told}");
        }
        let address = WEBMAIL.replace("Webmail.example.com", "[::1]:8443");
        let told = read("accept_terms = true", &address).unwrap_err();
        assert!(told.contains("has no `domains`, and of `public_url` `[::1]` is no name"), "{told}");
        let files = format!("[tls]\ncert = \"a\"\nkey = \"b\"\n[tls.acme]\naccept_terms = true\n{WEBMAIL}");
        let problems = Config::parse(&files, PRODUCTS).unwrap_err();
        let told = ConfigError::new(Path::new("proxy.toml"), problems).to_string();
        assert!(told.contains("[tls] has files and [tls.acme]"), "{told}");
    }
}
