//! A clean Debian in a directory, in which an ordinary user has this checkout, a toolchain, and only the packages that
//! are named.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::binaries::{binaries, cargo, workspace};
use crate::{During, Error, Result, tools};

/// The script that builds the namespace.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/clean_root.sh");
/// The packages that the README requires: a Rust toolchain links with them.
const GIVEN: &str = "gcc,libc6-dev";
/// The user inside.
pub const USER: &str = "visitor";

/// A Debian of variant minbase, kept in `target/clean-root` for the next run.
#[derive(Debug)]
pub struct CleanRoot {
    path: PathBuf,
    scratch: TempDir,
    tmp: TempDir,
}

impl CleanRoot {
    /// Creates it from the release that the tests run on, with `packages` (separated by commas); reuses the previous
    /// one if it had the same packages.
    ///
    /// # Errors
    /// If the caller is not root, or mmdebstrap's error.
    pub fn make(name: &str, packages: &str) -> Result<CleanRoot> {
        let home = workspace().join("target/clean-root");
        fs::create_dir_all(&home).during(home.display())?;
        let (path, ready) = (home.join(name), home.join(format!("{name}.ready")));
        let suite = suite()?;
        let made_of = format!("{suite} {GIVEN} {packages}");
        if fs::read_to_string(&ready).ok().as_ref() != Some(&made_of) {
            let _ = fs::remove_file(&ready);
            if path.exists() {
                fs::remove_dir_all(&path).during(path.display())?;
            }
            let mut make = Command::new("mmdebstrap");
            make.args(["--quiet", "--variant=minbase", &format!("--include={GIVEN},{packages}")]);
            make.arg(format!("--customize-hook=chroot \"$1\" useradd --create-home {USER}"));
            tools::run(make.arg(suite).arg(&path), &[])?.success()?;
            fs::write(&ready, made_of).during(ready.display())?;
        }
        let directory = || tempfile::tempdir().during("making a temporary directory");
        let (scratch, tmp) = (directory()?, directory()?);
        fs::set_permissions(tmp.path(), Permissions::from_mode(0o1777)).during(tmp.path().display())?;
        Ok(CleanRoot { path, scratch, tmp })
    }

    /// The directory that is `/tmp` inside.
    pub fn tmp(&self) -> &Path {
        self.tmp.path()
    }

    /// A command of the user inside, in the checkout. It is the process that is started, after some `exec`s.
    pub fn inside(&self, program: &str) -> Result<Command> {
        let sysroot = tools::run(Command::new("rustc").args(["--print", "sysroot"]), &[])?.success()?;
        let target = binaries()?.posternd.ancestors().nth(2).map(Path::to_owned).unwrap_or_default();
        let mut command = Command::new("unshare");
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(std::env::vars_os().filter(is_of_the_build));
        command.args(["--mount", "--propagation", "private", "sh", SCRIPT]).arg(&self.path);
        command.args([self.scratch.path(), self.tmp.path()]).arg(USER).args([workspace(), &target]);
        command.arg(sysroot.trim()).arg(cargo_home()?).arg(program);
        Ok(command)
    }
}

/// Whether a variable affects how cargo builds: with other values, cargo would build everything again.
fn is_of_the_build((name, _): &(OsString, OsString)) -> bool {
    let name = name.to_string_lossy();
    let of_a_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix));
    (name.contains("CARGO") || name == "RUSTFLAGS") && name != "CARGO" && !of_a_package
}

/// The code name of this Debian.
fn suite() -> Result<String> {
    let file = "/etc/os-release";
    let text = fs::read_to_string(file).during(file)?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.map(str::to_owned).ok_or_else(|| Error::new(format!("{file} has no VERSION_CODENAME: this is no Debian")))
}

/// The directory where cargo stores the crates.
fn cargo_home() -> Result<PathBuf> {
    let home = |name| std::env::var_os(name).map(PathBuf::from);
    let found = home("CARGO_HOME").or_else(|| Some(home("HOME")?.join(".cargo")));
    found.ok_or_else(|| Error::new("neither CARGO_HOME nor HOME says where cargo keeps the crates"))
}

/// Builds what the user inside would build, so that nothing has to be built there.
///
/// # Errors
/// If it does not compile.
pub fn build() -> Result<()> {
    binaries()?;
    tools::run(cargo().args(["build", "--quiet", "--package", "xtask"]), &[])?.success().map(drop)
}
