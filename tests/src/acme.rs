//! A real ACME certificate authority: Pebble, which Let's Encrypt provides for testing clients, and a DNS server in
//! which every name has a loopback address.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::certificates::Certificates;
use crate::service::{Ready, Service};
use crate::{During, Result, ports, tools};

/// The behaviour of a test's authority.
#[derive(Debug)]
pub struct Manners {
    /// The port that it validates TLS-ALPN-01 at, instead of 443.
    pub tls_port: u16,
    /// The port that it validates HTTP-01 at, instead of 80.
    pub http_port: u16,
    /// A key identifier and a key in base64url that it requires for a new account.
    pub external_account: Option<(&'static str, &'static str)>,
    /// A name that it issues no certificate for.
    pub blocked: Option<&'static str>,
    /// Whether it waits for some seconds before it validates, as real authorities do.
    pub is_slow: bool,
}

/// The lifetime of its certificates in seconds: 90 days.
const LIFETIME: u32 = 90 * 24 * 3600;
/// The longest wait of a slow one in seconds.
const SLOW: &str = "3";

/// The authority.
#[derive(Debug)]
pub struct Authority {
    /// Pebble: it loses its state at a restart, including its own root.
    pub service: Service,
    _names: Service,
    port: u16,
    management: u16,
    ca: PathBuf,
    directory: PathBuf,
}

impl Authority {
    /// Sets it up in `directory`, with TLS by `certificates`; it is not started yet.
    pub fn prepare(directory: &Path, certificates: &Certificates, manners: &Manners) -> Result<Authority> {
        fs::create_dir(directory).during(directory.display())?;
        let (port, management) = (ports::free()?, ports::free()?);
        let mut settings = json!({
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": certificates.chain,
            "privateKey": certificates.key,
            "httpPort": manners.http_port,
            "tlsPort": manners.tls_port,
            "ocspResponderURL": "",
            "certificateValidityPeriod": LIFETIME,
            "externalAccountBindingRequired": manners.external_account.is_some(),
            "domainBlocklist": manners.blocked.as_slice(),
        });
        if let Some((id, key)) = manners.external_account {
            settings["externalAccountMACKeys"] = json!({ id: key });
        }
        let config = directory.join("pebble.json");
        fs::write(&config, json!({ "pebble": settings }).to_string()).during(config.display())?;
        let names = ports::free()?;
        let mut dns = name_server(directory, names)?;
        dns.start()?;
        // Pebble rejects nonces and reuses authorizations at random; here it behaves the same way each time.
        let deadline = if manners.is_slow { ("PEBBLE_VA_SLEEPTIME", SLOW) } else { ("PEBBLE_VA_NOSLEEP", "1") };
        let manners = [("PEBBLE_WFE_NONCEREJECT", "0"), ("PEBBLE_AUTHZREUSE", "0"), deadline];
        let service = Service::new("pebble", "pebble", Ready::Port(port), directory)
            .arg("-strict")
            .arg("-config")
            .arg(config)
            .arg("-dnsserver")
            .arg(format!("127.0.0.1:{names}"))
            .env(manners.map(|(name, value)| (name.into(), value.into())));
        let ca = certificates.ca.clone();
        Ok(Authority { service, _names: dns, port, management, ca, directory: directory.to_owned() })
    }

    /// The URL of its directory.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// The file of its root certificate, which clients would trust. It changes with each start.
    pub fn root(&self) -> Result<PathBuf> {
        let url = format!("https://localhost:{}/roots/0", self.management);
        let pem = tools::curl(["--cacert", &self.ca.to_string_lossy(), &url])?.success()?;
        let path = self.directory.join("root.pem");
        fs::write(&path, pem).during(path.display())?;
        Ok(path)
    }
}

/// A DNS server in which every name resolves to 127.0.0.1. Other features of the program are off, as far as its version
/// has them.
fn name_server(directory: &Path, port: u16) -> Result<Service> {
    let usage = tools::run(Command::new("pebble-challtestsrv").arg("-help"), &[])?;
    let management = ports::free()?;
    let mut service = Service::new("names", "pebble-challtestsrv", Ready::Port(management), directory)
        .arg("-dns01")
        .arg(format!("127.0.0.1:{port}"))
        .arg("-management")
        .arg(format!("127.0.0.1:{management}"))
        .arg("-defaultIPv6")
        .arg("");
    for other in ["-http01", "-https01", "-tlsalpn01", "-doh"] {
        if usage.stderr.contains(&format!("{other} ")) {
            service = service.arg(other).arg("");
        }
    }
    Ok(service)
}
