//! Opens the fronts for mail apps.

use crate::serving::{Serving, told};
use postern_front::activated;
use postern_front::daemon::Daemon;
use postern_front::tls::{Certificate, TlsError};
use postern_mail::{Backend, Front, Protocol, Security, Socket};
use postern_process::activated::ActivatedSockets;
use postern_proxy_config as config;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::watch;

/// What a mail front consists of, before its sockets are opened.
pub(crate) struct MailParts<P: Protocol> {
    pub(crate) settings: config::Mail,
    protocol: P,
    backend: Backend<P>,
}

/// What the mail fronts share.
pub(crate) struct MailFronts {
    certificate: Arc<Certificate>,
    daemon: Daemon,
    stopped: watch::Receiver<()>,
    /// One front checks passwords for the daemon.
    checks_passwords: bool,
}

impl<P: Protocol> MailParts<P> {
    /// With these settings.
    ///
    /// # Errors
    /// As [`Backend::new`].
    pub(crate) fn new(settings: config::Mail, protocol: fn(&config::Mail) -> P) -> Result<Self, TlsError> {
        let (protocol, backend) = (protocol(&settings), Backend::new(&settings)?);
        Ok(Self { settings, protocol, backend })
    }
}

impl MailFronts {
    /// None is open yet.
    pub(crate) fn new(certificate: Arc<Certificate>, daemon: Daemon, stopped: watch::Receiver<()>) -> Self {
        Self { certificate, daemon, stopped, checks_passwords: false }
    }

    /// Opens the sockets of a front. The first front checks passwords for the daemon.
    ///
    /// # Errors
    /// If TLS cannot be set up, or a socket cannot be opened.
    pub(crate) fn open<P: Protocol>(
        &mut self,
        MailParts { settings, protocol, backend }: MailParts<P>,
        sockets: &mut ActivatedSockets,
    ) -> Result<Vec<Serving>, Box<dyn Error>> {
        let front = Front::new(protocol, &settings, &self.certificate, backend, self.daemon.clone())?;
        if !std::mem::replace(&mut self.checks_passwords, true) {
            front.check_passwords();
        }
        let mut serving: Vec<Serving> = Vec::new();
        for (listen, security) in [(settings.listen, Security::Tls), (settings.starttls_listen, Security::Clear)] {
            let Some(listen) = listen else { continue };
            let socket = activated::listen(sockets, &listen)?;
            let address = socket.to_string();
            tracing::info!(address, ?security, "the {} front listens", P::TERMS.name);
            let socket = Socket::new(socket, security);
            serving.push(Box::pin(socket.serve(Arc::clone(&front), told(self.stopped.clone()))));
        }
        Ok(serving)
    }
}
