//! A fresh Debian, booted with its systemd in a container, in which `packaging/check.sh` uses the packages as an
//! administrator would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postern_tests::binaries::workspace;
use postern_tests::{During, Error, Result};

use crate::setup::{run, say};

/// The packages that it needs from the start: it has no network once it is booted.
const INCLUDED: &str = "systemd,systemd-sysv,dbus,debconf,libpam-runtime,ca-certificates,openssl,pamtester,perl";
/// The packages that the check installs after the boot, as `packaging/sign_in.sh` and the document that it follows name
/// them.
const FETCHED: [&str; 10] = [
    "php-fpm",
    "nginx",
    "dovecot-imapd",
    "roundcube-core",
    "roundcube-sqlite3",
    "curl",
    "librsvg2-bin",
    "oathtool",
    "passwd",
    "zbar-tools",
];
/// The check: the script, what it reads, and the document whose instructions it follows.
const CHECK: [&str; 3] = ["packaging/check.sh", "packaging/sign_in.sh", "docs/operations.md"];
/// The directory of the packages and the check in the container.
const INSIDE: &str = "opt/check";
/// Runs the check once the container has booted, and powers it off.
const UNIT: &str = "[Unit]\nDescription=Check of the packages\nAfter=multi-user.target\n\
    [Service]\nType=oneshot\nExecStart=/bin/sh /opt/check/check.sh\n\
    StandardOutput=file:/opt/check/said\nStandardError=file:/opt/check/said\n\
    ExecStopPost=/bin/systemctl --no-block poweroff\nTimeoutStartSec=20min\n";
/// systemd-nspawn unmounts what it mounts in /run, and fails if that is on a disk; it needs nothing else of the host's
/// /run. The container has its own time zone, or tzdata could not be installed.
const BOOT: &str = "mount -t tmpfs tmpfs /run && exec systemd-nspawn --quiet --register=no --keep-unit \
    --private-network --timezone=off --console=pipe --directory=\"$1\" --boot systemd.unit=check.target </dev/null >\"$1.log\" 2>&1";
/// The target of the boot; it is also reached when the check is over.
const TARGET: &str = "[Unit]\nRequires=multi-user.target\nWants=check.service\nAllowIsolate=yes\n";

/// Runs the check and prints its output; true if it succeeded.
///
/// # Errors
/// If the container cannot be made or booted.
pub(super) fn check(packages: &[PathBuf], suite: &str) -> Result<bool> {
    let home = workspace().join("target/deb");
    let (archive, root) = (home.join(format!("{suite}.tar.gz")), home.join(suite));
    if !archive.exists() {
        say(&format!("making a Debian ({suite})"));
        let included = format!("--include={INCLUDED}");
        run(Command::new("mmdebstrap").args(["--quiet", "--variant=apt", &included, suite]).arg(&archive))?;
    }
    piuparts(&archive, suite, packages)?;
    unpack(&archive, &root, packages)?;
    fetch(&root)?;
    say(&format!("booting it, and running packaging/check.sh; its boot is told in {}.log", root.display()));
    let _ = Command::new("unshare").args(["--mount", "sh", "-c", BOOT, "sh"]).arg(&root).status().during("unshare")?;
    let said = fs::read_to_string(root.join(INSIDE).join("said"));
    let said =
        said.map_err(|why| Error::new(format!("the container did not boot ({why}); see {}.log", root.display())))?;
    println!("{said}");
    Ok(said.trim_end().ends_with("all is well"))
}

/// Installs and purges them in a directory without systemd, and checks for files that they leave.
fn piuparts(archive: &Path, suite: &str, packages: &[PathBuf]) -> Result<()> {
    let log = archive.with_file_name(format!("{suite}.piuparts.log"));
    say(&format!("piuparts; told in {}", log.display()));
    let mut piuparts = Command::new("piuparts");
    piuparts.args(["--no-upgrade-test", "--no-eatmydata", "--distribution", suite]).arg("--log-file").arg(&log);
    piuparts.arg("--basetgz").arg(archive).arg("--scriptsdir").arg(workspace().join("packaging/piuparts"));
    run(piuparts.args(packages).stdout(Stdio::null()))
}

fn unpack(archive: &Path, root: &Path, packages: &[PathBuf]) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).during(root.display())?;
    }
    let inside = root.join(INSIDE);
    fs::create_dir_all(&inside).during(inside.display())?;
    run(Command::new("tar").arg("--extract").arg("--file").arg(archive).arg("--directory").arg(root))?;
    for file in packages.iter().cloned().chain(CHECK.map(|file| workspace().join(file))) {
        fs::copy(&file, inside.join(file.file_name().unwrap_or_default())).during(file.display())?;
    }
    for (name, text) in [("check.service", UNIT), ("check.target", TARGET)] {
        fs::write(root.join("etc/systemd/system").join(name), text).during(name)?;
    }
    Ok(())
}

/// Downloads the packages that the check installs to where apt finds them without a network.
fn fetch(root: &Path) -> Result<()> {
    say("fetching what stands behind the proxy: Dovecot, Roundcube, and what signs in to it");
    let apt = |args: &[&str]| run(Command::new("chroot").arg(root).args(["apt-get", "--quiet=2"]).args(args));
    apt(&["update"])?;
    let mut install = vec!["install", "--yes", "--download-only", "--no-install-recommends"];
    install.extend(FETCHED);
    apt(&install)
}
