use super::example::{Line, lines, page};
use super::*;
use postern_tests::tools;
use std::process::Command;

/// Words of `text` between backticks, without the first, which is the unknown key itself.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
}

/// The tables of an example, each with its keys.
fn described(example: &str) -> Vec<(String, Vec<String>)> {
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for line in lines(example) {
        match line {
            Line::Table(table) => tables.push((table.to_owned(), Vec::new())),
            Line::Key(key, ..) => tables.last_mut().unwrap().1.push(key.to_owned()),
            Line::Text(_) | Line::Blank => {}
        }
    }
    for (_, keys) in &mut tables {
        keys.sort_unstable();
    }
    tables.sort_unstable();
    tables
}

/// The example with everything turned on but one key, where two exclude each other.
fn all_on(example: &str, but: &str) -> String {
    let on = lines(example).filter_map(|line| match line {
        Line::Table(table) => Some(format!("[{table}]\n")),
        Line::Key(key, value, _) if key != but => Some(format!("{key} = {value}\n")),
        Line::Key(..) | Line::Text(_) | Line::Blank => None,
    });
    on.collect()
}

fn shipped(name: &str) -> String {
    fs::read_to_string(packaging(name)).unwrap()
}

/// What posternd itself says that it would have known, where it is given what it does not know.
#[test]
fn the_example_of_posternd_has_every_key_and_no_other() {
    use posternd::config::Config;
    let known = |text: &str| {
        let mut known = quoted(&Config::parse(text).unwrap_err());
        // The advice at the end repeats the nearest.
        known.sort_unstable();
        known.dedup();
        known
    };
    let text = shipped("posternd.toml");
    let tables: Vec<_> =
        known("[zzzzzzzz]").into_iter().map(|it| (it.clone(), known(&format!("[{it}]\nzzzzzzzz = 1")))).collect();
    assert_eq!(described(&text), tables);
    assert_eq!(Config::parse(&text).unwrap(), Config::default(), "the defaults are what is shown");
    Config::parse(&all_on(&text, "")).unwrap();
}

#[test]
fn the_example_of_the_proxy_has_every_key_and_no_other() {
    use postern_proxy::config::Config;
    let directory = tempfile::tempdir().unwrap();
    let judge = |text: &str| {
        let path = directory.path().join("proxy.toml");
        fs::write(&path, text).unwrap();
        Config::load(&path).map(drop).map_err(|error| error.to_string())
    };
    let known = |text: &str| {
        let said = judge(text).unwrap_err();
        let listed = said.lines().find_map(|line| line.split_once("; there are ")).unwrap().1;
        let mut known: Vec<String> = listed.split(", ").map(str::to_owned).collect();
        known.sort_unstable();
        known
    };
    let text = shipped("proxy.toml");
    let tables: Vec<_> =
        known("zzzzzzzz = 1").into_iter().map(|it| (it.clone(), known(&format!("[{it}]\nzzzzzzzz = 1")))).collect();
    assert_eq!(described(&text), tables);
    judge(&text).unwrap();
    for but in ["backend_ca", "backend_pin"] {
        judge(&all_on(&text, but)).unwrap();
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

/// Both programs that render manual pages on Debian and elsewhere.
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
