//! Export and import: whole or not at all.

use crate::server::{Server, refuse, reply};
use postern_wire::Reply;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn exporter() -> Server {
    Server::new(|_: &str, _: &Value| {
        vec![Reply::more(json!({ "lines": "one\ntwo\n" })), Reply::last(json!({ "lines": "end\n", "last": true }))]
    })
}

#[test]
fn an_export_is_private_and_replaces_nothing_unasked() {
    let server = exporter();
    let file = server.dir.path().join("backup");
    let path = file.to_str().unwrap();
    let ran = server.run(&["export", path, "--json"]);
    assert_eq!((ran.code, ran.json()), (0, json!({ "file": path, "bytes": 12 })));
    assert_eq!(fs::read_to_string(&file).unwrap(), "one\ntwo\nend\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);

    fs::write(&file, "older").unwrap();
    let ran = server.run(&["export", path]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("--force"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), "older");
    assert_eq!(server.calls().len(), 1, "the daemon was asked for an export that nobody could keep");
    assert_eq!(server.run(&["export", path, "--force"]).code, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "one\ntwo\nend\n");
    assert_eq!(server.run(&["export", "-"]).out, "one\ntwo\nend\n");
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let meanwhile = file.clone();
    let server = Server::new(move |_: &str, _: &Value| {
        fs::write(&meanwhile, "somebody else's").unwrap();
        reply(json!({ "lines": "one\n" }))
    });
    assert_eq!(server.run(&["export", file.to_str().unwrap()]).code, 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "somebody else's");
}

#[test]
fn an_export_that_cannot_be_written_is_not_done() {
    // More than is held back before it is written.
    let lines = format!("{}\n", "x".repeat(30_000));
    let server = Server::new(move |_: &str, _: &Value| reply(json!({ "lines": lines })));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = server.command(&["export", "-"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write to standard output"));
}

#[test]
fn a_broken_off_export_leaves_nothing() {
    let server = Server::new(|_: &str, _: &Value| {
        let mut replies = vec![Reply::more(json!({ "lines": "one\n" }))];
        replies.extend(refuse("unavailable", "the store cannot be read"));
        replies
    });
    let file = server.dir.path().join("backup");
    let ran = server.run(&["export", file.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (1, "error: the store cannot be read\n"));
    let left: Vec<_> = fs::read_dir(server.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["admin.sock"]);
}

#[test]
fn an_import_comes_in_pieces_of_whole_lines() {
    let server = Server::new(|_: &str, parameters: &Value| {
        reply(json!({ "records": if parameters["last"] == true { 700 } else { 0 } }))
    });
    let text = format!("{}\n", "x".repeat(99)).repeat(700);
    let file = server.dir.path().join("backup");
    fs::write(&file, &text).unwrap();
    let ran = server.run(&["import", file.to_str().unwrap(), "--json"]);
    assert_eq!((ran.code, ran.json()), (0, json!({ "records": 700 })));
    let calls = server.calls();
    assert_eq!(calls.iter().map(|(_, piece)| piece["lines"].as_str().unwrap()).collect::<String>(), text);
    let last: Vec<_> = calls.iter().map(|(_, piece)| piece["last"] == true).collect();
    assert_eq!(last, [false, false, true]);

    assert_eq!(server.run_with(&["import", "-"], &text).code, 0);
    assert_eq!(server.run(&["import", "/nonexistent"]).code, 1);
    let ran = server.run_with(&["import", "-"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("nothing in it"), "{}", ran.err);
}

#[test]
fn a_refused_import_says_why() {
    let server = Server::new(|_: &str, _: &Value| refuse("not_empty", "the store is not empty"));
    let ran = server.run_with(&["import", "-"], "one\n");
    assert_eq!((ran.code, ran.err.as_str()), (1, "error: the store is not empty\n"));
}
