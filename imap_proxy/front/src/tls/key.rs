//! The private key of a certificate, and why one cannot be used: TLS libraries do not give the reason.

use super::error::TlsError;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;

/// The supported keys: those that `ring` signs with.
const SUPPORTED: &str = "RSA of 2048 to 4096 bits, ECDSA on P-256 or P-384, and Ed25519";
/// The first line of a private key that is encrypted (RFC 7468, section 11), and a line of one in OpenSSL's older
/// format (RFC 1421, section 4.6.1.1).
const ENCRYPTED: [&str; 2] = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];
/// The first byte of a key in DER without PEM: a sequence (X.690).
const DER_SEQUENCE: u8 = 0x30;

/// Algorithms and curves by their object identifiers (RFC 8017, RFC 5480, RFC 5639, RFC 8410, RFC 9881).
const NAMES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.10", "RSA that is bound to PSS"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10045.3.1.7", "ECDSA on the curve P-256"),
    ("1.3.132.0.34", "ECDSA on the curve P-384"),
    ("1.3.132.0.35", "ECDSA on the curve P-521"),
    ("1.3.132.0.10", "ECDSA on the curve secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "ECDSA on the curve brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "ECDSA on the curve brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "ECDSA on the curve brainpoolP512r1"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];
/// ECDSA, whose curve is a parameter.
const EC: &str = "1.2.840.10045.2.1";

/// Reads the key in a PEM file.
///
/// # Errors
/// [`TlsError::File`], [`TlsError::Key`].
pub(super) fn read(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let wrong = |why: String| TlsError::File { path: path.to_owned(), wanted: "private key", why };
    let unusable = |why: String| TlsError::Key { key: path.to_owned(), why };
    let pem = zeroize::Zeroizing::new(std::fs::read(path).map_err(|error| wrong(error.to_string()))?);
    let has = |text: &str| pem.windows(text.len()).any(|window| window == text.as_bytes());
    if ENCRYPTED.into_iter().any(has) {
        return Err(unusable(format!(
            "it is encrypted, and nobody is there to type its passphrase; write it anew without one, for the proxy's user \
             alone: openssl pkey -in {} -out NEW",
            path.display()
        )));
    }
    // The library's own text may quote a line of the key.
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        _ if pem.first() == Some(&DER_SEQUENCE) => {
            wrong(format!("it is in DER; write it in PEM: openssl pkey -inform der -in {} -out NEW", path.display()))
        }
        _ if has("-----BEGIN OPENSSH PRIVATE KEY-----") => unusable("it is in a form of OpenSSH's".to_owned()),
        _ if has("-----BEGIN DSA PRIVATE KEY-----") => unusable(unsupported("DSA")),
        rustls::pki_types::pem::Error::NoItemsFound if has("-----BEGIN CERTIFICATE-----") => wrong(
            "there is a certificate in it, and no private key; are `cert` and `key` the other way round?".to_owned(),
        ),
        rustls::pki_types::pem::Error::NoItemsFound => wrong("there is no PEM block of a private key in it".to_owned()),
        _ => wrong("it is damaged".to_owned()),
    })
}

/// Why the library does not accept a key that it could read.
pub(super) fn objection(key: &PrivateKeyDer<'_>) -> String {
    match described(key) {
        Some(kind) => unsupported(&kind),
        None => format!("it is damaged, or of a kind that nobody knows here; supported are {SUPPORTED}"),
    }
}

fn unsupported(kind: &str) -> String {
    format!("it is a key for {kind}, which is not supported; get a certificate for another key: {SUPPORTED}")
}

/// The algorithm that the key is for.
fn described(key: &PrivateKeyDer<'_>) -> Option<String> {
    match key {
        // RFC 8017, appendix A.1.2
        PrivateKeyDer::Pkcs1(key) => rsa(key.secret_pkcs1_der()),
        // RFC 5915, section 3
        PrivateKeyDer::Sec1(key) => {
            let curve = elements(key.secret_sec1_der())?.into_iter().find_map(|it| {
                yasna::parse_der(&it, |reader| reader.read_tagged(yasna::Tag::context(0), |reader| reader.read_oid()))
                    .ok()
            });
            Some(curve.map_or("ECDSA on a curve of its own".to_owned(), |curve| name(&curve.to_string())))
        }
        // RFC 5958, section 2
        PrivateKeyDer::Pkcs8(key) => {
            let all = elements(key.secret_pkcs8_der())?;
            let (algorithm, inner) = (elements(all.get(1)?)?, all.get(2)?);
            let which = oid(algorithm.first()?)?;
            match which.as_str() {
                EC => Some(
                    algorithm
                        .get(1)
                        .and_then(|curve| oid(curve))
                        .map_or("ECDSA on a curve of its own".to_owned(), |curve| name(&curve)),
                ),
                _ if name(&which) == "RSA" => rsa(&yasna::parse_der(inner, |reader| reader.read_bytes()).ok()?),
                _ => Some(name(&which)),
            }
        }
        _ => None,
    }
}

fn rsa(key: &[u8]) -> Option<String> {
    let modulus = elements(key)?.into_iter().nth(1)?;
    let (bytes, _) = yasna::parse_der(&modulus, |reader| reader.read_bigint_bytes()).ok()?;
    let leading: usize = bytes.iter().take_while(|byte| **byte == 0).count();
    let first = bytes.get(leading)?;
    Some(format!("RSA of {} bits", (bytes.len() - leading) * 8 - first.leading_zeros() as usize))
}

fn name(oid: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| format!("the algorithm or curve {oid}"), |(_, name)| (*name).to_owned())
}

/// The elements of a sequence, each in DER.
fn elements(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    yasna::parse_der(der, |reader| reader.collect_sequence_of(|reader| reader.read_der())).ok()
}

fn oid(der: &[u8]) -> Option<String> {
    yasna::parse_der(der, |reader| reader.read_oid()).ok().map(|oid| oid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// The message for a key that OpenSSL makes with these arguments.
    fn told(arguments: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let mut words = arguments.split(' ');
        let mut openssl = Command::new("openssl");
        let made = openssl.arg(words.next().unwrap()).arg("-out").arg(&path).args(words).output().unwrap();
        assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
        match read(&path) {
            Ok(key) => objection(&key),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_cause_is_named() {
        for (arguments, said) in [
            ("ecparam -name secp521r1 -genkey -noout", "ECDSA on the curve P-521, which is not supported"),
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", "ECDSA on the curve P-521"),
            ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "the curve secp256k1"),
            (
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
                "a curve of its own",
            ),
            ("genpkey -algorithm ED448", "Ed448"),
            ("genrsa -traditional 1024", "RSA of 1024 bits"),
            ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "RSA of 1024 bits"),
            ("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "RSA that is bound to PSS"),
            ("genpkey -algorithm ED25519 -aes256 -pass pass:secret", "it is encrypted"),
            ("genrsa -traditional -aes256 -passout pass:secret 2048", "it is encrypted"),
            ("ecparam -name prime256v1 -genkey -noout -outform der", "it is in DER"),
            ("req -x509 -newkey ed25519 -nodes -subj /CN=a -keyout /dev/null", "the other way round"),
        ] {
            let told = told(arguments);
            assert!(told.contains(said), "{arguments}: {told}");
        }
    }
}
