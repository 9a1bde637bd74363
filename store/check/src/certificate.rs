//! Checks certificates: in their files, and as servers present them. The trust anchors are those of this system, as for
//! the proxy itself and most clients; a private authority is installed there, or named with `--ca`.

use crate::report::{Line, Section};
use jiff::{SignedDuration, Timestamp};
use postern_proxy_config::WrittenTls;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore};
use std::path::Path;
use std::time::Duration;

/// How long before its end a certificate causes a warning: automatic renewal has failed several times by then.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Later than any certificate ends: one second after the last one of 9999 (RFC 5280, section 4.1.2.5).
const BEYOND: Duration = Duration::from_secs(253_402_300_800);

/// The trust anchors.
pub(crate) struct Authorities(RootCertStore);

impl Authorities {
    /// No trust anchors.
    pub(crate) fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// Those of this system, and those in the file `more`.
    ///
    /// # Errors
    /// If that file has none.
    pub(crate) fn of_system(more: Option<&Path>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in more.map(read).transpose()?.unwrap_or_default() {
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        Ok(Self(roots))
    }

    /// Those in a file.
    ///
    /// # Errors
    /// If it has none.
    pub(crate) fn of_file(path: &Path) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in read(path)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(Self(roots))
    }
}

/// Reads the certificates in a PEM file, at least one.
pub(crate) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match chain {
        Ok(chain) if chain.is_empty() => Err(format!("{}: there is no certificate in it", path.display())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// When a certificate ends.
fn end(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    // At a time at which no certificate is valid, the library reports when it ended.
    match verify(&certificate, &[], &RootCertStore::empty(), BEYOND) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Timestamp::from_second(i64::try_from(not_after.as_secs()).ok()?).ok()
        }
        _ => None,
    }
}

fn verify(
    certificate: &ParsedCertificate<'_>,
    chain: &[CertificateDer<'_>],
    roots: &RootCertStore,
    at: Duration,
) -> Result<(), Error> {
    let algorithms = ring::default_provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(certificate, roots, chain, UnixTime::since_unix_epoch(at), algorithms)
}

/// Why a client would not accept it for `host` (`None`: for any name); `None` if it would.
pub(crate) fn distrust(
    chain: &[CertificateDer<'_>],
    host: Option<&str>,
    authorities: &Authorities,
    now: Timestamp,
) -> Option<String> {
    let since = Duration::from_secs(now.as_second().try_into().unwrap_or_default());
    let judged = chain.split_first().map(|(leaf, rest)| {
        let leaf = ParsedCertificate::try_from(leaf)?;
        verify(&leaf, rest, &authorities.0, since)?;
        let name = host.map(ServerName::try_from).transpose().map_err(|error| Error::General(error.to_string()))?;
        name.map_or(Ok(()), |name| verify_server_name(&leaf, &name))
    });
    Some(match judged? {
        Ok(()) => return None,
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "nobody whom this system trusts has signed it, as far as the chain behind it goes".to_owned()
        }
        Err(Error::InvalidCertificate(
            CertificateError::NotValidForNameContext { .. } | CertificateError::NotValidForName,
        )) => format!("it is not for {}", host.unwrap_or_default()),
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. } | CertificateError::Expired)) => {
            "it has expired, or one in the chain behind it has".to_owned()
        }
        Err(Error::InvalidCertificate(CertificateError::Other(_))) => {
            "it is not as a server's certificate has to be; is it signed by itself?".to_owned()
        }
        Err(Error::InvalidCertificate(error)) => error.to_string(),
        Err(error) => error.to_string(),
    })
}

/// The finding about the certificate's remaining lifetime.
fn age(subject: &str, leaf: &CertificateDer<'_>, now: Timestamp) -> Line {
    let renew = "renew it, and see why nothing has renewed it by itself";
    match end(leaf) {
        None => Line::failure(Section::Certificate, subject, "it cannot be read: it is no certificate"),
        Some(end) if end <= now => Line::failure(Section::Certificate, subject, format!("it has expired: {end}"))
            .why("browsers and mail apps refuse it, and people who click the warning away are easy prey")
            .advice(renew),
        Some(end) if end.duration_since(now) < SOON => {
            Line::warning(Section::Certificate, subject, format!("it expires soon: {end}"))
                .why("browsers and mail apps refuse it from then on")
                .advice(renew)
        }
        Some(end) => Line::ok(Section::Certificate, subject, format!("good until {end}")),
    }
}

/// The findings about a chain: its lifetime, and which clients would not trust it.
fn judge(
    subject: &str,
    chain: &[CertificateDer<'_>],
    host: Option<&str>,
    authorities: &Authorities,
    now: Timestamp,
) -> Vec<Line> {
    let mut lines: Vec<Line> = chain.first().map(|leaf| age(subject, leaf, now)).into_iter().collect();
    let is_good = lines.iter().all(|line| line.level != postern_wire::admin::Level::Failure);
    if let Some(why) = distrust(chain, host, authorities, now).filter(|_| is_good) {
        lines.push(
            Line::warning(Section::Certificate, subject, why)
                .why("clients that trust no more than this system does will refuse it")
                .advice("let it have the right name, and the whole chain in its file; name an authority of your own with --ca FILE"),
        );
    }
    lines
}

/// Checks the certificate in its file, and that the key there belongs to it. `host`: the name that it must be valid
/// for.
pub(crate) fn file(tls: &WrittenTls, host: Option<&str>, authorities: &Authorities, now: Timestamp) -> Vec<Line> {
    let (Some(cert), Some(key)) = (&tls.cert, &tls.key) else { return vec![] };
    let subject = cert.display().to_string();
    let failure = |why: String| Line::failure(Section::Certificate, &subject, why);
    let chain = match read(cert) {
        Ok(chain) => chain,
        Err(error) => return vec![failure(error).why("the proxy does not start with it, or goes on with the old one")],
    };
    let mut lines = judge(&subject, &chain, host, authorities, now);
    let key_name = key.display();
    match PrivateKeyDer::from_pem_file(key) {
        // The library's message may quote the file.
        Err(rustls::pki_types::pem::Error::Io(error)) => lines.push(
            Line::warning(Section::Certificate, &subject, format!("its key cannot be looked at: {key_name}: {error}"))
                .advice("run this as root"),
        ),
        Err(_) => lines.push(unusable(&key_name.to_string(), failure)),
        Ok(der) => match CertifiedKey::from_der(chain, der, &ring::default_provider()) {
            Ok(_) => {}
            Err(Error::InconsistentKeys(_)) => lines.push(
                failure(format!("{key_name} is not its key: they are not of one pair"))
                    .why("the proxy cannot use the pair, and goes on with the old one until it is restarted")
                    .advice("copy both again, from the same renewal"),
            ),
            Err(_) => lines.push(unusable(&key_name.to_string(), failure)),
        },
    }
    lines
}

/// A key that cannot be read or used. The proxy itself reports why.
fn unusable(key: &str, failure: impl Fn(String) -> Line) -> Line {
    failure(format!("{key} holds no private key that can be used"))
        .why("the proxy does not start with it, or goes on with the old one: it may be encrypted, or of a kind that is not supported")
        .advice("postern-proxy --check says what is wrong with it")
}

/// Checks the certificate that a front presents, compared with the one in its file.
pub(crate) fn shown(
    subject: &str,
    chain: &[CertificateDer<'_>],
    tls: &WrittenTls,
    host: Option<&str>,
    authorities: &Authorities,
    now: Timestamp,
) -> Vec<Line> {
    let in_file = tls.cert.as_deref().and_then(|path| read(path).ok());
    let Some(in_file) = in_file else { return judge(subject, chain, host, authorities, now) };
    if chain.first() == in_file.first() {
        return vec![Line::ok(Section::Certificate, subject, "shows the certificate of the file")];
    }
    let mut lines = judge(subject, chain, host, authorities, now);
    lines.push(
        Line::warning(Section::Certificate, subject, "shows another certificate than the one in the file")
            .why("the proxy has not taken up the renewed one, or something else answers there")
            .advice("systemctl reload postern-proxy; then journalctl -u postern-proxy --grep certificate"),
    );
    lines
}
