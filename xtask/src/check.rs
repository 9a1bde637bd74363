//! `cargo xtask check`: the quick checks. What it runs depends on the files that differ from the commit where the
//! branch left `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use postern_tests::binaries::{cargo, workspace};
use postern_tests::{During, Error, Result, tools};
use serde_json::Value;

use crate::setup::{is_installed, say};

/// Crates whose integration tests start other programs: these take minutes, and are left to `cargo xtask test`.
const SLOW: [&str; 4] = ["postern-admin", "postern-daemon", "postern-tests", "xtask"];
/// The default base of the comparison: the commit where the branch left this one.
const MAIN: &str = "main";

/// A crate of the workspace.
#[derive(Debug)]
struct Package {
    name: String,
    directory: PathBuf,
    has_library: bool,
    /// The crates of the workspace that it depends on.
    needs: BTreeSet<String>,
}

/// The packages whose tests are run.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    /// Changed packages: all of their quick tests.
    changed: BTreeSet<String>,
    /// Packages that depend on those: their unit tests.
    users: BTreeSet<String>,
}

/// One step, and its result.
struct Step {
    name: String,
    passed: bool,
    took: Duration,
}

/// Runs format, lints and quick tests, each also after one has failed, and prints a summary; true if all passed.
///
/// # Errors
/// If git or cargo cannot be run, or there is no such package.
pub(crate) fn run(named: &[String], since: Option<&str>) -> Result<bool> {
    let packages = packages()?;
    let choice = if named.is_empty() {
        choose(&packages, &changed_files(since)?, &read_by(&packages)?)
    } else {
        by_name(&packages, named)?
    };
    say(&format!("changed: {}", list(&choice.changed)));
    say(&format!("built of those: {}", list(&choice.users)));
    let mut steps = Vec::new();
    for args in commands(&packages, &choice) {
        if !is_installed(&args[0]) {
            say(&format!("skipped: cargo {} (cargo has no `{}` here)", args.join(" "), args[0]));
            continue;
        }
        steps.push(step(&args)?);
    }
    println!();
    for Step { name, passed, took } in &steps {
        say(&format!("{} {:6.1} s  {name}", if *passed { "passed" } else { "FAILED" }, took.as_secs_f64()));
    }
    Ok(steps.iter().all(|step| step.passed))
}

#[expect(clippy::disallowed_methods, reason = "how long a step took, for people")]
fn step(args: &[String]) -> Result<Step> {
    let name = format!("cargo {}", args.join(" "));
    say(&name);
    let begin = Instant::now();
    let status = cargo().args(args).status().during(&name)?;
    Ok(Step { name, passed: status.success(), took: begin.elapsed() })
}

/// The arguments of cargo for each step.
fn commands(packages: &[Package], choice: &Choice) -> Vec<Vec<String>> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut commands =
        vec![words("fmt --all --check"), words("clippy --quiet --workspace --all-targets -- -D warnings")];
    let is_slow = |name: &String| SLOW.contains(&name.as_str());
    let has_library = |name: &&String| packages.iter().any(|package| package.name == **name && package.has_library);
    let (units, whole): (Vec<_>, Vec<_>) = choice.changed.iter().partition(|name| is_slow(name));
    let (libraries, programs): (Vec<_>, Vec<_>) = units.into_iter().chain(&choice.users).partition(has_library);
    for (names, kind) in [(whole, "--tests"), (libraries, "--lib"), (programs, "--bins")] {
        if !names.is_empty() {
            let mut command = words("test --quiet --no-fail-fast");
            command.push(kind.to_owned());
            command.extend(names.iter().flat_map(|name| ["--package".to_owned(), (*name).clone()]));
            commands.push(command);
        }
    }
    commands
}

fn by_name(packages: &[Package], named: &[String]) -> Result<Choice> {
    for name in named {
        if !packages.iter().any(|package| package.name == *name) {
            let known: BTreeSet<_> = packages.iter().map(|package| package.name.clone()).collect();
            return Err(Error::new(format!("there is no package {name}; there are {}", list(&known))));
        }
    }
    Ok(Choice { changed: named.iter().cloned().collect(), users: BTreeSet::new() })
}

/// Determines which packages the files belong to, and which depend on those. A file outside of the packages counts for
/// the packages whose sources name it (a document that a test reads), and a file that affects all builds counts for
/// all.
fn choose(packages: &[Package], files: &[PathBuf], read_by: &dyn Fn(&str) -> BTreeSet<String>) -> Choice {
    let mut changed = BTreeSet::new();
    for file in files {
        let owners = packages.iter().filter(|package| file.starts_with(&package.directory));
        match owners.max_by_key(|package| package.directory.components().count()) {
            Some(owner) => {
                changed.insert(owner.name.clone());
            }
            None if ["Cargo.toml", "clippy.toml"].iter().any(|name| file == Path::new(name)) => {
                changed.extend(packages.iter().map(|package| package.name.clone()));
            }
            None => changed.extend(read_by(&file.file_name().unwrap_or_default().to_string_lossy())),
        }
    }
    let mut users = changed.clone();
    loop {
        let more =
            packages.iter().filter(|package| !users.contains(&package.name) && !package.needs.is_disjoint(&users));
        let more: Vec<_> = more.map(|package| package.name.clone()).collect();
        if more.is_empty() {
            break;
        }
        users.extend(more);
    }
    users.retain(|name| !changed.contains(name) && name != "postern-tests" && name != "xtask");
    Choice { changed, users }
}

/// For the name of a file: the packages with a Rust file that contains the name.
fn read_by(packages: &[Package]) -> Result<impl Fn(&str) -> BTreeSet<String>> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let owned = tools::run(git().args(["ls-files", "*.rs"]), &[])?.success()?;
    for file in owned.lines().map(Path::new) {
        let owners = packages.iter().filter(|package| file.starts_with(&package.directory));
        if let Some(owner) = owners.max_by_key(|package| package.directory.components().count()) {
            let text = fs::read_to_string(workspace().join(file)).unwrap_or_default();
            texts.entry(owner.name.clone()).or_default().push_str(&text);
        }
    }
    Ok(move |name: &str| {
        let named = texts.iter().filter(|(_, text)| !name.is_empty() && text.contains(name));
        named.map(|(package, _)| package.clone()).collect()
    })
}

/// Every file that differs from where the branch left `main` (or from `since`), and every new one.
fn changed_files(since: Option<&str>) -> Result<Vec<PathBuf>> {
    let base = match since {
        Some(since) => since.to_owned(),
        None => match tools::run(git().args(["merge-base", MAIN, "HEAD"]), &[])?.success() {
            Ok(base) => base.trim().to_owned(),
            // No such branch here.
            Err(_) => "HEAD".to_owned(),
        },
    };
    let changed = tools::run(git().args(["diff", "--name-only", "--no-renames", &base]), &[])?.success()?;
    let new = tools::run(git().args(["ls-files", "--others", "--exclude-standard"]), &[])?.success()?;
    Ok(changed.lines().chain(new.lines()).map(PathBuf::from).collect())
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.current_dir(workspace());
    git
}

fn packages() -> Result<Vec<Package>> {
    let args = ["metadata", "--format-version=1", "--no-deps"];
    let text = tools::run(cargo().args(args), &[])?.success()?;
    let metadata: Value = serde_json::from_str(&text).during("reading cargo metadata")?;
    Ok(items(&metadata["packages"]).iter().map(package).collect())
}

fn package(package: &Value) -> Package {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(word(&package["manifest_path"]));
    let directory = manifest.parent().and_then(|path| path.strip_prefix(workspace()).ok()).unwrap_or(&manifest);
    let is_library = |kind: &Value| ["lib", "cdylib", "proc-macro"].contains(&kind.as_str().unwrap_or_default());
    let has_library = items(&package["targets"]).iter().any(|target| items(&target["kind"]).iter().any(is_library));
    let ours = items(&package["dependencies"]).iter().filter(|need| need["path"].is_string());
    let needs = ours.filter(|need| need["kind"].as_str() != Some("dev")).map(|need| word(&need["name"])).collect();
    Package { name: word(&package["name"]), directory: directory.to_owned(), has_library, needs }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;
