use super::*;

/// `front` and `daemon` depend on `wire`, `proxy` on `front`; the directory of `proxy` contains that of `front`.
fn workspace_of_five() -> Vec<Package> {
    let package = |name: &str, directory: &str, needs: &[&str]| Package {
        name: name.to_owned(),
        directory: directory.into(),
        has_library: name != "xtask",
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
    };
    vec![
        package("wire", "store/wire", &[]),
        package("postern-daemon", "store/daemon", &["wire"]),
        package("proxy", "imap_proxy", &["front"]),
        package("front", "imap_proxy/front", &["wire"]),
        package("xtask", "xtask", &["proxy"]),
    ]
}

fn chosen(files: &[&str]) -> (String, String) {
    let read_by = |name: &str| match name {
        "states.md" => BTreeSet::from(["postern-daemon".to_owned()]),
        _ => BTreeSet::new(),
    };
    let files: Vec<_> = files.iter().map(PathBuf::from).collect();
    let choice = choose(&workspace_of_five(), &files, &read_by);
    (list(&choice.changed), list(&choice.users))
}

#[test]
fn what_is_run_follows_from_what_was_changed() {
    for (files, changed, users) in [
        (&[][..], "nothing", "nothing"),
        (&["README.md"], "nothing", "nothing"),
        (&["docs/states.md"], "postern-daemon", "nothing"),
        (&["imap_proxy/src/main.rs"], "proxy", "nothing"),
        (&["imap_proxy/front/src/lib.rs"], "front", "proxy"),
        (&["store/wire/src/auth/ask.rs", "imap_proxy/Cargo.toml"], "proxy, wire", "front, postern-daemon"),
        (&["Cargo.toml"], "front, postern-daemon, proxy, wire, xtask", "nothing"),
    ] {
        assert_eq!(chosen(files), (changed.to_owned(), users.to_owned()), "{files:?}");
    }
}

#[test]
fn slow_tests_are_left_out_and_users_have_their_unit_tests_run() {
    let packages = workspace_of_five();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let choice = Choice { changed: names(&["postern-daemon", "wire", "xtask"]), users: names(&["front"]) };
    let lines: Vec<_> = commands(&packages, &choice).iter().map(|command| command.join(" ")).collect();
    let expected = [
        "fmt --all --check",
        "clippy --quiet --workspace --all-targets -- -D warnings",
        "test --quiet --no-fail-fast --tests --package wire",
        "test --quiet --no-fail-fast --lib --package postern-daemon --package front",
        "test --quiet --no-fail-fast --bins --package xtask",
    ];
    assert_eq!(lines, expected);
    let nothing = Choice { changed: BTreeSet::new(), users: BTreeSet::new() };
    assert_eq!(commands(&packages, &nothing).len(), 2);
}

#[test]
fn the_packages_of_this_checkout_are_known() {
    let packages = packages().unwrap();
    let rules = packages.iter().find(|package| package.name == "postern-rules").unwrap();
    assert!(rules.has_library && rules.directory == Path::new("store/rules"));
    assert!(SLOW.iter().all(|name| packages.iter().any(|package| package.name == *name)));
    assert!(read_by(&packages).unwrap()("states.md").contains("postern-rules"));
    assert!(by_name(&packages, &["postern".to_owned()]).unwrap_err().to_string().contains("postern-wire"));
}
