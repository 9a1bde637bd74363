//! What the tasks have in common: what is installed first, and the lines that say what is being done.

use std::process::{Command, Stdio};

use clap::Args;
use postern_tests::binaries::cargo;
use postern_tests::{During, Error, Result, install};

/// The set-up of a task that runs programs from Debian.
#[derive(Args)]
pub(crate) struct Setup {
    /// Do not look for missing Debian packages.
    #[arg(long)]
    pub(crate) no_install: bool,
}

impl Setup {
    /// Installs what the tests need.
    pub(crate) fn run(&self) -> Result<()> {
        if self.no_install { Ok(()) } else { install::install(say) }
    }

    /// Installs these packages.
    pub(crate) fn packages(&self, wanted: &[&'static str]) -> Result<()> {
        if self.no_install { Ok(()) } else { install::install_packages(wanted, say) }
    }
}

/// One line of progress.
pub(crate) fn say(line: &str) {
    println!("» {line}");
}

/// Runs a command whose output people read.
///
/// # Errors
/// When it cannot be started, or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.env("DEBIAN_FRONTEND", "noninteractive").status().during(&name)?;
    if status.success() { Ok(()) } else { Err(Error::new(format!("{name} failed ({status})"))) }
}

/// Whether cargo has this subcommand here: some come with the toolchain or are installed apart.
pub(crate) fn is_installed(subcommand: &str) -> bool {
    let version = cargo().args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
