//! `[tls]`: the source of the certificate, files or an authority.

use crate::acme::{Acme, WrittenAcme};
use crate::problem::Problem;
use crate::webmail::Webmail;
use serde::Deserialize;
use std::path::PathBuf;

/// `[tls]`
#[derive(Debug, Clone)]
pub enum Tls {
    /// From files that another program writes and renews.
    Files(CertificateFiles),
    /// From an authority by ACME (RFC 8555); the proxy orders it.
    Acme(Box<Acme>),
}

/// The files of a certificate and its private key; both may be in one file.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The certificate and its chain, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// `[tls]` as it is written.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub struct WrittenTls {
    /// The certificate and its chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    acme: Option<WrittenAcme>,
}

impl WrittenTls {
    /// None if something is missing or wrong.
    pub(crate) fn complete(self, webmail: Option<&Webmail>, problems: &mut Vec<Problem>) -> Option<Tls> {
        let mut wrong = |message: &str| {
            problems.push(Problem::new(message));
            None
        };
        match (self.cert, self.key, self.acme) {
            (Some(cert), Some(key), None) => Some(Tls::Files(CertificateFiles { cert, key })),
            (None, None, Some(acme)) => acme.complete(webmail, problems).map(|acme| Tls::Acme(Box::new(acme))),
            (Some(_), None, None) => wrong("[tls] has a `cert`, but no `key`; name the file of its private key in PEM"),
            (None, Some(_), None) => wrong("[tls] has a `key`, but no `cert`; name the file of its certificate in PEM"),
            (None, None, None) => wrong("[tls] is empty; name `cert` and `key`, or write [tls.acme]"),
            (_, _, Some(_)) => wrong(
                "[tls] has files and [tls.acme]; take out `cert` and `key` to get certificates by ACME, or else \
                 [tls.acme]",
            ),
        }
    }
}
