//! The setup before Postern: a mail server, and a webmail that requires only the password.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::dovecot::Dovecot;
use crate::roundcube::Roundcube;
use crate::service::Service;
use crate::{During, Result, mailboxes};

/// Dovecot, with Roundcube in front of it. The fields are stopped in the order of their declaration.
#[derive(Debug)]
pub struct Backend {
    /// The webmail.
    pub roundcube: Roundcube,
    /// The mail server.
    pub dovecot: Dovecot,
}

impl Backend {
    /// Starts both below `directory`.
    pub fn start(directory: &Path, certificates: &Certificates) -> Result<Backend> {
        let (mail, web) = (directory.join("dovecot"), directory.join("roundcube"));
        for path in [&mail, &web] {
            fs::create_dir(path).during(path.display())?;
        }
        let dovecot = Dovecot::start(&mail, certificates, mailboxes::all())?;
        let roundcube = Roundcube::start(&web, dovecot.imap)?;
        Ok(Backend { roundcube, dovecot })
    }

    /// Its processes.
    pub fn services(&mut self) -> [&mut Service; 3] {
        [&mut self.dovecot.service, &mut self.roundcube.web, &mut self.roundcube.php]
    }
}

/// A new directory that is removed when the value is dropped. The servers' own users may pass through it; only its
/// owner may list it.
pub fn private_directory() -> Result<TempDir> {
    let directory = tempfile::Builder::new().prefix("postern-").tempdir().during("making a temporary directory")?;
    let passable = Permissions::from_mode(0o711);
    fs::set_permissions(directory.path(), passable).during(directory.path().display())?;
    Ok(directory)
}
