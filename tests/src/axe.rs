//! axe-core: the accessibility problems of a page that a program can detect.
//!
//! It is installed from npm in the version and with the hash in `npm/package-lock.json`, and kept in `target/npm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::binaries::workspace;
use crate::browser::Browser;
use crate::{During, Error, Result, tools};

/// The files that define what npm installs.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];
/// The file that npm writes at the end of an installation, and removes at the beginning of one.
const INSTALLED: &str = "node_modules/.package-lock.json";
const SCRIPT: &str = "node_modules/axe-core/axe.min.js";

/// Runs every rule that is enabled by default, and the target size rule (WCAG 2.2, 2.5.8), which is not.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const wanted = { resultTypes: ['violations'], preload: false, rules: { 'target-size': { enabled: true } } };
    const told = found => found.violations.map(({ id, impact, help, nodes }) =>
        ({ rule: id, impact: impact ?? '', help, at: nodes.map(node => `${node.html}: ${node.failureSummary}`) }));
    axe.run(document, wanted).then(found => done({ found: told(found), passed: found.passes.length }),
                                   error => done({ error: String(error) }));";

/// A rule that the page violates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// The rule's name, such as `color-contrast`.
    pub rule: String,
    /// Its severity: `minor`, `moderate`, `serious` or `critical`.
    pub impact: String,
    /// What the rule requires.
    pub help: String,
    /// The elements that violate it, each with a remedy.
    pub at: Vec<String>,
}

/// The result of axe-core: findings, or why it could not check.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Judgement {
    Done { found: Vec<Finding>, passed: usize },
    Failed { error: String },
}

/// Checks the page as the browser shows it: insufficient contrast in dark mode is found in dark mode only.
///
/// # Errors
/// If axe-core is not installed, or could not check.
pub async fn judge(browser: &Browser) -> Result<Vec<Finding>> {
    let client = &browser.client;
    let is_there = client.execute("return 'axe' in window", vec![]).await.during("looking for axe-core")?;
    if is_there != true {
        client.execute(&script()?, vec![]).await.during("loading axe-core into the page")?;
    }
    let told = client.execute_async(RUN, vec![]).await.during("axe-core")?;
    match serde_json::from_value(told).during("reading what axe-core says")? {
        Judgement::Done { passed: 0, .. } => Err(Error::new("axe-core found nothing on the page to judge")),
        Judgement::Done { found, .. } => Ok(found),
        Judgement::Failed { error } => Err(Error::new(format!("axe-core could not judge the page: {error}"))),
    }
}

fn script() -> Result<String> {
    let path = directory().join(SCRIPT);
    let missing = |error| Error::new(format!("{}: {error}; `cargo xtask test` installs it", path.display()));
    fs::read_to_string(&path).map_err(missing)
}

fn directory() -> PathBuf {
    workspace().join("target/npm")
}

/// Installs axe-core with npm, unless it is installed already; `say` gets one line.
///
/// # Errors
/// If npm is missing, or its error.
pub(crate) fn install(say: impl Fn(&str)) -> Result<()> {
    let (lists, directory) = (workspace().join("tests/npm"), directory());
    if is_installed(&lists, &directory) {
        return Ok(());
    }
    say("installing axe-core (npm)");
    fs::create_dir_all(&directory).during(directory.display())?;
    for list in LISTS {
        fs::copy(lists.join(list), directory.join(list)).during(list)?;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    tools::run(&mut npm, &[])?.success().map(drop)
}

fn is_installed(lists: &Path, directory: &Path) -> bool {
    let is_same = |list: &str| fs::read(lists.join(list)).ok() == fs::read(directory.join(list)).ok();
    directory.join(INSTALLED).exists() && LISTS.into_iter().all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_other_lists_or_broken_off_is_installed_again() {
        let (lists, directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [lists, directory] = [lists.path(), directory.path()];
        for place in [lists, directory] {
            LISTS.into_iter().for_each(|list| fs::write(place.join(list), "{}").unwrap());
        }
        assert!(!is_installed(lists, directory));
        fs::create_dir(directory.join("node_modules")).unwrap();
        fs::write(directory.join(INSTALLED), "").unwrap();
        assert!(is_installed(lists, directory));
        fs::write(lists.join(LISTS[1]), "[]").unwrap();
        assert!(!is_installed(lists, directory));
    }
}
