//! What the packages consist of besides programs: units, users, profiles, scripts. That they go together on a running
//! Debian, `cargo xtask deb --check` shows; this is what can be told in seconds, and without root.

use postern_tests::binaries::workspace;
use postern_tests::tools::{self, Outcome};
use postern_vault::master_key::CREDENTIAL;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `systemd-analyze security` may say at most, in tenths.
const EXPOSURE_MAX: &str = "--threshold=15";
/// Folders whose files all go into some package.
const SHIPPED: [&str; 7] = ["systemd", "sysusers.d", "tmpfiles.d", "apparmor", "pam-configs", "fail2ban", "prometheus"];

fn packaging() -> PathBuf {
    workspace().join("packaging")
}

/// The files in a folder of `packaging`.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(packaging().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

fn run(program: &str, arguments: &[&str], file: &Path) -> Outcome {
    tools::run(Command::new(program).args(arguments).arg(file), &[]).unwrap()
}

/// The values of a unit's setting.
fn values(unit: &str, setting: &str) -> Vec<String> {
    let text = fs::read_to_string(packaging().join("systemd").join(unit)).unwrap();
    let values = text.lines().filter_map(|line| line.strip_prefix(setting)?.strip_prefix('='));
    values.map(str::to_owned).collect()
}

#[test]
fn units_are_understood_and_closed() {
    let directory = tempfile::tempdir().unwrap();
    for unit in files("systemd") {
        // The programs are not installed here.
        let text = fs::read_to_string(&unit).unwrap().replace("=/usr/sbin/postern", "=/bin/true /usr/sbin/postern");
        fs::write(directory.path().join(unit.file_name().unwrap()), text).unwrap();
    }
    for unit in files("systemd") {
        let verified =
            run("systemd-analyze", &["verify", "--man=no"], &directory.path().join(unit.file_name().unwrap()));
        assert_eq!((verified.code, &*verified.stderr), (0, ""), "{}", unit.display());
        if unit.extension().is_some_and(|extension| extension == "service") {
            let judged = run("systemd-analyze", &["security", "--offline=yes", EXPOSURE_MAX], &unit);
            assert_eq!(judged.code, 0, "{}", judged.stdout);
        }
    }
}

#[test]
fn units_name_what_the_programs_do() {
    assert_eq!(values("posternd-auth.socket", "ListenStream"), [postern_wire::AUTH_SOCKET]);
    assert_eq!(values("posternd-admin.socket", "ListenStream"), [postern_wire::ADMIN_SOCKET]);
    let key = posternd::config::Config::default().keys.file;
    assert_eq!(values("posternd.service", "LoadCredential"), [format!("{CREDENTIAL}:{}", key.display())]);
    assert_eq!(values("posternd.service", "User"), [postern_wire::DAEMON_USER]);
    let example = fs::read_to_string(packaging().join("proxy.toml")).unwrap();
    for (unit, key) in
        [("https", "listen"), ("imaps", "#listen"), ("imap", "#starttls_listen"), ("http", "#http_listen")]
    {
        let address = values(&format!("postern-proxy-{unit}.socket"), "ListenStream").concat();
        assert!(example.contains(&format!("\n{key} = \"{address}\"\n")), "{unit}: {address}");
    }
    // Either would have posternd see strangers only, and refuse them.
    for service in ["posternd.service", "postern-proxy.service"] {
        assert!(values(service, "PrivateUsers").is_empty() && values(service, "DynamicUser").is_empty());
    }
}

/// In a root directory of its own, as the scripts of the packages do it.
#[test]
fn users_and_directories_are_made() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    let at = format!("--root={}", root.path().display());
    let read = |name: &str| fs::read_to_string(root.path().join("etc").join(name)).unwrap();
    for file in files("sysusers.d") {
        run("systemd-sysusers", &[&at], &file).success().unwrap();
    }
    let (users, groups) = (read("passwd"), read("group"));
    for user in ["postern", "postern-proxy"] {
        let line = users.lines().find(|line| line.starts_with(&format!("{user}:"))).unwrap();
        assert!(line.ends_with("/usr/sbin/nologin"), "{line}");
    }
    for (group, members) in [("postern-auth", "postern-proxy"), ("postern-admin", "")] {
        let line = groups.lines().find(|line| line.starts_with(&format!("{group}:"))).unwrap();
        assert_eq!(line.rsplit(':').next().unwrap(), members);
    }
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    for file in files("tmpfiles.d") {
        run("systemd-tmpfiles", &[&at, "--create"], &file).success().unwrap();
    }
    let id = |list: &str, name: &str| -> u32 {
        let line = list.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap();
        line.split(':').nth(2).unwrap().parse().unwrap()
    };
    let postern = (id(&users, "postern"), id(&groups, "postern"));
    for (directory, owner, mode) in [
        ("run/postern", postern, 0o755),
        ("var/lib/postern", postern, 0o700),
        ("etc/postern/tls", (0, id(&groups, "postern-proxy")), 0o750),
    ] {
        let about = fs::metadata(root.path().join(directory)).unwrap();
        assert_eq!((about.uid(), about.gid()), owner, "{directory}");
        assert_eq!(about.permissions().mode() & 0o7777, mode, "{directory}");
    }
}

#[test]
fn profiles_of_apparmor_are_understood() {
    for profile in files("apparmor") {
        let parsed = run("apparmor_parser", &["--skip-kernel-load", "--skip-cache", "--quiet"], &profile);
        assert_eq!(parsed.code, 0, "{}", parsed.stderr);
    }
}

#[test]
fn scripts_are_understood() {
    let is_script = |path: &PathBuf| fs::read_to_string(path).unwrap().starts_with("#!/bin/sh\n");
    let mut scripts: Vec<PathBuf> = files("debian").into_iter().filter(is_script).collect();
    assert!(scripts.len() >= 6, "{scripts:?}");
    scripts.extend(["check.sh", "sign_in.sh"].map(|name| packaging().join(name)));
    for script in scripts {
        let read = run("sh", &["-n"], &script);
        assert_eq!((read.code, &*read.stderr), (0, ""));
        // What debhelper adds must stand where nothing has ended the script yet.
        let text = fs::read_to_string(&script).unwrap();
        let is_called_by_dpkg = script.extension().is_some_and(|it| it.to_string_lossy().starts_with(['p', 'P']));
        assert!(!is_called_by_dpkg || text.trim_end().ends_with("#DEBHELPER#"), "{}", script.display());
    }
}

#[test]
fn every_file_goes_into_one_package() {
    let mut packed = BTreeSet::new();
    for list in files("debian").iter().filter(|path| path.extension().is_some_and(|it| it == "install")) {
        for line in fs::read_to_string(list).unwrap().lines() {
            let Some(source) = line.split(' ').next().and_then(|source| source.strip_prefix("tree/packaging/")) else {
                continue;
            };
            assert!(packaging().join(source).is_file(), "{line}");
            assert!(packed.insert(source.to_owned()), "{source} is packed twice");
        }
    }
    for folder in SHIPPED {
        for file in files(folder) {
            let name = format!("{folder}/{}", file.file_name().unwrap().to_string_lossy());
            assert!(packed.contains(&name), "{name} is in no package");
        }
    }
}

/// Each alert is over metrics that there are.
#[test]
fn alerts_are_over_what_is_counted() {
    let counted: String = [
        "store/daemon/src/metrics/mod.rs",
        "store/engine/src/metrics.rs",
        "imap_proxy/proxy/src/metrics.rs",
        "imap_proxy/front/src/metrics.rs",
        "imap_proxy/http/src/metrics.rs",
        "imap_proxy/mail/src/metrics.rs",
        "imap_proxy/webmail/src/metrics.rs",
    ]
    .map(|file| fs::read_to_string(workspace().join(file)).unwrap())
    .concat();
    let rules = fs::read_to_string(packaging().join("prometheus/postern.rules.yml")).unwrap();
    let is_part_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let metrics: BTreeSet<&str> =
        rules.split(|letter| !is_part_of_name(letter)).filter(|word| word.starts_with("postern_")).collect();
    assert!(metrics.len() >= 7, "{metrics:?}");
    for metric in metrics {
        let name = metric.trim_end_matches("_count");
        assert!(counted.contains(&format!("= \"{name}\"")), "{metric}");
    }
}
