use super::example::{Line, lines, page};
use super::*;
use postern_tests::tools;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A key that is similar to no known one, so that the error names all known ones.
const UNKNOWN: &str = "zzzzzzzz = 1";

/// The words of `text` in backticks, without the first, which is the unknown key itself.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
}

/// The tables of an example, each with its keys. A table within a table also counts as a key of it.
fn described(example: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut at = String::new();
    for line in lines(example) {
        match line {
            Line::Table(table) => {
                if let Some((outer, inner)) = table.split_once('.') {
                    tables.entry(outer.to_owned()).or_default().insert(inner.to_owned());
                }
                at = table.to_owned();
            }
            Line::Key(key, ..) => drop(tables.entry(at.clone()).or_default().insert(key.to_owned())),
            Line::Text(_) | Line::Blank => {}
        }
    }
    tables
}

/// Compares the keys of each table of an example with those that the program knows.
fn compare(example: &str, known: impl Fn(&str) -> BTreeSet<String>) {
    let described = described(example);
    let top: BTreeSet<String> = described.keys().filter(|table| !table.contains('.')).cloned().collect();
    assert_eq!(top, known(UNKNOWN), "tables");
    for (table, keys) in &described {
        assert_eq!(*keys, known(&format!("[{table}]\n{UNKNOWN}")), "[{table}]");
    }
}

/// Each table of an example with everything enabled except these keys and tables, where some exclude each other. A
/// table that occurs several times shows several alternatives.
fn all_on(example: &str, but: &[&str]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut is_on = true;
    for line in lines(example) {
        if let Line::Table(table) = line {
            is_on = !but.contains(&table);
        }
        match line {
            _ if !is_on => {}
            Line::Table(table) if table.contains('.') => {
                texts.last_mut().unwrap().push_str(&format!("[{table}]\n"));
            }
            Line::Table(table) => texts.push(format!("[{table}]\n")),
            Line::Key(key, value, _) if !but.contains(&key) => {
                texts.last_mut().unwrap().push_str(&format!("{key} = {value}\n"));
            }
            Line::Key(..) | Line::Text(_) | Line::Blank => {}
        }
    }
    texts
}

fn shipped(name: &str) -> String {
    fs::read_to_string(packaging(name)).unwrap()
}

/// The keys that posternd itself names as known when it is given an unknown one.
#[test]
fn the_example_of_posternd_has_every_key_and_no_other() {
    use posternd::config::Config;
    let text = shipped("posternd.toml");
    // The suggestion at the end repeats the most similar key; a set contains it once.
    compare(&text, |text| quoted(&Config::parse(text).unwrap_err()).into_iter().collect());
    assert_eq!(Config::parse(&text).unwrap(), Config::default(), "the defaults are what is shown");
    for text in all_on(&text, &[]) {
        Config::parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    }
}

#[test]
fn the_example_of_the_proxy_has_every_key_and_no_other() {
    use postern_proxy::config;
    let directory = tempfile::tempdir().unwrap();
    let judge = |text: &str| {
        let path = directory.path().join("proxy.toml");
        fs::write(&path, text).unwrap();
        config::load(&path).map(drop).map_err(|error| error.to_string())
    };
    let text = shipped("proxy.toml");
    compare(&text, |text| {
        let said = judge(text).unwrap_err();
        let listed = said.lines().find_map(|line| line.split_once("; there are ")).unwrap().1;
        listed.split(", ").map(str::to_owned).collect()
    });
    judge(&text).unwrap();
    for but in [&["backend_ca", "tls.acme"][..], &["backend_pin", "cert", "key"]] {
        judge(&all_on(&text, but).concat()).unwrap();
    }
}

#[test]
fn an_example_becomes_a_page() {
    let text = "# About it.\n\n[table]\n# Both.\nfirst = 1\n#second = \"`\"\n\nthird = 3\n";
    assert_eq!(lines(text).filter(|line| matches!(line, Line::Key(.., false))).count(), 1);
    let release = Release { version: "1.0".to_owned(), date: "2026-11-22".to_owned() };
    let page = page("x.toml", "a test", "x", text, &release).to_roff();
    let body = page.split_once("DESCRIPTION\n").unwrap().1;
    let expected = "About it.\n.SH [table]\n.TP\n\\fBfirst\\fR = 1\n.TQ\n\\fBsecond\\fR = \"`\"    (not set)\nBoth.\n\
                    .TP\n\\fBthird\\fR = 3\n";
    assert!(body.starts_with(expected), "{body}");
}

/// Rendered by both programs that render manual pages on Debian and elsewhere.
#[test]
fn every_page_is_rendered_without_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path()).unwrap();
    let pages: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    for name in
        ["posternd.8", "postern.1", "postern-account-suspend.1", "postern-proxy.8", "proxy.toml.5", "pam_postern.8"]
    {
        assert!(pages.iter().any(|page| page.ends_with(name)), "{name} is missing");
    }
    let lint = tools::run(Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(&pages), &[]).unwrap();
    assert_eq!((lint.code, &*lint.stdout), (0, ""), "{}", lint.stderr);
    let mut man = Command::new("man");
    man.args(["--warnings", "--local-file"]).args(&pages).env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
    let rendered = tools::run(&mut man, &[]).unwrap();
    assert_eq!((rendered.code, &*rendered.stderr), (0, ""));
    assert!(rendered.stdout.contains("BRINGING EVERYTHING BACK"), "what is added by hand is there");
}
