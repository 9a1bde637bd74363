//! The arrows between our own crates, and what each may bring in: design rules that a compiler does not check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every crate that `package` is built of, without what only its tests need.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn no_arrow_between_our_crates_but_those_of_the_design() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("postern-rules", &[][..]),
        ("postern-wire", &[]),
        ("postern-telemetry", &[]),
        ("postern-daemon", &["postern-rules", "postern-telemetry", "postern-wire"]),
        ("postern-pam-options", &["postern-wire"]),
        ("postern-proxy-config", &["postern-wire"]),
        ("postern-admin", &["postern-pam-options", "postern-proxy-config", "postern-wire"]),
        ("pam_postern", &["postern-pam-options", "postern-wire"]),
        ("postern-proxy", &["postern-proxy-config", "postern-telemetry", "postern-wire"]),
    ]);
    for (package, may) in &allowed {
        let ours: Vec<String> = tree(package)
            .into_iter()
            .filter(|name| allowed.contains_key(name.as_str()) || name == "postern-tests" || name == "xtask")
            .filter(|name| name != package && !may.contains(&name.as_str()))
            .collect();
        assert!(ours.is_empty(), "{package} depends on {ours:?}");
    }
}

#[test]
fn no_crate_where_it_must_not_be() {
    for (package, never) in [
        ("postern-rules", &["tokio", "sled", "nix", "rustls", "hyper", "getrandom", "tracing"][..]),
        ("postern-wire", &["tokio", "sled", "totp-rs"]),
        // Who only reads the file must not bring what serves it.
        ("postern-proxy-config", &["tokio", "hyper", "rustls", "tracing", "sled", "totp-rs"]),
        ("postern-admin", &["tokio", "sled", "totp-rs"]),
        ("pam_postern", &["tokio", "sled", "totp-rs", "tracing", "rustls"]),
        ("postern-proxy", &["sled", "totp-rs", "chacha20poly1305"]),
        // It speaks HTTP and TLS to gateways and mail servers, and shows no pages.
        ("postern-daemon", &["maud", "imap-proto", "pam-bindings", "hyper-rustls"]),
    ] {
        let tree = tree(package);
        let found: Vec<_> = never.iter().filter(|name| tree.contains(**name)).collect();
        assert!(found.is_empty(), "{package} brings in {found:?}");
    }
    for package in ["postern-daemon", "postern-proxy", "postern-admin", "pam_postern"] {
        let tree = tree(package);
        for provider in ["aws-lc-rs", "aws-lc-sys", "openssl", "native-tls"] {
            assert!(!tree.contains(provider), "{package} brings in {provider}: ring is the one TLS provider");
        }
    }
}

/// Every Rust file below a directory.
pub(crate) fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn files_are_short_and_no_module_is_called_after_nothing() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    let mut lengths = Vec::new();
    for path in files {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let parent = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).expect("a folder");
        for name in ["util", "utils", "common", "helpers", "misc"] {
            assert!(stem != name && parent != name, "{}", path.display());
        }
        let lines = std::fs::read_to_string(&path).expect("UTF-8").lines().count();
        assert!(lines <= 800, "{} has {lines} lines", path.display());
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 200, "the median file has {median} lines");
}

/// The clippy ban says so within a file's `expect`; this says that only the clock files have one.
#[test]
fn only_clock_files_read_the_clock() {
    let mut files = Vec::new();
    for crate_of_ours in ["store", "imap_proxy", "pam_module"] {
        sources(&root().join(crate_of_ours), &mut files);
    }
    for path in files {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let clock = path.file_name().is_some_and(|name| name == "clock.rs");
        let test = path.components().any(|part| part.as_os_str() == "tests");
        assert!(clock || test || !text.contains("disallowed_methods"), "{}", path.display());
    }
}
