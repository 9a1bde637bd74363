//! The crates of the workspace and of `fuzz`, their targets, and every Rust file of the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the checkout. Cargo names the package's directory when it runs a test, too, so that a test program that
/// is run by hand can be given another checkout.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).parent().expect("the package is in the checkout").to_owned()
}

/// A package of ours.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// What cargo compiles of it.
    pub(crate) targets: Vec<Target>,
    /// The packages of ours that it depends on, but for its tests.
    pub(crate) needs: Vec<String>,
}

/// A compilation unit: a library, a program, a test program, a benchmark.
#[derive(Debug)]
pub(crate) struct Target {
    /// `postern-wire`, or `postern-wire (test main)` for what is not the library or a program.
    pub(crate) label: String,
    pub(crate) root_file: PathBuf,
    /// A library or a program; not a test, a benchmark or a build script.
    pub(crate) is_product: bool,
}

/// Every package of the workspace, and the fuzz targets.
pub(crate) fn packages() -> Vec<Package> {
    let mut packages: Vec<Package> = ["Cargo.toml", "fuzz/Cargo.toml"].iter().flat_map(|path| read(path)).collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    packages
}

fn read(manifest: &str) -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1", "--manifest-path", manifest])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    list(&metadata["packages"]).iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let name = text(&package["name"]);
    let is_ours = |need: &&Value| need["path"].is_string() && need["kind"].as_str() != Some("dev");
    let needs = list(&package["dependencies"]).iter().filter(is_ours).map(|need| text(&need["name"])).collect();
    let targets = list(&package["targets"]).iter().map(|of| target(&name, of)).collect();
    Package { name, targets, needs }
}

fn target(package: &str, target: &Value) -> Target {
    let kind = list(&target["kind"]).first().map(text).unwrap_or_default();
    let is_product = !["test", "bench", "custom-build", "example"].contains(&kind.as_str());
    let label = match kind.as_str() {
        "bin" | "test" | "bench" | "example" => format!("{package} ({kind} {})", text(&target["name"])),
        "custom-build" => format!("{package} (build script)"),
        _ => package.to_owned(),
    };
    Target { label, root_file: text(&target["src_path"]).into(), is_product }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Every Rust file below a directory, but for what is built.
pub(crate) fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
