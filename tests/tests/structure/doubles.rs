//! Crates that are there in two versions: each costs time to build, and may be the stale one. `deny.toml` names those that
//! cannot be merged, with the reason; `cargo deny check bans` reads the same list, and this needs neither it nor a network.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::sources::root;

/// Every crate of Cargo.lock with its versions.
fn locked() -> BTreeMap<String, BTreeSet<String>> {
    let lock = read("Cargo.lock");
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock["package"].as_array().expect("a list of packages") {
        let text = |key: &str| package[key].as_str().expect("a text").to_owned();
        versions.entry(text("name")).or_default().insert(text("version"));
    }
    versions
}

/// `name@version` with the reason.
fn excepted() -> BTreeMap<String, String> {
    let deny = read("deny.toml");
    let skip = deny["bans"]["skip"].as_array().expect("a list of what is skipped");
    let text = |of: &toml::Value, key: &str| of.get(key).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
    skip.iter().map(|entry| (text(entry, "crate"), text(entry, "reason"))).collect()
}

fn read(name: &str) -> Table {
    std::fs::read_to_string(root().join(name)).expect(name).parse().expect(name)
}

/// What is wrong with the list, given what is locked.
fn wrong(locked: &BTreeMap<String, BTreeSet<String>>, excepted: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, versions) in locked.iter().filter(|(_, versions)| versions.len() > 1) {
        let left: Vec<_> = versions.iter().filter(|of| !excepted.contains_key(&format!("{name}@{of}"))).collect();
        match left[..] {
            [_] => {}
            [] => wrong.push(format!("every version of {name} is in deny.toml's `skip`: leave the newest out")),
            _ => wrong.push(format!(
                "{name} is there as {left:?}. `cargo tree --workspace --target all -i {name}@VERSION` says who wants which. \
                 Try to make it one: `cargo update`, or another version of ours in Cargo.toml. Where that does not do, put \
                 the older one into deny.toml's `skip`, with the reason"
            )),
        }
    }
    for (entry, reason) in excepted {
        let (name, version) = entry.split_once('@').unwrap_or((entry, ""));
        let versions = locked.get(name);
        if versions.is_none_or(|versions| versions.len() < 2 || !versions.contains(version)) {
            wrong.push(format!("{entry} is not doubled any more: take it out of deny.toml's `skip`"));
        }
        if reason.is_empty() {
            wrong.push(format!("{entry} has no reason in deny.toml"));
        }
    }
    wrong
}

#[test]
fn a_crate_in_two_versions_has_a_reason() {
    let wrong = wrong(&locked(), &excepted());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn doubles_and_exceptions_are_held_against_each_other() {
    let locked = |of: &[(&str, &[&str])]| -> BTreeMap<String, BTreeSet<String>> {
        of.iter()
            .map(|(name, versions)| ((*name).to_owned(), versions.iter().map(|of| (*of).to_owned()).collect()))
            .collect()
    };
    let excepted = |of: &[(&str, &str)]| of.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned())).collect();
    let two: &[&str] = &["1.0.0", "2.0.0"];
    for (versions, entries, says) in [
        (&two[..1], &[][..], None),
        (two, &[("a@1.0.0", "b wants it")], None),
        (two, &[], Some("a is there as")),
        (two, &[("a@1.0.0", "")], Some("no reason")),
        (two, &[("a@1.0.0", "x"), ("a@2.0.0", "x")], Some("leave the newest out")),
        (&two[1..], &[("a@1.0.0", "x")], Some("not doubled any more")),
    ] {
        let wrong = wrong(&locked(&[("a", versions)]), &excepted(entries));
        assert_eq!(wrong.len(), usize::from(says.is_some()), "{wrong:?}");
        assert!(says.is_none_or(|says| wrong[0].contains(says)), "{wrong:?}");
    }
}
