//! The tables of the mail protocols: `[imap]` and `[pop3]`. All have the same keys.

use crate::pin::Pin;
use crate::problem::Problem;
use crate::values::{Listen, Network, PublicUrl};
use http::Uri;
use postern_wire::address::parse_address;
use serde::Deserialize;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::path::PathBuf;

/// Default of `max_sessions`.
const MAX_SESSIONS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();
/// Default of `max_sessions_per_mailbox`: a dozen devices with several connections each.
const MAX_SESSIONS_PER_MAILBOX: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// Every key of such a table.
pub(crate) const KEYS: &[&str] = &[
    "listen",
    "starttls_listen",
    "backend",
    "backend_ca",
    "backend_pin",
    "backend_proxy_protocol",
    "proxy_protocol_from",
    "login_mechanism",
    "max_sessions",
    "max_sessions_per_mailbox",
];

/// The table of a mail protocol.
pub trait Table {
    /// Its name.
    const NAME: &'static str;
    /// The schemes of its backend's URL, with their default ports: with TLS, with STARTTLS, without TLS.
    const SCHEMES: [(&'static str, BackendSecurity, u16); 3];
}

/// `[imap]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImapTable;

impl Table for ImapTable {
    const NAME: &'static str = "imap";
    const SCHEMES: [(&'static str, BackendSecurity, u16); 3] = [
        ("imaps", BackendSecurity::Tls, 993),
        ("imap+starttls", BackendSecurity::StartTls, 143),
        ("imap", BackendSecurity::Plain, 143),
    ];
}

/// `[pop3]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pop3Table;

impl Table for Pop3Table {
    const NAME: &'static str = "pop3";
    const SCHEMES: [(&'static str, BackendSecurity, u16); 3] = [
        ("pop3s", BackendSecurity::Tls, 995),
        ("pop3+starttls", BackendSecurity::StartTls, 110),
        ("pop3", BackendSecurity::Plain, 110),
    ];
}

/// The configuration of a mail front, with a `listen` or a `starttls_listen`.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where to listen for the protocol over TLS.
    pub listen: Option<Listen>,
    /// Where to listen for the protocol without TLS, which requires STARTTLS before sign-in.
    pub starttls_listen: Option<Listen>,
    /// The mail server.
    pub backend: Backend,
    /// The authorities that sign the backend's certificate; none: those that this system trusts.
    pub backend_ca: Option<PathBuf>,
    /// The pin of the backend's key; if it is set, the issuer of the certificate does not matter.
    pub backend_pin: Option<Pin>,
    /// Whether the backend gets a PROXY header (version 2) with the client's address.
    pub backend_proxy_protocol: bool,
    /// Whether the mechanism LOGIN is accepted besides PLAIN, for very old clients.
    pub login_mechanism: bool,
    /// Load balancers whose PROXY header is trusted.
    pub proxy_protocol_from: Vec<Network>,
    /// Maximum number of open sessions in total.
    pub max_sessions: NonZeroUsize,
    /// Maximum number of open sessions of one mailbox.
    pub max_sessions_per_mailbox: NonZeroUsize,
    /// Where users set up their second factor: the `public_url` of `[webmail]`, if it is set.
    pub webmail: Option<PublicUrl>,
}

impl Mail {
    /// The configuration of a front for this backend, with defaults for everything else; it listens nowhere.
    pub fn before(backend: Backend) -> Self {
        Self {
            listen: None,
            starttls_listen: None,
            backend,
            backend_ca: None,
            backend_pin: None,
            backend_proxy_protocol: false,
            login_mechanism: false,
            proxy_protocol_from: Vec::new(),
            max_sessions: MAX_SESSIONS,
            max_sessions_per_mailbox: MAX_SESSIONS_PER_MAILBOX,
            webmail: None,
        }
    }
}

/// Such a table as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, bound = "T: Table")]
pub struct WrittenMail<T> {
    /// Where to listen for the protocol over TLS.
    pub listen: Option<Listen>,
    /// Where to listen for the protocol without TLS at first.
    pub starttls_listen: Option<Listen>,
    /// The mail server.
    pub backend: Option<BackendUrl<T>>,
    /// The authorities that sign the backend's certificate.
    pub backend_ca: Option<PathBuf>,
    /// The pin of the backend's key.
    pub backend_pin: Option<Pin>,
    /// Whether the backend gets a PROXY header with the client's address.
    pub backend_proxy_protocol: bool,
    login_mechanism: bool,
    /// Load balancers whose PROXY header is trusted.
    pub proxy_protocol_from: Vec<Network>,
    max_sessions: Option<NonZeroUsize>,
    max_sessions_per_mailbox: Option<NonZeroUsize>,
}

impl<T> Default for WrittenMail<T> {
    fn default() -> Self {
        Self {
            listen: None,
            starttls_listen: None,
            backend: None,
            backend_ca: None,
            backend_pin: None,
            backend_proxy_protocol: false,
            login_mechanism: false,
            proxy_protocol_from: Vec::new(),
            max_sessions: None,
            max_sessions_per_mailbox: None,
        }
    }
}

impl<T: Table> WrittenMail<T> {
    /// None if the front is off, or if something is missing.
    pub(crate) fn complete(self, webmail: Option<PublicUrl>, problems: &mut Vec<Problem>) -> Option<Mail> {
        if self.listen.is_none() && self.starttls_listen.is_none() {
            return None;
        }
        let name = T::NAME;
        let mut problem = |message: &str| problems.push(Problem::new(format!("[{name}] {message}")));
        if self.backend_ca.is_some() && self.backend_pin.is_some() {
            problem("has `backend_ca` and `backend_pin`; take one out: a pinned key needs no authority");
        }
        let Some(BackendUrl(backend, _)) = self.backend else {
            problem(&format!("listens, but has no `backend`; add `backend = \"{}\"`", example::<T>()));
            return None;
        };
        if self.backend_pin.is_some() && backend.security == BackendSecurity::Plain {
            let [(scheme, ..), ..] = T::SCHEMES;
            problem(&format!(
                "has a `backend_pin`, but `backend` is without TLS; write {scheme}:// or take the pin out"
            ));
        }
        Some(Mail {
            listen: self.listen,
            starttls_listen: self.starttls_listen,
            backend_ca: self.backend_ca,
            backend_pin: self.backend_pin,
            backend_proxy_protocol: self.backend_proxy_protocol,
            login_mechanism: self.login_mechanism,
            proxy_protocol_from: self.proxy_protocol_from,
            max_sessions: self.max_sessions.unwrap_or(MAX_SESSIONS),
            max_sessions_per_mailbox: self.max_sessions_per_mailbox.unwrap_or(MAX_SESSIONS_PER_MAILBOX),
            webmail,
            ..Mail::before(backend)
        })
    }
}

/// How the connection to a backend is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendSecurity {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, before anything confidential is sent.
    StartTls,
    /// No TLS: on this host only.
    Plain,
}

/// A mail server: how to connect to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    security: BackendSecurity,
    host: String,
    port: u16,
}

impl Backend {
    /// Host and port to connect to.
    pub fn endpoint(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// How the connection to it is protected.
    pub fn security(&self) -> BackendSecurity {
        self.security
    }
}

/// The URL of the backend in such a table: `imaps://mail.internal:993`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String", bound = "T: Table")]
pub struct BackendUrl<T>(Backend, PhantomData<T>);

impl<T> Deref for BackendUrl<T> {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.0
    }
}

impl<T> From<BackendUrl<T>> for Backend {
    fn from(BackendUrl(backend, _): BackendUrl<T>) -> Self {
        backend
    }
}

/// How the URL of a backend is written.
fn example<T: Table>() -> String {
    let [(scheme, _, port), ..] = T::SCHEMES;
    format!("{scheme}://mail.internal:{port}")
}

impl<T: Table> TryFrom<String> for BackendUrl<T> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` {why}; write it like \"{}\"", example::<T>());
        let (scheme, place) = text.split_once("://").ok_or_else(|| wrong("is not a URL"))?;
        let known = T::SCHEMES.into_iter().find(|(known, ..)| *known == scheme);
        let (_, security, default) = known.ok_or_else(|| {
            let [first, second, third] = T::SCHEMES.map(|(known, ..)| format!("{known}://"));
            wrong(&format!("begins with none of {first}, {second} and {third}"))
        })?;
        // Without a scheme the library parses a path as a host, so a known scheme is added.
        let uri: Uri = format!("https://{place}").parse().map_err(|_| wrong("is not a URL"))?;
        let authority = uri.authority().filter(|it| !it.as_str().contains('@')).ok_or_else(|| wrong("is not a URL"))?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(wrong("has more than host and port"));
        }
        // An IPv6 address is in brackets in a URL, and nowhere else.
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let is_here = host == "localhost" || parse_address(&host).is_some_and(|address| address.is_loopback());
        if security == BackendSecurity::Plain && !is_here {
            return Err(wrong("would send passwords in the clear to another host"));
        }
        let has_port = authority.as_str().len() > authority.host().len();
        let port = if has_port { authority.port_u16().ok_or_else(|| wrong("has no proper port"))? } else { default };
        Ok(Self(Backend { security, host, port }, PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_protected_or_on_this_host() {
        let read = |text: &str| BackendUrl::<ImapTable>::try_from(text.to_owned());
        for (text, host, port, security) in [
            ("imaps://mail.internal:993", "mail.internal", 993, BackendSecurity::Tls),
            ("imaps://mail.internal/", "mail.internal", 993, BackendSecurity::Tls),
            ("imap+starttls://mail.internal", "mail.internal", 143, BackendSecurity::StartTls),
            ("imap://127.0.0.1:1143", "127.0.0.1", 1143, BackendSecurity::Plain),
            ("imap://[::1]", "::1", 143, BackendSecurity::Plain),
            ("imap://localhost", "localhost", 143, BackendSecurity::Plain),
        ] {
            let backend = read(text).unwrap();
            assert_eq!((backend.endpoint(), backend.security()), ((host, port), security));
        }
        let pop3 = |text: &str| BackendUrl::<Pop3Table>::try_from(text.to_owned());
        for (text, port, security) in [
            ("pop3s://mail.internal", 995, BackendSecurity::Tls),
            ("pop3+starttls://mail.internal", 110, BackendSecurity::StartTls),
            ("pop3://127.0.0.1:1110", 1110, BackendSecurity::Plain),
        ] {
            let backend = pop3(text).unwrap();
            assert_eq!((backend.endpoint().1, backend.security()), (port, security));
        }
        let told = pop3("imaps://mail.internal").unwrap_err();
        assert!(
            told.contains(
                "none of pop3s://, pop3+starttls:// and pop3://; write it like \"pop3s://mail.internal:995\""
            )
        );
        assert!(read("imap://mail.internal:143").unwrap_err().contains("in the clear to another host"));
        for wrong in [
            "mail.internal:993",
            "pop3s://a",
            "imaps://",
            "imaps://a/b",
            "imaps://a?b",
            "imaps://u:p@a",
            "imaps://a:x",
            "imaps://a:",
            "imap://localhost.evil.example",
            "",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
