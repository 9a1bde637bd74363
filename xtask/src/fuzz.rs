//! `cargo xtask fuzz`: the fuzz targets, with libFuzzer, on the stable toolchain. `cargo xtask test` runs each for some
//! seconds from the corpus that is kept in `fuzz/corpus`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use postern_tests::binaries::{cargo, workspace};
use postern_tests::{During, Error, Result, tools};

use crate::setup::say;

/// The flags that cargo-fuzz gives rustc, except for the address sanitiser, which is not in the stable toolchain:
/// LLVM's own pass counts edges and reports comparisons. `nostart-stop-gc` keeps lld from dropping the section with the
/// counters.
const FLAGS: [&str; 8] = [
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Clink-arg=-Wl,-z,nostart-stop-gc",
];
/// Separates flags in cargo's variable, so that one may contain a space.
const SEPARATOR: &str = "\u{1f}";
/// Seconds per target in the tests.
const SECONDS_IN_TESTS: u32 = 15;
/// Maximum number of seconds for one input.
const SECONDS_OF_INPUT: u32 = 10;
/// Maximum memory of a target in mebibytes.
const MEMORY: u32 = 2048;
/// The number of lines of a log that are shown when a target has failed.
const SHOWN_LINES: usize = 40;

/// Runs every target for some seconds, as many at a time as there are processors; true if none has failed.
///
/// # Errors
/// If they cannot be built.
pub(crate) fn in_tests() -> Result<bool> {
    let names = names()?;
    let programs = build()?;
    say(&format!("fuzzing {} targets, {SECONDS_IN_TESTS} s each", names.len()));
    let waiting = Mutex::new(names.into_iter());
    let next = || waiting.lock().ok().and_then(|mut names| names.next());
    let work = || -> Result<bool> {
        let mut passed = true;
        while let Some(name) = next() {
            passed &= briefly(&programs, &name)?;
        }
        Ok(passed)
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let outcomes = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(Error::new("a fuzzer"))));
        outcomes.collect::<Result<Vec<_>>>().map(|passed| passed.into_iter().all(|passed| passed))
    })
}

/// Runs one target, or each after the other, for this many minutes, and shows libFuzzer's output; true if none has
/// failed.
///
/// # Errors
/// If there is no such target, or they cannot be built.
pub(crate) fn run(name: Option<&str>, minutes: u32) -> Result<bool> {
    let mut names = names()?;
    if let Some(name) = name {
        if !names.iter().any(|known| known == name) {
            return Err(Error::new(format!("there is no fuzz target {name}; there are {}", names.join(", "))));
        }
        names.retain(|known| known == name);
    }
    let programs = build()?;
    let mut passed = true;
    for name in names {
        say(&format!("fuzzing {name} for {minutes} min"));
        let status = command(&programs, &name, minutes.saturating_mul(60))?.status().during(&name)?;
        if !status.success() {
            passed = false;
            say(&failed(&programs, &name));
        }
    }
    Ok(passed)
}

/// The targets, by the names of their files.
fn names() -> Result<Vec<String>> {
    let directory = workspace().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&directory).during(directory.display())?;
    let paths = entries.flatten().map(|entry| entry.path());
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = paths.filter_map(stem).collect();
    names.sort_unstable();
    Ok(names)
}

/// Builds the targets; returns their directory.
fn build() -> Result<PathBuf> {
    say("building the fuzz targets");
    let told = tools::run(Command::new("rustc").arg("-vV").current_dir(workspace()), &[])?.success()?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Error::new("rustc does not say what it builds for"))?;
    let target = workspace().join("target/fuzz");
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--bins", "--manifest-path", "fuzz/Cargo.toml"]);
    // With --target the flags do not apply to build scripts, which have no libFuzzer to link with.
    build.args(["--target", host]).arg("--target-dir").arg(&target);
    build.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join(SEPARATOR));
    let status = build.status().during("building the fuzz targets")?;
    if !status.success() {
        return Err(Error::new("the fuzz targets do not build; cargo says why above (libFuzzer takes g++)"));
    }
    Ok(target.join(host).join("release"))
}

/// libFuzzer with the inputs found here before, and the corpus that is kept. New inputs are stored with the former.
fn command(programs: &Path, name: &str, seconds: u32) -> Result<Command> {
    let found = workspace().join("target/fuzz/corpus").join(name);
    let (kept, artifacts) = (workspace().join("fuzz/corpus").join(name), artifacts(name));
    for directory in [&found, &artifacts] {
        fs::create_dir_all(directory).during(directory.display())?;
    }
    let mut command = Command::new(programs.join(name));
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-timeout={SECONDS_OF_INPUT}"),
        format!("-rss_limit_mb={MEMORY}"),
        format!("-artifact_prefix={}/", artifacts.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    command.args([found, kept]);
    Ok(command)
}

/// The directory of inputs that fail.
fn artifacts(name: &str) -> PathBuf {
    workspace().join("fuzz/artifacts").join(name)
}

/// Runs one target for some seconds, and prints one line; with the end of its log if it fails.
fn briefly(programs: &Path, name: &str) -> Result<bool> {
    let path = workspace().join("target/fuzz").join(format!("{name}.log"));
    let log = File::create(&path).during(path.display())?;
    let mut command = command(programs, name, SECONDS_IN_TESTS)?;
    let status = command.stdout(Stdio::null()).stderr(log).status().during(name)?;
    let log = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).during(path.display())?;
    if status.success() {
        say(&format!("fuzz {name}: {} inputs", inputs(&log).unwrap_or("no")));
    } else {
        let lines: Vec<&str> = log.lines().collect();
        say(&format!("{}\n{}", failed(programs, name), lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")));
    }
    Ok(status.success())
}

/// The number of inputs that libFuzzer reports.
fn inputs(log: &str) -> Option<&str> {
    log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")).map(str::trim)
}

fn failed(programs: &Path, name: &str) -> String {
    format!(
        "failed: fuzz {name}. The input is in {}; run it again with\n  {} INPUT\nand keep it in fuzz/corpus/{name} once it \
         is mended",
        artifacts(name).display(),
        programs.join(name).display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_has_a_corpus_that_is_kept() {
        let manifest = fs::read_to_string(workspace().join("fuzz/Cargo.toml")).unwrap();
        let names = names().unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), names.len());
        for name in names {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
            let kept = fs::read_dir(workspace().join("fuzz/corpus").join(&name));
            assert!(kept.is_ok_and(|mut files| files.next().is_some()), "fuzz/corpus/{name} is empty");
        }
    }

    #[test]
    fn inputs_are_read_from_the_end_of_a_log() {
        assert_eq!(inputs("#2\tDONE\nstat::number_of_executed_units: 1234\nstat::x: 1\n"), Some("1234"));
        assert_eq!(inputs(""), None);
    }
}
