//! `posternd.toml`. Every key has a default; an unknown key is refused with its line and the most similar known key.

use postern_delivery::config::{Mail, Sms};
use postern_process::log::Levels;
use postern_process::scrape::Place;
use postern_rules::name::ForeignNames;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// The path of the configuration unless `--config` is given.
pub const DEFAULT_PATH: &str = "/etc/postern/posternd.toml";

/// The whole configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The store of the records.
    pub store: Store,
    /// The master key, which seals the records.
    pub keys: Keys,
    /// The sockets that the daemon listens on.
    pub sockets: Sockets,
    /// TOTP codes.
    pub totp: Totp,
    /// Mailbox names.
    pub names: Names,
    /// The audit log.
    pub audit: Audit,
    /// The daily export.
    pub export: Export,
    /// Text messages (SMS); none: they cannot be sent.
    pub sms: Option<Sms>,
    /// Mail; none: it cannot be sent.
    pub mail: Option<Mail>,
    /// The log.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The engine that stores the records.
    pub engine: Engine,
    /// The directory of the sled engine.
    pub path: PathBuf,
}

/// The engine that stores the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// sled, for a single host.
    Sled,
}

/// `[keys]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The master key's file, mode 0600. Made by `posternd init`.
    pub file: PathBuf,
    /// The name of a systemd credential (`LoadCredential=`) that holds it instead.
    pub credential: Option<String>,
}

/// `[sockets]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sockets {
    /// For fronts.
    pub auth: PathBuf,
    /// For the administrator.
    pub admin: PathBuf,
}

/// `[totp]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Totp {
    /// Number of steps accepted before and after the current one.
    pub window: u32,
}

/// `[names]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Names {
    /// The domain for a name that has none; empty: such a name is refused.
    pub default_domain: String,
    /// How a name outside every platform's domains is handled.
    pub foreign: ForeignNames,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// Days after which an entry is deleted; 0: never.
    pub keep_days: u32,
}

/// `[export]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// The directory of the daily exports; none: `exports` next to the store.
    pub path: Option<PathBuf>,
    /// How many exports are kept; 0: no exports are made.
    pub keep: Keep,
}

/// `[log]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The levels of the log, which take precedence over the built-in ones (see [`crate::log`]).
    pub level: Levels,
}

/// `[metrics]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Where metrics are served; none: they are not served.
    pub listen: Option<Place>,
}

/// A count that has its own default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Keep(pub u32);

impl Default for Keep {
    fn default() -> Self {
        Self(7)
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { engine: Engine::Sled, path: "/var/lib/postern/store".into() }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self { file: "/etc/postern/master.key".into(), credential: None }
    }
}

impl Default for Sockets {
    fn default() -> Self {
        Self { auth: postern_wire::AUTH_SOCKET.into(), admin: postern_wire::ADMIN_SOCKET.into() }
    }
}

impl Default for Totp {
    fn default() -> Self {
        Self { window: 1 }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self { keep_days: 400 }
    }
}

/// Why a configuration is invalid.
#[derive(Debug)]
pub struct ConfigError {
    path: PathBuf,
    what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads and validates the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`]: the file is unreadable or not TOML, or has an unknown key or an invalid value.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let error = |what: String| ConfigError { path: path.to_owned(), what };
        let text = std::fs::read_to_string(path)
            .map_err(|why| error(format!("cannot be read: {why}. Name another file with --config")))?;
        Self::parse(&text).map_err(error)
    }

    /// Parses and validates the text of a configuration; the error is a message for the administrator.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| explain(&error))?;
        config.judge()?;
        Ok(config)
    }

    fn judge(&self) -> Result<(), String> {
        let window_max = postern_rules::totp::WINDOW_MAX;
        if self.totp.window > window_max {
            return Err(format!("[totp] window = {}: 0 to {window_max} steps are accepted", self.totp.window));
        }
        let domain = &self.names.default_domain;
        if !domain.is_empty() && postern_rules::name::canonical_domain(domain).is_err() {
            return Err(format!("[names] default_domain = {domain:?}: that cannot be a domain"));
        }
        if self.sockets.auth == self.sockets.admin {
            return Err("[sockets] auth and admin must differ: a front must not reach the administrator's verbs".into());
        }
        Ok(())
    }

    /// The directory of the daily exports.
    pub fn export_path(&self) -> PathBuf {
        let beside = || self.store.path.parent().unwrap_or(Path::new("/")).join("exports");
        self.export.path.clone().unwrap_or_else(beside)
    }
}

/// Formats a TOML error, which already shows the line; the most similar known key is added for a mistyped one.
fn explain(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    let nearest = quoted.next().filter(|_| error.message().starts_with("unknown field")).and_then(|unknown| {
        quoted.map(|known| (strsim::damerau_levenshtein(unknown, known), known)).min().filter(|(far, _)| *far <= 3)
    });
    match nearest {
        Some((_, key)) => format!("{}\ndid you mean `{key}`?", text.trim_end()),
        None => text.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod sender_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_contract() {
        let config = Config::parse("").unwrap();
        assert_eq!(config.store.path, Path::new("/var/lib/postern/store"));
        assert_eq!(config.keys.file, Path::new("/etc/postern/master.key"));
        assert_eq!(config.sockets.auth, Path::new("/run/postern/auth.sock"));
        assert_eq!(config.sockets.admin, Path::new("/run/postern/admin.sock"));
        assert_eq!((config.totp.window, config.names.foreign), (1, ForeignNames::Refuse));
        assert_eq!(config.export_path(), Path::new("/var/lib/postern/exports"));
    }

    #[test]
    fn a_mistake_names_its_line_and_the_nearest_key() {
        for (text, line, says) in [
            ("[store]\nengin = \"sled\"\n", "line 2", "did you mean `engine`?"),
            ("\n\n[stor]\n", "line 3", "did you mean `store`?"),
            ("[totp]\nwindow = \"1\"\n", "line 2", "invalid type"),
            ("[store]\nengine = \"etcd\"\n", "line 2", "expected `sled`"),
            ("[totp\n", "line 1", "]"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(line) && error.contains(says), "{error}");
        }
        assert!(!Config::parse("wholly_different = 1").unwrap_err().contains("did you mean"));
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        for (text, says) in [
            ("[totp]\nwindow = 11", "0 to 10"),
            ("[metrics]\nlisten = \"0.0.0.0:9765\"", "other hosts"),
            ("[log]\nlevel = \"loud\"", "`loud` is no log level"),
            ("[names]\ndefault_domain = \"exa mple\"", "cannot be a domain"),
            ("[sockets]\nauth = \"/x\"\nadmin = \"/x\"", "must differ"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
