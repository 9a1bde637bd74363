//! Postern's files in a world: configuration per the contract, store, key and sockets.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::certificates::Certificates;
use crate::mailboxes::DOMAIN;
use crate::{During, Result, ports};

/// The paths of Postern's files, and the ports of its fronts.
#[derive(Debug, Clone)]
pub struct Files {
    /// The private directory that holds the rest.
    pub directory: PathBuf,
    /// `posternd.toml`.
    pub posternd_config: PathBuf,
    /// `proxy.toml`.
    pub proxy_config: PathBuf,
    /// The store.
    pub store: PathBuf,
    /// The master key, once `posternd init` has made it.
    pub master_key: PathBuf,
    /// The socket for the fronts.
    pub auth_socket: PathBuf,
    /// The socket for the administrator.
    pub admin_socket: PathBuf,
    /// The socket of posternd's metrics.
    pub posternd_metrics: PathBuf,
    /// The socket of the proxy's metrics.
    pub proxy_metrics: PathBuf,
    /// The port of the webmail front.
    pub webmail: u16,
}

/// The backends of the webmail and IMAP fronts.
#[derive(Debug)]
pub(crate) struct Backends<'a> {
    /// The webmail's URL.
    pub(crate) webmail: &'a str,
    /// The webmail product.
    pub(crate) product: &'a str,
    /// Lines for `[webmail.doors]`; none for a webmail without endpoints.
    pub(crate) endpoints: &'a str,
    /// The ports of the IMAP front, if one is wanted.
    pub(crate) imap: Option<ImapFront>,
    /// The ports of the POP3 front, if one is wanted.
    pub(crate) pop3: Option<Pop3Front>,
}

/// The ports of the IMAP front and of its backend.
#[derive(Debug, Clone, Copy)]
pub struct ImapFront {
    /// IMAP over TLS, for clients.
    pub imaps: u16,
    /// IMAP with STARTTLS, for clients.
    pub starttls: u16,
    /// Dovecot, over TLS.
    pub backend: u16,
}

/// The ports of the POP3 front and of its backend.
#[derive(Debug, Clone, Copy)]
pub struct Pop3Front {
    /// POP3 over TLS, for clients.
    pub pop3s: u16,
    /// POP3 with STLS, for clients.
    pub starttls: u16,
    /// Dovecot, over TLS.
    pub backend: u16,
}

impl Files {
    /// Chooses the paths, all below a new `directory`, and a port.
    pub(crate) fn lay_out(directory: PathBuf) -> Result<Files> {
        fs::create_dir(&directory).during(directory.display())?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700)).during(directory.display())?;
        Ok(Files {
            posternd_config: directory.join("posternd.toml"),
            proxy_config: directory.join("proxy.toml"),
            store: directory.join("store"),
            master_key: directory.join("master.key"),
            auth_socket: directory.join("auth.sock"),
            admin_socket: directory.join("admin.sock"),
            posternd_metrics: directory.join("posternd-metrics.sock"),
            proxy_metrics: directory.join("proxy-metrics.sock"),
            webmail: ports::free()?,
            directory,
        })
    }

    /// The URL that a browser opens.
    pub fn webmail_url(&self) -> String {
        format!("https://localhost:{}/", self.webmail)
    }

    pub(crate) fn write_posternd_config(&self, more: &str) -> Result<()> {
        let text = format!(
            "[store]\nengine = \"sled\"\npath = {}\n[keys]\nfile = {}\n[sockets]\nauth = {}\nadmin = {}\n\
             [totp]\nwindow = 1\n[metrics]\nlisten = {}\n[names]\ndefault_domain = \"{DOMAIN}\"\n{more}",
            quoted(&self.store),
            quoted(&self.master_key),
            quoted(&self.auth_socket),
            quoted(&self.admin_socket),
            quoted(&self.posternd_metrics),
        );
        fs::write(&self.posternd_config, text).during(self.posternd_config.display())
    }

    pub(crate) fn write_proxy_config(&self, certificates: &Certificates, backends: &Backends<'_>) -> Result<()> {
        let mut text = format!(
            "[daemon]\nsocket = {}\n[metrics]\nlisten = {}\n[tls]\ncert = {}\nkey = {}\n\
             [webmail]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{}\"\nupstream = \"{}\"\nproduct = \"{}\"\n",
            quoted(&self.auth_socket),
            quoted(&self.proxy_metrics),
            quoted(&certificates.chain),
            quoted(&certificates.key),
            self.webmail,
            self.webmail_url(),
            backends.webmail,
            backends.product,
        );
        if !backends.endpoints.is_empty() {
            text += &format!("[webmail.doors]\n{}\n", backends.endpoints);
        }
        if let Some(ImapFront { imaps, starttls, backend }) = backends.imap {
            text += &format!(
                "[imap]\nlisten = \"127.0.0.1:{imaps}\"\nstarttls_listen = \"127.0.0.1:{starttls}\"\n\
                 backend = \"imaps://127.0.0.1:{backend}\"\nbackend_ca = {}\n",
                quoted(&certificates.ca),
            );
        }
        if let Some(Pop3Front { pop3s, starttls, backend }) = backends.pop3 {
            text += &format!(
                "[pop3]\nlisten = \"127.0.0.1:{pop3s}\"\nstarttls_listen = \"127.0.0.1:{starttls}\"\n\
                 backend = \"pop3s://127.0.0.1:{backend}\"\nbackend_ca = {}\n",
                quoted(&certificates.ca),
            );
        }
        fs::write(&self.proxy_config, text).during(self.proxy_config.display())
    }
}

/// A path as a TOML string. JSON's escapes are a subset of TOML's.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}
