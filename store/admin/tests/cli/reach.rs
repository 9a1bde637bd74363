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
    let server = Server::new(|_: &str, _: &Value| reply(json!({ "findings": [], "platforms": [] })));
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

#[test]
fn check_looks_at_pam_services_and_at_dovecot() {
    let server = Server::new(|_: &str, _: &Value| reply(json!({ "findings": [], "platforms": [] })));
    let pam = server.dir.path().join("pam.d");
    fs::create_dir(&pam).unwrap();
    let ours = format!("auth requisite pam_postern.so socket={} forward_pass no_enrol", server.socket().display());
    let stack = format!("{ours}\nauth required pam_unix.so try_first_pass\n");
    fs::write(pam.join("dovecot"), &stack).unwrap();
    let doveconf = server.dir.path().join("doveconf");
    let passdb = "passdb {\n  driver = pam\n}\n";
    fs::write(&doveconf, passdb).unwrap();
    let arguments = ["check", "--pam", pam.to_str().unwrap(), "--dovecot", doveconf.to_str().unwrap()];
    let ran = server.run(&arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("PAM dovecot") && ran.out.contains("asks the PAM service dovecot"), "{}", ran.out);

    fs::write(pam.join("sshd"), "auth sufficient pam_unix.so\nauth required pam_postern.so\n").unwrap();
    fs::write(&doveconf, format!("{passdb}passdb {{\n  driver = sql\n}}\n")).unwrap();
    let ran = server.run(&arguments);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("who passes pam_unix.so") && ran.out.contains("goes on to passdb sql"), "{}", ran.out);

    // What the module itself would refuse everybody for.
    fs::remove_file(pam.join("sshd")).unwrap();
    fs::write(&doveconf, passdb).unwrap();
    for (wrong, told) in
        [("nullok", "\"nullok\" is no option"), ("socket=/nowhere/auth.sock", "nobody listens on /nowhere")]
    {
        fs::write(pam.join("dovecot"), stack.replace("forward_pass", &format!("forward_pass {wrong}"))).unwrap();
        let ran = server.run(&arguments);
        assert!(ran.code == 1 && ran.out.contains(told), "{ran:?}");
    }
}
