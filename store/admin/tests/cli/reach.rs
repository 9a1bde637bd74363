//! A daemon that cannot be asked, or answers what makes no sense: exit code 3, what it is and what to do.

use crate::server::{Server, reply};
use postern_wire::{ErrorReply, Reply};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

fn silent() -> Server {
    Server::new(|_: &str, _: &Value| Vec::new())
}

#[test]
fn nobody_there() {
    let server = silent();
    let missing = server.dir.path().join("missing.sock");
    let ran = server.run(&["--socket", missing.to_str().unwrap(), "status"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("missing.sock") && ran.err.contains("systemctl status posternd"), "{}", ran.err);

    let stale = server.dir.path().join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    let ran = server.run(&["--socket", stale.to_str().unwrap(), "status"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("nobody listens"), "{}", ran.err);
}

#[test]
fn a_closed_connection_and_garbage_are_no_answer() {
    let ran = silent().run(&["account", "enable", "bob@example.com"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("may or may not have been done"), "{}", ran.err);
    for garbage in [json!({}), json!({ "accounts": [] }), json!({ "accounts": [{ "state": "sure" }] })] {
        let ran =
            Server::new(move |_: &str, _: &Value| reply(garbage.clone())).run(&["account", "show", "bob@example.com"]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    }
}

#[test]
fn an_older_daemon_is_named_as_such() {
    let server = Server::new(|_: &str, _: &Value| {
        let name = "org.varlink.service.MethodNotFound".to_owned();
        vec![ErrorReply { name, parameters: json!({ "method": "Status" }) }.reply()] as Vec<Reply<Value>>
    });
    let ran = server.run(&["status"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("older than this postern"), "{}", ran.err);
}

#[test]
fn check_looks_at_the_socket_itself() {
    let server = Server::new(|_: &str, _: &Value| reply(json!({ "findings": [] })));
    let ran = server.run(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    fs::set_permissions(server.socket(), fs::Permissions::from_mode(0o666)).unwrap();
    let ran = server.run(&["check"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("every user of this host may open") && ran.out.contains("chmod o-rwx"), "{}", ran.out);

    let missing = server.dir.path().join("missing.sock");
    let ran = server.run(&["--socket", missing.to_str().unwrap(), "check", "--json"]);
    assert_eq!((ran.code, ran.json()["findings"][0]["level"].as_str()), (3, Some("failure")));
}
