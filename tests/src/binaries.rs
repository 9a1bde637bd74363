//! Postern's own programs, built from this checkout.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::{During, Error, Result};

/// The paths of the programs.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The daemon.
    pub posternd: PathBuf,
    /// The administrator's command.
    pub postern: PathBuf,
    /// The fronts.
    pub proxy: PathBuf,
    /// The PAM module with cargo's name; a host expects `pam_postern.so`.
    pub pam_module: PathBuf,
}

/// The root of the checkout.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"))
}

/// Cargo, in the root of the checkout and without an outer cargo's variables about the package that it runs: these
/// would make some dependencies' build scripts run again.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Builds the programs, once per process and in the profile of the caller, and returns their paths.
///
/// # Errors
/// If they do not compile; cargo has then printed why.
pub fn binaries() -> Result<&'static Binaries> {
    static BINARIES: OnceLock<Result<Binaries>> = OnceLock::new();
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    BINARIES.get_or_init(|| build(&[&["--workspace"], profile].concat())).as_ref().map_err(Error::clone)
}

/// Builds the programs with `cargo build` and `args`. Cargo itself reports the paths: it takes CARGO_TARGET_DIR,
/// `--target` and its configuration into account.
///
/// # Errors
/// As [`binaries`].
pub fn build(args: &[&str]) -> Result<Binaries> {
    let mut cargo = cargo();
    cargo.args(["build", "--message-format=json-render-diagnostics"]).args(args);
    let output = cargo.stderr(Stdio::inherit()).output().during("running cargo build")?;
    if !output.status.success() {
        return Err(Error::new("the workspace does not build; cargo says why above"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let artifacts: Vec<PathBuf> = messages.lines().flat_map(artifact_files).collect();
    let find = |name: &str| {
        let found = artifacts.iter().find(|path| path.file_name().is_some_and(|file| file == name));
        found.cloned().ok_or_else(|| Error::new(format!("cargo build made no {name}")))
    };
    Ok(Binaries {
        posternd: find("posternd")?,
        postern: find("postern")?,
        proxy: find("postern-proxy")?,
        pam_module: find("libpam_postern.so")?,
    })
}

/// The files that one of cargo's messages reports as built or fresh.
fn artifact_files(message: &str) -> Vec<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).unwrap_or_default();
    let files = message["filenames"].as_array().map(Vec::as_slice).unwrap_or_default();
    files.iter().filter_map(|file| Some(PathBuf::from(file.as_str()?))).collect()
}
