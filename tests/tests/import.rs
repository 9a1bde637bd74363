//! `postern import oath`: a dry run says what the run does, line for line.

use postern_tests::{Plan, Upstream, World};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

/// More than an account takes.
const MANY: u8 = 24;

/// What became of each line, without what is written for people.
fn outcomes(world: &World, arguments: &[&str]) -> Vec<(String, String, String)> {
    let said = world.postern(arguments.iter().copied().chain(["--json"])).unwrap();
    let rows: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (text(row, "mailbox"), text(row, "outcome"), text(row, "reason"))).collect()
}

#[test]
fn a_dry_run_is_the_run_without_its_changes() {
    let world = World::start(Plan { upstream: Upstream::None, ..Plan::default() }).unwrap();
    world.postern(["method", "add", "totp", "alice@example.com"]).unwrap().success().unwrap();
    let token = |user: &str, last: u8| format!("HOTP/T30 {user} - 31323334353637383930313233343536373839{last:02x}\n");
    let mut text = token("bob", 0x30) + &token("bob", 0x31) + &token("bob", 0x30);
    // Another user's name for the same mailbox, somebody who is protected, and more than anybody can have.
    text += &(token("bob@example.com", 0x32) + &token("alice", 0x33) + "HOTP carol - 00112233\n");
    text.extend((0..MANY).map(|last| token("dave", last)));
    let file = world.files.directory.join("users.oath");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let import = ["import", "oath", file.to_str().unwrap()];

    let tried = outcomes(&world, &[&import[..], &["--dry-run"]].concat());
    let done = outcomes(&world, &import);
    let short: Vec<_> = done[..6].iter().map(|(_, outcome, reason)| (outcome.as_str(), reason.as_str())).collect();
    let expected = [
        ("imported", ""),
        ("imported", ""),
        ("already", ""),
        ("refused", "protected"),
        ("refused", "protected"),
        ("refused", "not_served"),
    ];
    assert_eq!(short, expected);
    assert!(done.iter().any(|(_, _, reason)| reason == "too_many"), "{done:?}");
    assert_eq!(tried.len(), done.len());
    for (number, (tried, done)) in tried.iter().zip(&done).enumerate() {
        assert_eq!((&tried.1, &tried.2), (&done.1, &done.2), "line {}", number + 1);
    }
    let shown = world.postern(["account", "show", "bob@example.com", "--json"]).unwrap().success().unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown.to_string().matches("\"totp\"").count(), 2, "{shown}");
}
