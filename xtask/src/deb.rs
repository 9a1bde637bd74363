//! `cargo xtask deb`: the Debian packages. Cargo builds the programs, debhelper packs them as `packaging/debian`
//! describes.

mod container;
mod machine;
mod maintainer;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Uid;
use postern_tests::binaries::{Binaries, workspace};
use postern_tests::{During, Error, Result};

pub(crate) use self::machine::Machine;
use crate::release::Release;
use crate::setup::{Setup, run, say};
use crate::{licences, man};

/// The crates that are packed.
const CRATES: [&str; 4] = ["postern-daemon", "postern-admin", "postern-proxy", "pam_postern"];
/// The kinds of tags that make lintian fail: errors and warnings.
const FAIL_ON: &str = "--fail-on=error,warning";

/// Builds the programs for a machine and packs them; returns the paths of the packages.
///
/// # Errors
/// Errors of cargo or debhelper, and a changelog of another version.
pub(crate) fn build(target: Option<Machine>, setup: &Setup) -> Result<Vec<PathBuf>> {
    let (release, here) = (Release::read()?, Machine::here()?);
    let machine = target.unwrap_or(here);
    if machine != here {
        setup.packages(&machine.cross_packages())?;
    }
    say("cargo build --release");
    let programs = machine.build(&CRATES)?;
    let home = workspace().join("target/deb");
    let source = home.join(format!("postern-{}", release.version));
    lay_out(&source, &programs)?;
    install_what_is_missing(&source, machine, setup)?;
    for old in packages(&home)? {
        fs::remove_file(&old).during(old.display())?;
    }
    say("dpkg-buildpackage");
    let mut build = Command::new("dpkg-buildpackage");
    run(build
        .args(["--build=binary", "--unsigned-changes", "--host-arch", machine.debian()])
        .current_dir(&source)
        .env("DEB_BUILD_OPTIONS", "noautodbgsym"))?;
    let packages = packages(&home)?;
    for package in &packages {
        let size = fs::metadata(package).during(package.display())?.len();
        say(&format!("{} ({} KiB)", package.display(), size / 1024));
    }
    Ok(packages)
}

/// The packages that were built last.
///
/// # Errors
/// If there are none.
pub(crate) fn built() -> Result<Vec<PathBuf>> {
    let home = workspace().join("target/deb");
    let packages = packages(&home)?;
    if packages.is_empty() {
        return Err(Error::new(format!("no packages in {}; leave --no-build out", home.display())));
    }
    Ok(packages)
}

/// Checks the packages: with lintian, and by installing and removing them on a test machine.
///
/// # Errors
/// If a tool is missing, or the container cannot be made.
pub(crate) fn check(packages: &[PathBuf], suite: &str, setup: &Setup) -> Result<bool> {
    setup.packages(&["lintian", "mmdebstrap", "piuparts", "systemd-container"])?;
    say("lintian");
    run(Command::new("lintian").args([FAIL_ON, "--tag-display-limit=0"]).args(packages))?;
    container::check(packages, suite)
}

/// Puts what debhelper packs into a directory of its own.
fn lay_out(source: &Path, programs: &Binaries) -> Result<()> {
    let _ = fs::remove_dir_all(source);
    let bin = source.join("bin");
    fs::create_dir_all(&bin).during(bin.display())?;
    let Binaries { posternd, postern, proxy, pam_module } = programs;
    for (program, name) in
        [(posternd, "posternd"), (postern, "postern"), (proxy, "postern-proxy"), (pam_module, "pam_postern.so")]
    {
        fs::copy(program, bin.join(name)).during(program.display())?;
    }
    symlink(workspace(), source.join("tree")).during("naming the checkout")?;
    man::write(&source.join("man"))?;
    let licences = licences::text(&CRATES)?;
    fs::write(source.join("licences-of-crates.txt"), licences).during("writing the licences")?;
    run(Command::new("cp").arg("--recursive").arg(workspace().join("packaging/debian")).arg(source.join("debian")))?;
    maintainer::write(&source.join("debian"))
}

/// Installs debhelper and the other build dependencies in `packaging/debian/control`.
fn install_what_is_missing(source: &Path, machine: Machine, setup: &Setup) -> Result<()> {
    let mut check = Command::new("dpkg-checkbuilddeps");
    let check = check.args(["-a", machine.debian()]).current_dir(source).stderr(Stdio::null()).status();
    if setup.no_install || check.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    if !Uid::effective().is_root() {
        return Err(Error::new(format!(
            "packages are missing. Run this again as root, or install them first:\n  \
             apt-get build-dep --host-architecture {} {}",
            machine.debian(),
            source.display()
        )));
    }
    say("installing what packs the packages");
    run(Command::new("apt-get").args(["update"]).stdout(Stdio::null()))?;
    let mut install = Command::new("apt-get");
    install.args(["build-dep", "--yes", "--no-install-recommends", "--host-architecture", machine.debian()]);
    run(install.arg(source).stdout(Stdio::null()))
}

/// The packages in a directory.
fn packages(home: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(home).during(home.display())?;
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    found.sort_unstable();
    Ok(found)
}
