//! `proxy.toml`: read and checked completely, before any socket is opened.
//!
//! Every problem is reported with its line, the reason, and what to do. An unknown key is an error: if a misspelt key
//! were ignored, the administrator would believe in a protection that does not exist.

//! [`Config`] is the configuration for the fronts: complete, and without contradictions. [`Written`] is the file before
//! these checks: `postern check` reads the names in it even while something is missing.
//!
//! The log levels and the address of the metrics have types of the process that has a log and metrics; both are
//! parameters here, so that a program that only reads the file depends on neither.

mod acme;
mod endpoints;
mod mail;
mod pin;
mod problem;
mod tls;
mod values;
mod webmail;
mod written;

pub use acme::{Acme, Challenge, ExternalAccount};
pub use endpoints::{Endpoint, Endpoints, KnownProduct, Opening, WrittenEndpoints};
pub use mail::{Backend, BackendSecurity, BackendUrl, ImapTable, Mail, Pop3Table, Table, WrittenMail};
pub use pin::Pin;
pub use problem::ConfigError;
pub use tls::{CertificateFiles, Tls, WrittenTls};
pub use values::{Base, HostName, Listen, Network, PublicUrl};
pub use webmail::{Webmail, WrittenWebmail};
pub use written::{Daemon, Log, Metrics, Written};

use problem::Problem;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The path of `proxy.toml` unless the command line gives another.
pub const DEFAULT_PATH: &str = "/etc/postern/proxy.toml";
/// The contents of `proxy.toml`: `L` is the type of the log levels, `P` that of the metrics' address.
#[derive(Debug, Clone)]
pub struct Config<L, P> {
    /// How to reach posternd.
    pub daemon: Daemon,
    /// The certificate; set whenever a front listens.
    pub tls: Option<Tls>,
    /// The log.
    pub log: Log<L>,
    /// Metrics.
    pub metrics: Metrics<P>,
    /// The IMAP front; none: it is off.
    pub imap: Option<Mail>,
    /// The POP3 front; none: it is off.
    pub pop3: Option<Mail>,
    /// The webmail front; none: it is off.
    pub webmail: Option<Webmail>,
}

impl<L: DeserializeOwned + Default, P: DeserializeOwned> Config<L, P> {
    /// Reads the file at `path`. `products` are the webmails that `product` may name.
    ///
    /// # Errors
    /// If it cannot be read, and all problems in it.
    pub fn load(path: &Path, products: &[KnownProduct]) -> Result<Self, ConfigError> {
        let failed = |problems| ConfigError::new(path, problems);
        let text = std::fs::read_to_string(path).map_err(|error| {
            failed(vec![Problem::new(format!("cannot be read: {error}; name the file with --config FILE"))])
        })?;
        Self::parse(&text, products).map_err(failed)
    }

    fn parse(text: &str, products: &[KnownProduct]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let Written { daemon, log, metrics, tls, imap, pop3, webmail } =
            written::read(text, &mut problems).map_err(|problem| vec![problem])?;
        let webmail_url = webmail.public_url.clone();
        let imap = imap.complete(webmail_url.clone(), &mut problems);
        let pop3 = pop3.complete(webmail_url, &mut problems);
        let webmail = webmail.complete(text, products, &mut problems);
        let tls = tls.and_then(|written| written.complete(webmail.as_ref(), &mut problems));
        let no_file = problems.is_empty();
        let listens = webmail.is_some() || imap.is_some() || pop3.is_some();
        if no_file && !listens {
            let message =
                "no front has a `listen`, so there is nothing to do; add `listen = \"[::]:443\"` to [webmail]";
            problems.push(Problem::new(message));
        }
        if no_file && listens && tls.is_none() {
            let message = "a front listens, but there is no [tls] with `cert` and `key`; name a certificate in PEM, or write \
                           [tls.acme]";
            problems.push(Problem::new(message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self { daemon, tls, log, metrics, imap, pop3, webmail })
    }
}

#[cfg(test)]
mod tests;
