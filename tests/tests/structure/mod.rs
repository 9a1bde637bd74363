//! Design rules that a compiler does not check: which crate may use which, no circle among the files of a crate, and
//! how long files, functions and crates may be. `cargo test -p postern-tests --test main -- --ignored structure` prints
//! what is longest.

mod arrows;
mod circles;
mod circles_tests;
mod doubles;
mod modules;
mod sizes;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use self::arrows::{ARROWS, NEVER};
use self::circles::{Circle, circles};
use self::modules::Crate;
use self::sizes::{CRATE, FILE, FUNCTION, MEDIAN, Size};
pub(crate) use self::sources::rust_files;
use self::sources::{packages, root};

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
    let stated = ARROWS.iter().copied().collect::<BTreeMap<_, _>>();
    for package in packages() {
        let needs: BTreeSet<&str> = package.needs.iter().map(String::as_str).collect();
        let may = stated.get(package.name.as_str());
        let may = may.unwrap_or_else(|| panic!("{} is not in the table of arrows.rs", package.name));
        assert_eq!(needs, may.iter().copied().collect(), "what {} depends on, and what arrows.rs says", package.name);
    }
    let there: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    let gone: Vec<_> = stated.keys().filter(|name| !there.contains(**name)).collect();
    assert!(gone.is_empty(), "arrows.rs has crates that are not there: {gone:?}");
}

#[test]
fn no_crate_where_it_must_not_be() {
    for (package, never) in NEVER {
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

/// The circles of every crate that has one.
fn all_circles() -> Vec<(String, Vec<Circle>)> {
    let targets = packages().into_iter().flat_map(|package| package.targets);
    let circles = targets.map(|target| (target.label, circles(&Crate::read(&target.root_file), &root())));
    circles.filter(|(_, circles)| !circles.is_empty()).collect()
}

fn print(name: &str, circles: &[Circle]) -> String {
    let circles: String = circles.iter().map(|circle| format!("  {circle}")).collect();
    format!("{name} has circles:\n{circles}")
}

#[test]
fn no_module_imports_another_in_a_circle() {
    let wrong: Vec<String> = all_circles().iter().map(|(name, circles)| print(name, circles)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is longer than `most`.
fn too_long(sizes: &[Size], most: usize) -> Vec<String> {
    let wrong = sizes.iter().filter(|size| size.lines > most);
    wrong.map(|size| format!("{} has {} lines, of {most}", size.what, size.lines)).collect()
}

#[test]
fn files_are_short_and_no_module_is_called_after_nothing() {
    let mut paths = Vec::new();
    rust_files(&root(), &mut paths);
    for path in paths {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let parent = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).expect("a folder");
        for name in ["util", "utils", "common", "helpers", "manager", "handler", "misc"] {
            assert!(stem != name && parent != name, "{}", path.display());
        }
    }
    let sizes = sizes::of_files();
    let wrong = too_long(&sizes, FILE);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let median = sizes[sizes.len() / 2].lines;
    assert!(median <= MEDIAN, "the median file has {median} lines, of {MEDIAN}");
}

#[test]
fn functions_and_crates_are_short() {
    let mut wrong = too_long(&sizes::of_functions(), FUNCTION);
    wrong.extend(too_long(&sizes::of_crates(&packages()), CRATE));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many of the longest are printed.
const SHOWN: usize = 12;

/// For people: the longest crates, files and functions.
#[test]
#[ignore = "prints what is longest"]
#[expect(clippy::print_stdout, reason = "read by people")]
fn print_the_longest() {
    let (files, functions) = (sizes::of_files(), sizes::of_functions());
    println!("The median file has {} lines.", files[files.len() / 2].lines);
    let crates = sizes::of_crates(&packages());
    for Size { lines, what } in [crates, files, functions].iter().flat_map(|sizes| sizes.iter().take(SHOWN)) {
        println!("{lines:6} lines: {what}");
    }
}

/// The clippy ban says so within a file's `expect`; this says that only the clock files have one.
#[test]
fn only_clock_files_read_the_clock() {
    let mut paths = Vec::new();
    for crate_of_ours in ["store", "imap_proxy", "pam_module"] {
        rust_files(&root().join(crate_of_ours), &mut paths);
    }
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let clock = path.file_name().is_some_and(|name| name == "clock.rs");
        let test = path.components().any(|part| part.as_os_str() == "tests");
        assert!(clock || test || !text.contains("disallowed_methods"), "{}", path.display());
    }
}
