//! A certificate authority for one world, and one certificate for all of its servers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, date_time_ymd,
};
use sha2::{Digest, Sha256};

use crate::{During, Result};

/// Every name that a client in the tests uses for a server.
pub const NAMES: [&str; 5] = ["localhost", "127.0.0.1", "::1", "mail.example.com", "webmail.example.com"];

/// The files, in PEM.
#[derive(Debug)]
pub struct Certificates {
    /// The authority's certificate, which clients must trust.
    pub ca: PathBuf,
    /// The servers' certificate, followed by the authority's.
    pub chain: PathBuf,
    /// The servers' private key, readable by its owner only.
    pub key: PathBuf,
    /// Base64 of the SHA-256 of the servers' public key, for Chromium's `--ignore-certificate-errors-spki-list`.
    pub public_key_hash: String,
}

impl Certificates {
    /// Makes a new authority and a new certificate in `directory`.
    pub fn issue(directory: &Path) -> Result<Certificates> {
        let doing = "issuing certificates";
        let ca_key = KeyPair::generate().during(doing)?;
        let ca_params = authority();
        let ca_pem = ca_params.self_signed(&ca_key).during(doing)?.pem();
        let key = KeyPair::generate().during(doing)?;
        let server_pem = server()?.signed_by(&key, &Issuer::new(ca_params, ca_key)).during(doing)?.pem();

        let files = Certificates {
            ca: directory.join("ca.pem"),
            chain: directory.join("fullchain.pem"),
            key: directory.join("key.pem"),
            public_key_hash: STANDARD.encode(Sha256::digest(key.subject_public_key_info())),
        };
        fs::write(&files.ca, &ca_pem).during(files.ca.display())?;
        fs::write(&files.chain, server_pem + &ca_pem).during(files.chain.display())?;
        let mut private = fs::File::options();
        let mut file = private.write(true).create_new(true).mode(0o600).open(&files.key).during(files.key.display())?;
        file.write_all(key.serialize_pem().as_bytes()).during(files.key.display())?;
        Ok(files)
    }
}

fn authority() -> CertificateParams {
    let mut params = validity(CertificateParams::default());
    params.distinguished_name.push(DnType::CommonName, "Postern test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server() -> Result<CertificateParams> {
    let mut params = validity(CertificateParams::new(NAMES.map(String::from)).during("naming the servers")?);
    params.distinguished_name.push(DnType::CommonName, NAMES[0]);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// A validity period that contains every time that a test moves a clock to.
fn validity(mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    params
}
