//! The licences of the crates that the programs are linked with: they must be distributed with the programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use postern_tests::binaries::cargo;
use postern_tests::{During, Error, Result, tools};
use serde_json::Value;

/// The prefixes of licence files, in capitals.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// A crate from outside of the workspace.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    /// `serde 1.0.0 (MIT OR Apache-2.0)`.
    title: String,
    manifest: PathBuf,
}

/// The text of every licence once, after the crates that have it, for all dependencies of `packages`.
///
/// # Errors
/// If cargo fails, or a file cannot be read.
pub(crate) fn text(packages: &[&str]) -> Result<String> {
    let args = ["metadata", "--format-version=1", "--locked"];
    let metadata: Value =
        serde_json::from_str(&tools::run(cargo().args(args), &[])?.success()?).during("reading cargo metadata")?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let crates = linked(&metadata, packages);
    if crates.is_empty() {
        return Err(Error::new("cargo metadata names no crate that the programs are linked with"));
    }
    for Crate { title, manifest } in crates {
        let found = files(manifest.parent().unwrap_or(Path::new("/")))?;
        // Some crates contain only the name of their licence.
        let found = if found.is_empty() { vec!["(no text in the crate)".to_owned()] } else { found };
        for text in found {
            texts.entry(text).or_default().insert(title.clone());
        }
    }
    let mut all = String::new();
    for (text, titles) in texts {
        let titles: Vec<_> = titles.into_iter().collect();
        let _ = write!(all, "{}\n\n{}\n\n{}\n\n", titles.join("\n"), text.trim_end(), "-".repeat(80));
    }
    Ok(all)
}

/// The runtime dependencies of `packages`, including transitive ones.
fn linked(metadata: &Value, packages: &[&str]) -> BTreeSet<Crate> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let nodes = list(&metadata["resolve"]["nodes"]);
    let is_normal = |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
    let all = list(&metadata["packages"]);
    let is_wanted = |package: &&Value| packages.iter().any(|name| package["name"] == *name);
    let mut waiting: Vec<Value> = all.iter().filter(is_wanted).map(|package| package["id"].clone()).collect();
    let mut seen = Vec::new();
    while let Some(id) = waiting.pop() {
        if seen.contains(&id) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id);
        let needs = node.map(|node| list(&node["deps"])).unwrap_or_default();
        waiting.extend(needs.iter().filter(|need| is_normal(need)).map(|need| need["pkg"].clone()));
        seen.push(id);
    }
    let word = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let foreign = all.iter().filter(|package| seen.contains(&package["id"]) && !package["source"].is_null());
    foreign
        .map(|package| Crate {
            title: format!("{} {} ({})", word(&package["name"]), word(&package["version"]), word(&package["license"])),
            manifest: PathBuf::from(word(&package["manifest_path"])),
        })
        .collect()
}

/// The texts of the licences in a crate's directory.
fn files(directory: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).during(directory.display())? {
        let path = entry.during(directory.display())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|begin| name.starts_with(begin)) {
            texts.push(fs::read_to_string(&path).during(path.display())?);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_named_and_what_only_tests_is_not() {
        let text = text(&["postern-daemon"]).unwrap();
        for (name, named) in [("\nsled 0.34", true), ("\nproptest ", false), ("\npostern-", false)] {
            assert_eq!(text.contains(name), named, "{name}");
        }
        assert!(text.contains("THE SOFTWARE IS PROVIDED"));
    }
}
