//! Installs what the tests and the demo run (`programs.rs` has the list): Debian packages, as in Debian 12 and 13, and
//! axe-core from npm.
//!
//! No service of a package is started or left enabled: the world runs its own copies with its own configuration.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;

use crate::{During, Error, Result, axe, programs, tools};

/// The program that installs axe-core, and its package. An npm from another source is accepted too.
const NPM: &str = "npm";

/// Roundcube's package would set up a database for the system, and Postfix's would set up the system's mail; the world
/// makes its own.
const ANSWERS: &str = "roundcube-core roundcube/dbconfig-install boolean false\n\
                       postfix postfix/main_mailer_type select No configuration\n";

/// The file that controls whether a package's scripts may start services (invoke-rc.d(8)).
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// "Not allowed", for every service and action.
const POLICY_TEXT: &str = "#!/bin/sh\n# Made by Postern's set-up while it installs packages.\nexit 101\n";

/// The directory where a package enables its units.
const UNITS: &str = "/etc/systemd/system";

/// How long apt waits for another apt, in seconds: a fresh machine often runs its own updates.
const LOCK_TIMEOUT: u16 = 300;

/// Installs what the tests need and is missing; `say` gets one line per step. Does nothing if all is installed.
///
/// # Errors
/// Without apt, without root (the text contains the command to run), or if apt or npm fails (with its own error).
pub fn install(say: impl Fn(&str)) -> Result<()> {
    let mut packages = programs::tests();
    packages.retain(|package| *package != NPM || tools::run(Command::new(NPM).arg("--version"), &[]).is_err());
    install_packages(&packages, &say)?;
    axe::install(say)
}

/// Installs those of `packages` that are missing, as [`install`] does.
///
/// # Errors
/// As [`install`].
pub fn install_packages(packages: &[&'static str], say: impl Fn(&str)) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    if !Uid::effective().is_root() {
        return Err(Error::new(ask_for(&missing)));
    }
    let enabled = enabled_units(Path::new(UNITS))?;
    let _policy = NoServices::enforce(Path::new(POLICY))?;
    say("refreshing the package lists");
    apt(&["update"])?;
    say(&format!("installing {} (takes a minute or two)", missing.join(", ")));
    tools::run(&mut Command::new("debconf-set-selections"), ANSWERS.as_bytes())?.success()?;
    // Installed packages stay: another mail server, for example, would conflict with Postfix.
    apt(&[&["install", "--yes", "--no-install-recommends", "--no-remove"], missing.as_slice()].concat())?;
    for link in enabled_units(Path::new(UNITS))?.difference(&enabled) {
        fs::remove_file(link).during(format_args!("disabling {}", link.display()))?;
    }
    say("installed; no service was started or enabled");
    Ok(())
}

/// The error for a user who may not install what is missing.
fn ask_for(missing: &[&str]) -> String {
    format!(
        "packages are missing. Install them, and run this again (as root it installs them itself):\n  \
         sudo apt-get install --no-install-recommends {}\n\
         Nothing here uses the services that Debian starts with them, or needs Roundcube's question about a database \
         answered with yes. Where apt finds no package: sudo apt-get update",
        missing.join(" ")
    )
}

/// The packages that are not installed.
fn missing(packages: &[&'static str]) -> Result<Vec<&'static str>> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status} ${Package}\\n"]).args(packages);
    // The exit code reports that some package is unknown, which is expected here.
    let outcome = tools::run(&mut query, &[])
        .map_err(|error| Error::new(format!("{error}: the tests and the demo need Debian 12 or later")))?;
    Ok(not_installed(packages, &outcome.stdout))
}

fn not_installed(packages: &[&'static str], listing: &str) -> Vec<&'static str> {
    let installed: BTreeSet<&str> = listing.lines().filter_map(|line| line.strip_prefix("installed ")).collect();
    packages.iter().copied().filter(|package| !installed.contains(package)).collect()
}

fn apt(args: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg(format!("-oDPkg::Lock::Timeout={LOCK_TIMEOUT}")).args(args);
    let outcome = tools::run(&mut command, &[])?;
    if outcome.code == 0 {
        return Ok(());
    }
    Err(Error::new(format!("apt-get {} failed:\n{}{}", args.join(" "), outcome.stdout, outcome.stderr)))
}

/// The links that enable units, in `*.wants` and `*.requires` below `directory`. Removing one disables its unit, as
/// `systemctl disable` does, and works where systemd does not run.
fn enabled_units(directory: &Path) -> Result<BTreeSet<PathBuf>> {
    let targets = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        targets => targets.during(directory.display())?,
    };
    let mut links = BTreeSet::new();
    for target in targets {
        let target = target.during(directory.display())?.path();
        if target.extension().is_some_and(|extension| extension == "wants" || extension == "requires") {
            for link in fs::read_dir(&target).during(target.display())? {
                links.insert(link.during(target.display())?.path());
            }
        }
    }
    Ok(links)
}

/// While this exists, packages do not start services.
struct NoServices {
    policy: PathBuf,
    made_here: bool,
}

impl NoServices {
    /// Puts the policy at `path`, unless the machine has its own, which is left as it is.
    fn enforce(path: &Path) -> Result<NoServices> {
        let policy = path.to_owned();
        match File::options().write(true).create_new(true).mode(0o755).open(path) {
            Ok(mut file) => {
                let guard = NoServices { policy, made_here: true };
                file.write_all(POLICY_TEXT.as_bytes()).during(path.display())?;
                Ok(guard)
            }
            // Left by a set-up that was killed: it has our text, and is removed with this one.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let made_here = fs::read_to_string(path).is_ok_and(|text| text == POLICY_TEXT);
                Ok(NoServices { policy, made_here })
            }
            Err(error) => Err(error).during(path.display()),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.made_here {
            let _ = fs::remove_file(&self.policy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_installed_package_counts() {
        let world = programs::demo();
        let listing: String = world.iter().map(|package| format!("installed {package}\n")).collect();
        assert!(not_installed(&world, &listing).is_empty());
        assert_eq!(not_installed(&world, &listing.replace("installed nginx", "config-files nginx")), ["nginx"]);
        assert_eq!(not_installed(&world, "").len(), world.len());
    }

    #[test]
    fn the_policy_of_the_machine_is_kept_and_ours_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy-rc.d");
        let ours = NoServices::enforce(&path).unwrap();
        // A second one finds what a killed set-up would have left.
        drop(NoServices::enforce(&path).unwrap());
        assert!(!path.exists());
        drop(ours);
        fs::write(&path, "exit 0").unwrap();
        drop(NoServices::enforce(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "exit 0");
    }

    #[test]
    fn enabled_units_are_found_in_wants_and_requires_only() {
        let directory = tempfile::tempdir().unwrap();
        assert!(enabled_units(&directory.path().join("absent")).unwrap().is_empty());
        for folder in ["a.target.wants", "b.target.requires", "c.service.d"] {
            fs::create_dir(directory.path().join(folder)).unwrap();
            fs::write(directory.path().join(folder).join("x"), "").unwrap();
        }
        assert_eq!(enabled_units(directory.path()).unwrap().len(), 2);
    }
}
