//! Taking over what other programs have asked for. The real files and programs are in the workspace's tests.

use crate::server::{Server, account, refuse, reply};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const HEX: &str = "3132333435363738393031323334353637383930";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const GOOGLE: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" DISALLOW_REUSE 7 9\n\" TOTP_AUTH\n40757517\n75671773\n";

/// A daemon that knows Bob's secret and protects everybody else but Mallory.
fn server() -> Server {
    Server::new(|method: &str, parameters: &Value| {
        assert_eq!(method, "ImportTotp");
        let mailbox = parameters["mailbox"].as_str().unwrap();
        if mailbox.starts_with("mallory") {
            return refuse("protected", "mallory is protected already.");
        }
        let after = account(&mailbox.to_lowercase(), "protected");
        reply(
            json!({ "before": "off", "after": after, "changed": !mailbox.starts_with("bob"), "enrolment_code": null }),
        )
    })
}

fn file(server: &Server, name: &str, text: &str) -> PathBuf {
    let path = server.dir.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn a_file_of_google_authenticator_is_one_call() {
    let server = server();
    let path = file(&server, "g", GOOGLE);
    let ran = server.run(&["import", "google-authenticator", path.to_str().unwrap(), "Alice@example.com", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let row = json!({ "mailbox": "alice@example.com", "outcome": "imported", "backup_codes": 2, "notes": [] });
    assert_eq!(ran.json(), json!([row]));
    let parameters = json!({
        "mailbox": "Alice@example.com", "secret": BASE32, "description": "", "period": 30, "spent_step": 9,
        "backup_codes": ["40757517", "75671773"],
    });
    assert_eq!(server.calls(), [("ImportTotp".to_owned(), parameters)]);

    let path = path.to_str().unwrap();
    let ran = server.run(&["import", "google-authenticator", path, "a@example.com", "--dry-run", "--add"]);
    assert!(ran.code == 0 && ran.out.contains("would be") && ran.out.contains("1 would be taken over"), "{ran:?}");
    let (_, parameters) = server.calls().pop().unwrap();
    assert_eq!((&parameters["dry_run"], &parameters["beside"]), (&json!(true), &json!(true)));
    let ran = server.run(&["import", "google-authenticator", path, "bob@example.com"]);
    assert!(ran.code == 0 && ran.out.contains("already"), "{ran:?}");
    let ran = server.run(&["import", "google-authenticator", path, "mallory@example.com"]);
    assert!(ran.code == 1 && ran.out.contains("mallory is protected already."), "{ran:?}");
    assert!(!ran.out.contains(BASE32) && !ran.out.contains("40757517"));
}

#[test]
fn each_line_of_a_users_file_has_a_row() {
    let server = server();
    let text = format!(
        "# a comment\nHOTP/T30 alice - {HEX}\nHOTP/T60/8 eve@other.example 99 {HEX}\nHOTP carol - {HEX}\n\
         HOTP/T30 bob - {HEX}\nHOTP/T30 mallory - {HEX}\nnonsense\n"
    );
    let path = file(&server, "u", &text);
    let ran = server.run(&["import", "oath", path.to_str().unwrap(), "--domain", "example.com", "--json"]);
    assert_eq!(ran.code, 1);
    let rows = ran.json();
    let rows: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (row["line"].as_u64().unwrap(), text("mailbox"), text("outcome"), text("reason"))
        })
        .collect();
    let expected = [
        (2, "alice@example.com", "imported", ""),
        (3, "eve@other.example", "imported", ""),
        (4, "carol@example.com", "refused", "not_served"),
        (5, "bob@example.com", "already", ""),
        (6, "mallory@example.com", "refused", "protected"),
        (7, "", "refused", "not_served"),
    ];
    assert_eq!(rows, expected.map(|(line, a, b, c)| (line, a.to_owned(), b.to_owned(), c.to_owned())));
    assert!(!ran.out.contains(HEX) && !ran.out.contains(BASE32) && !ran.out.contains("99"), "{}", ran.out);
    let calls = server.calls();
    assert_eq!(calls.len(), 4);
    assert_eq!((&calls[1].1["period"], &calls[1].1["digits"]), (&json!(60), &json!(8)));
    let ran = server.run(&["import", "oath", path.to_str().unwrap()]);
    assert!(ran.out.contains("2 taken over, 1 there already, 3 not"), "{}", ran.out);
    assert_eq!(server.calls()[4].1["mailbox"], "alice", "posternd knows its default domain");
}

#[test]
fn the_second_token_of_a_user_comes_beside_the_first() {
    let server = server();
    let path =
        file(&server, "u", &format!("HOTP/T30 alice - {HEX}\nHOTP/T30/8 alice - 00{HEX}\nHOTP/T30 eve - {HEX}\n"));
    let import = ["import", "oath", path.to_str().unwrap(), "--domain", "example.com"];
    assert!(server.run(&import).out.contains("3 taken over, 0 there already, 0 not"));
    let beside = |at: usize| server.calls()[at].1["beside"].as_bool();
    assert_eq!((beside(0), beside(1), beside(2)), (None, Some(true), None));
    let ran = server.run(&[&import[..], &["--dry-run"]].concat());
    assert!(ran.out.contains("3 would be taken over, 0 there already, 0 not"), "{ran:?}");
    let calls = server.calls();
    let first = json!([{ "secret": BASE32, "digits": 6, "period": 30 }]);
    assert_eq!((&calls[4].1["beside"], &calls[4].1["earlier"]), (&json!(true), &first));
    assert_eq!((&calls[3].1["earlier"], &calls[5].1["earlier"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_cannot_be_read_is_not_asked_about() {
    let server = server();
    let google = ["import", "google-authenticator"];
    for (name, bytes, told) in [
        ("counting", &b"GEZDGNBVGY3TQOJQ\n\" HOTP_COUNTER 1\n"[..], "it counts sign-ins"),
        ("binary", b"\xff\xfe\n", "it is not text"),
        ("long", &[b'A'; 70_000], "it has more than 65536 bytes"),
    ] {
        let path = file(&server, name, "");
        fs::write(&path, bytes).unwrap();
        let ran = server.run(&[&google[..], &[path.to_str().unwrap(), "a@example.com"]].concat());
        assert!(ran.code == 1 && ran.err.contains(told), "{ran:?}");
    }
    let directory = server.dir.path().to_str().unwrap();
    let ran = server.run(&[&google[..], &[directory, "a@example.com"]].concat());
    assert!(ran.code == 1 && ran.err.contains("not a regular file"), "{ran:?}");
    let empty = file(&server, "empty", "# nothing\n");
    let ran = server.run(&["import", "oath", empty.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.err.contains("no token"), "{ran:?}");
    assert_eq!(server.calls(), []);
}

#[test]
fn a_file_that_others_can_read_is_warned_of() {
    let server = server();
    let path = file(&server, "g", GOOGLE);
    for (mode, warns) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let ran = server.run(&["import", "google-authenticator", path.to_str().unwrap(), "a@example.com"]);
        assert_eq!((ran.code, ran.err.contains("warning")), (0, warns), "{mode:o}: {ran:?}");
    }
}

#[test]
fn a_daemon_that_goes_away_ends_it() {
    let server = Server::new(|_: &str, _: &Value| vec![]);
    let path = file(&server, "u", &format!("HOTP/T30 alice - {HEX}\nHOTP/T30 bob - {HEX}\n"));
    assert_eq!(server.run(&["import", "oath", path.to_str().unwrap()]).code, 3);
    assert_eq!(server.calls().len(), 1);
}

#[test]
fn an_export_of_that_name_is_given_with_its_directory() {
    let server = Server::new(|method: &str, _: &Value| {
        assert_eq!(method, "Import");
        reply(json!({ "records": 1 }))
    });
    file(&server, "oath", "line\n");
    let output = server.command(&["import", "./oath"]).current_dir(server.dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(server.run(&["import", "oath"]).code, 2);
}
