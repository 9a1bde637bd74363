//! State that is kept over restarts: the account's key, and the certificate with its key in one file, so that both are
//! replaced atomically.

use instant_acme::AccountCredentials;
use postern_proxy_config::CertificateFiles;
use serde::Deserialize;
use std::fmt;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The mode of the directory: only its owner may enter.
const DIRECTORY_MODE: u32 = 0o700;
/// The mode of a file: only its owner may read it.
const FILE_MODE: u32 = 0o600;
/// The permissions of group and other users.
const OTHERS: u32 = 0o077;
/// The account, as JSON.
const ACCOUNT: &str = "account.json";
/// A line with the directory's URL, the private key, and the certificate with its chain. In PEM, text outside of blocks
/// is explanatory (RFC 7468, section 2).
const CERTIFICATE: &str = "certificate.pem";

/// The directory `state`.
#[derive(Debug, Clone)]
pub(super) struct State(PathBuf);

/// A file there cannot be read or written.
#[derive(Debug)]
pub(super) struct StateError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}; what is kept of ACME must belong to the user of this process, and to nobody else: \
             `state` in [tls.acme] names the directory",
            self.path.display(),
            self.why
        )
    }
}

impl std::error::Error for StateError {}

/// The part that is read of what instant-acme writes.
#[derive(Deserialize)]
struct Registered {
    directory: String,
}

impl State {
    pub(super) fn at(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// The path of the certificate, whether it exists or not.
    pub(super) fn certificate(&self) -> CertificateFiles {
        let both = self.0.join(CERTIFICATE);
        CertificateFiles { cert: both.clone(), key: both }
    }

    /// The directory URL that the certificate is from; none if there is no certificate.
    ///
    /// # Errors
    /// [`StateError`], if it cannot be determined.
    pub(super) fn origin(&self) -> Result<Option<String>, StateError> {
        let file = self.read(CERTIFICATE)?;
        let line = |file: Zeroizing<Vec<u8>>| Vec::from(file.split(|byte| *byte == b'\n').next().unwrap_or_default());
        Ok(file.map(line).map(|line| String::from_utf8_lossy(&line).into_owned()))
    }

    /// Creates the directory if it is missing.
    ///
    /// # Errors
    /// [`StateError`], also if other users can access it.
    pub(super) fn make(&self) -> Result<(), StateError> {
        let made = DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&self.0);
        let about = made.and_then(|()| fs::metadata(&self.0)).map_err(|error| self.wrong(&self.0, &error))?;
        if about.mode() & OTHERS != 0 {
            let why = format!("others may enter it (mode {:04o}); `chmod 0700` it", about.mode() & 0o7777);
            return Err(StateError { path: self.0.clone(), why });
        }
        Ok(())
    }

    /// The account at this directory of an authority.
    ///
    /// # Errors
    /// [`StateError`]. Content that can be read but not parsed counts as no account.
    pub(super) fn account(&self, directory: &str) -> Result<Option<AccountCredentials>, StateError> {
        let Some(bytes) = self.read(ACCOUNT)? else { return Ok(None) };
        let read = serde_json::from_slice::<Registered>(&bytes)
            .and_then(|registered| Ok((registered, serde_json::from_slice(&bytes)?)));
        match read {
            Ok((registered, credentials)) => Ok((registered.directory == directory).then_some(credentials)),
            Err(_) => {
                let path = self.0.join(ACCOUNT);
                tracing::warn!(path = %path.display(), "the account's file is damaged; another account is made");
                Ok(None)
            }
        }
    }

    /// Stores the account.
    ///
    /// # Errors
    /// [`StateError`]; then the previous one is still stored.
    pub(super) fn keep_account(&self, credentials: &AccountCredentials) -> Result<(), StateError> {
        let text = serde_json::to_vec(credentials).map_err(|error| self.wrong(&self.0.join(ACCOUNT), &error))?;
        self.keep(ACCOUNT, &Zeroizing::new(text))
    }

    /// Removes the account: the authority no longer knows it.
    ///
    /// # Errors
    /// [`StateError`].
    pub(super) fn forget_account(&self) -> Result<(), StateError> {
        let path = self.0.join(ACCOUNT);
        fs::remove_file(&path).map_err(|error| self.wrong(&path, &error))
    }

    /// Stores a certificate with its key, which is from this directory of an authority.
    ///
    /// # Errors
    /// [`StateError`]; then the previous one is still stored.
    pub(super) fn keep_certificate(&self, directory: &str, pem: &str) -> Result<(), StateError> {
        self.keep(CERTIFICATE, Zeroizing::new([directory, "\n", pem].concat()).as_bytes())
    }

    /// Checks whether files can be stored; to be called before an authority is asked.
    ///
    /// # Errors
    /// [`StateError`].
    pub(super) fn probe(&self) -> Result<(), StateError> {
        self.make()?;
        let path = self.0.join(CERTIFICATE);
        self.begin(&path).map(drop).map_err(|error| self.wrong(&path, &error))
    }

    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.wrong(&path, &error)),
        }
    }

    /// Replaces a file on disk atomically: completely or not at all.
    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let path = self.0.join(name);
        let replace = || {
            let mut file = self.begin(&path)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(next(&path), &path)?;
            File::open(&self.0)?.sync_all()
        };
        replace().map_err(|error| self.wrong(&path, &error))
    }

    /// Creates the file that will replace the one at `path`; empty, whatever a crash has left there.
    fn begin(&self, path: &Path) -> io::Result<File> {
        let file = File::options().create(true).write(true).truncate(true).mode(FILE_MODE).open(next(path))?;
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        Ok(file)
    }

    fn wrong(&self, path: &Path, error: &dyn fmt::Display) -> StateError {
        StateError { path: path.to_owned(), why: error.to_string() }
    }
}

fn next(path: &Path) -> PathBuf {
    path.with_extension("next")
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://ca.example/directory";

    fn credentials(id: &str) -> AccountCredentials {
        let text = format!(r#"{{"id":"{id}","key_pkcs8":"MA","directory":"{URL}"}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_again_and_nobody_else_can_read_it() {
        let home = tempfile::tempdir().unwrap();
        let state = State::at(home.path().join("a/acme"));
        assert!(state.origin().unwrap().is_none() && state.account(URL).unwrap().is_none());
        state.make().unwrap();
        state.make().unwrap();
        state.probe().unwrap();
        assert!(state.origin().unwrap().is_none());
        state.keep_certificate("https://other.example/", "one\n").unwrap();
        state.keep_certificate(URL, "two\n").unwrap();
        assert_eq!(state.origin().unwrap().as_deref(), Some(URL));
        state.keep_account(&credentials("https://ca.example/7")).unwrap();
        assert_eq!(fs::read_to_string(state.certificate().cert).unwrap(), format!("{URL}\ntwo\n"));
        let text = serde_json::to_string(&state.account(URL).unwrap().unwrap()).unwrap();
        assert!(text.contains("ca.example/7"), "{text}");
        assert!(state.account("https://other.example/").unwrap().is_none());
        for (name, mode) in [("", DIRECTORY_MODE), (ACCOUNT, FILE_MODE), (CERTIFICATE, FILE_MODE)] {
            let about = fs::metadata(home.path().join("a/acme").join(name)).unwrap();
            assert_eq!(about.mode() & 0o7777, mode, "{name}");
        }
        state.forget_account().unwrap();
        assert!(state.account(URL).unwrap().is_none());
    }

    #[test]
    fn what_is_damaged_is_none_and_what_is_open_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let state = State::at(home.path().join("acme"));
        state.make().unwrap();
        for damaged in ["", "{}", "{\"directory\":7}"] {
            fs::write(home.path().join("acme").join(ACCOUNT), damaged).unwrap();
            assert!(state.account(URL).unwrap().is_none());
        }
        fs::set_permissions(home.path().join("acme"), Permissions::from_mode(0o750)).unwrap();
        let said = state.probe().unwrap_err().to_string();
        assert!(said.contains("others may enter it (mode 0750); `chmod 0700` it"), "{said}");
        let under_a_file = State::at(home.path().join("acme").join(ACCOUNT).join("x"));
        assert!(under_a_file.make().is_err() && under_a_file.origin().is_err());
    }
}
