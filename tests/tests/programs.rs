//! What is installed is what is started: every program that the demo and the tests start has its package in
//! `src/programs.rs`, which is the list that `cargo xtask demo` and `cargo xtask test` install by.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use postern_tests::binaries::workspace;
use postern_tests::{programs, tools};

use crate::structure::rust_files;

/// Where the demo and the tests start programs, beside the folder `tests` of every crate.
const PLACES: [&str; 2] = ["tests/src", "xtask/src"];
/// Where the crates are.
const CRATES: [&str; 3] = ["store", "imap_proxy", "pam_module"];
/// What makes the packages installs by itself what that takes; and the two files that only name programs.
const NOT: [&str; 4] = ["xtask/src/deb.rs", "xtask/src/deb", "tests/src/programs.rs", "tests/tests/programs.rs"];
/// How a program is started, and which argument it is.
const STARTS: [(&str, usize); 5] =
    [("Command::new(", 0), ("Service::new(", 1), (".inside(", 0), ("run_as(", 2), (" run(", 0)];
/// Of the toolchain, without which nothing here is built.
const TOOLCHAIN: [&str; 2] = ["cargo", "rustc"];
/// Arguments that are no program of Debian's: our own programs, and what another call is looked at for.
const OTHERS: [&str; 25] = [
    "program",
    "program: &str",
    "&program",
    "&self.program",
    "env!(\"CARGO\")",
    "env!(\"CARGO_BIN_EXE_postern\")",
    "env!(\"CARGO_BIN_EXE_postern-proxy\")",
    "env::current_exe().unwrap()",
    "stranger(home)",
    "std::env::var_os(\"CARGO\").unwrap_or_else(|| \"cargo\".into())",
    "&binaries.posternd",
    "&binaries.proxy",
    "&self.binaries.posternd",
    "&self.binaries.postern",
    "&world.binaries.proxy",
    "program: impl AsRef<Path>",
    "&postern_tests::binaries().unwrap().postern",
    "inside.get_program()",
    // Its name has a version in it.
    "php_fpm()?",
    // With the package `postgresql`, in a directory of their own.
    "postgresql()?.join(\"pg_isready\")",
    "postgresql()?.join(\"psql\")",
    "programs.join(\"postgres\")",
    // The fuzz targets.
    "programs.join(name)",
    "name",
    "user: &str",
];
/// From a package such as `python3` over the one of a version to the one that has the program.
const DEPTH: usize = 3;
/// Where programs lie.
const DIRECTORIES: [&str; 4] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

fn texts() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    PLACES.iter().for_each(|place| rust_files(&workspace().join(place), &mut files));
    let is_test = |file: &Path| file.components().any(|part| part.as_os_str() == "tests");
    let mut of_crates = Vec::new();
    CRATES.iter().for_each(|folder| rust_files(&workspace().join(folder), &mut of_crates));
    rust_files(&workspace().join("tests/tests"), &mut of_crates);
    files.extend(of_crates.into_iter().filter(|file| is_test(file.strip_prefix(workspace()).unwrap())));
    files.retain(|file| !NOT.iter().any(|not| file.starts_with(workspace().join(not)) || file.ends_with(not)));
    files.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

/// An argument of the call whose arguments begin with `text`.
fn argument(text: &str, at: usize) -> String {
    let (mut depth, mut quoted, mut arguments) = (0, false, vec![String::new()]);
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '"' if before != '\\' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted && depth == 0 => break,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        before = letter;
        arguments.last_mut().unwrap().push(letter);
    }
    arguments.get(at).map(|argument| argument.trim().to_owned()).unwrap_or_default()
}

/// What stands between the quotes of a literal, or of the constant of that name in the same file.
fn literal(argument: &str, text: &str) -> Option<String> {
    let quoted = |text: &str| text.strip_prefix('"')?.split_once('"').map(|(name, _)| name.to_owned());
    let constant = || {
        let (_, value) = text.split_once(&format!("const {argument}: &str = "))?;
        quoted(value)
    };
    quoted(argument).or_else(constant)
}

/// The programs that the sources start, and what could not be told.
fn started() -> (BTreeSet<String>, Vec<String>) {
    let (mut programs, mut unknown) = (BTreeSet::new(), Vec::new());
    for (file, text) in texts() {
        for (start, at) in STARTS {
            for (place, _) in text.match_indices(start) {
                let argument = argument(&text[place + start.len()..], at);
                match literal(&argument, &text) {
                    Some(path) => programs.extend(path.rsplit('/').next().map(str::to_owned)),
                    None if start == " run(" || OTHERS.contains(&argument.as_str()) => {}
                    None => unknown.push(format!("{}: {start}{argument}", file.display())),
                }
            }
        }
    }
    (programs, unknown)
}

#[test]
fn every_program_that_is_started_has_its_package_in_the_list() {
    let (started, unknown) = started();
    assert!(unknown.is_empty(), "write the program as a literal or a constant of the file:\n{}", unknown.join("\n"));
    let listed: BTreeSet<&str> = [programs::DEMO, programs::TESTS].concat().into_iter().map(|(name, _)| name).collect();
    let missing: Vec<_> =
        started.iter().filter(|name| !listed.contains(name.as_str()) && !TOOLCHAIN.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "started, but not in tests/src/programs.rs: {missing:?}");
    let idle: Vec<_> = listed.iter().filter(|name| !started.contains(**name) && **name != "php-fpm").collect();
    assert!(idle.is_empty(), "in tests/src/programs.rs, but not started: {idle:?}");
}

#[test]
fn the_demo_starts_nothing_but_what_is_in_its_own_list() {
    let files = ["backend", "certificates", "dovecot", "files", "mailboxes", "receivers", "roundcube", "world"];
    for file in files {
        let text = fs::read_to_string(workspace().join(format!("tests/src/{file}.rs"))).unwrap();
        for (start, at) in STARTS {
            let arguments = text.match_indices(start).map(|(place, _)| argument(&text[place + start.len()..], at));
            for path in arguments.filter_map(|argument| literal(&argument, &text)) {
                let name = path.rsplit('/').next().unwrap();
                assert!(programs::DEMO.iter().any(|(listed, _)| *listed == name), "{file}.rs starts {name}");
            }
        }
    }
}

/// Whether `package` brings `program`: as a file, or by a package that it depends on.
fn brings(package: &str, program: &Path) -> bool {
    let Ok(program) = program.canonicalize() else { return false };
    let name = program.file_name().unwrap().to_string_lossy().into_owned();
    let owners = tools::run(Command::new("dpkg-query").args(["--search", &format!("*bin/{name}")]), &[]).unwrap();
    let owners = owners.stdout.lines().filter(|line| line.ends_with(&format!("/{name}")));
    let owners: BTreeSet<&str> = owners.flat_map(|line| line.split([':', ',']).next()).collect();
    let mut packages = BTreeSet::from([package.to_owned()]);
    for _ in 0..DEPTH {
        if packages.iter().any(|package| owners.contains(package.as_str())) {
            return true;
        }
        let mut show = Command::new("dpkg-query");
        show.args(["--show", "--showformat", "${Depends}, ${Pre-Depends},"]).args(&packages);
        let depends = tools::run(&mut show, &[]).unwrap().stdout;
        packages =
            depends.split([',', '|']).filter_map(|need| need.split_whitespace().next().map(str::to_owned)).collect();
    }
    false
}

#[test]
fn the_packages_of_the_list_bring_the_programs() {
    for (name, package) in [programs::DEMO, programs::TESTS].concat() {
        let there = DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.exists());
        // npm may come from elsewhere, and PHP-FPM and pg_isready are called after a version.
        let Some(there) = there.filter(|_| name != "npm") else { continue };
        assert!(brings(package, &there), "{package} does not bring {}", there.display());
    }
}
