//! What is printed: for people, for programs, for spreadsheets.

use crate::server::{Server, account, refuse, reply};
use postern_wire::Reply;
use serde_json::{Value, json};
use std::io::Read;

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn bob() -> Value {
    let mut bob = account("bob@example.com", "protected");
    bob["methods"] = json!([{
        "id": "m1", "kind": "totp", "description": "Bob's \u{1b}[31mphone", "created": "2026-11-01T10:00:00Z",
        "last_used": null, "copied": false,
    }]);
    bob["backup_codes_left"] = json!(8);
    bob["aliases"] = json!(["sales@example.com"]);
    bob["failures"] = json!({ "webmail": 2 });
    bob
}

fn script(method: &str, parameters: &Value) -> Vec<Reply<Value>> {
    match method {
        "ShowAccount" if parameters["mailbox"] == "bob@example.com" => reply(json!({ "accounts": [bob()] })),
        "ShowAccount" if parameters["mailbox"] == "eve@example.com" => {
            reply(json!({ "accounts": [account("eve@example.com", "off")] }))
        }
        "ShowAccount" if parameters["mailbox"] == "carol@example.com" => {
            let mut carol = account("carol@example.com", "protected");
            carol["methods"] = json!([{
                "id": "k1", "kind": "key", "description": "Blue", "created": "2026-11-01T10:00:00Z", "last_used": null,
                "copied": true,
            }]);
            reply(json!({ "accounts": [carol] }))
        }
        "ShowAccount" => refuse("unknown_mailbox", "there is no such account; did you mean bob@example.com?"),
        "ListAccounts" => vec![
            Reply::more(json!({ "accounts": [bob()] })),
            Reply::last(json!({ "accounts": [account("=eve@example.com", "off")] })),
        ],
        "AddTotp" => reply(json!({
            "id": "m2", "secret": SECRET, "uri": "otpauth://totp/x", "backup_codes": ["abcd-efgh", "ijkl-mnop"],
        })),
        "ReadAudit" => vec![
            Reply::more(json!({ "entries": [entry("enable", "done")] })),
            Reply::last(json!({ "entries": [entry("answer", "wrong_code")] })),
        ],
        "Check" => reply(json!({ "findings": [
            { "level": "warning", "subject": "acme", "message": "unlisted names pass" },
            { "level": "failure", "subject": "backup", "message": "none\nMake one." },
        ] })),
        "ListPlatforms" => reply(json!({ "platforms": [] })),
        _ => Vec::new(),
    }
}

fn entry(action: &str, outcome: &str) -> Value {
    json!({
        "time": "2026-11-22T01:02:03Z", "actor": "uid 0 (root)", "action": action, "mailbox": "bob@example.com",
        "address": null, "before": "off", "after": "enrolling", "outcome": outcome,
    })
}

#[test]
fn show_gives_programs_exactly_the_contract() {
    let server = Server::new(script);
    let ran = server.run(&["account", "show", "bob@example.com", "--json"]);
    assert_eq!((ran.code, ran.json()), (0, bob()));
    let keys = [
        "mailbox",
        "platform",
        "state",
        "until",
        "methods",
        "aliases",
        "backup_codes_left",
        "failures",
        "contact",
        "browsers",
    ];
    let mut at: Vec<_> = keys.map(|key| ran.out.find(&format!("\n  \"{key}\"")).unwrap()).into();
    assert!(at.is_sorted());
    at.dedup();
    assert_eq!(ran.json().as_object().unwrap().len(), at.len());
    assert!(!ran.out.contains('\x1b'));

    let ran = server.run(&["account", "show", "bob@example.com", "eve@example.com", "--json"]);
    assert_eq!(ran.json(), json!([bob(), account("eve@example.com", "off")]));
}

#[test]
fn a_key_that_was_copied_is_shown_as_such() {
    let server = Server::new(script);
    for arguments in [["account", "show", "carol@example.com"], ["method", "list", "carol@example.com"]] {
        let ran = server.run(&arguments);
        assert!(ran.code == 0 && ran.out.contains("key (copied)"), "{ran:?}");
    }
    let ran = server.run(&["account", "show", "carol@example.com"]);
    assert!(ran.out.contains("postern method remove carol@example.com k1"), "{ran:?}");
    let ran = server.run(&["method", "list", "carol@example.com", "--json"]);
    assert_eq!(ran.json()[0]["copied"], json!(true));
}

#[test]
fn an_unknown_one_among_several_hides_none() {
    let server = Server::new(script);
    let ran = server.run(&["account", "show", "bbo@example.com", "eve@example.com", "--json"]);
    assert_eq!((ran.code, ran.json()), (1, json!([account("eve@example.com", "off")])));
    assert!(ran.err.contains("did you mean bob@example.com?"), "{}", ran.err);
    let ran = server.run(&["account", "show", "bbo@example.com", "--json"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
}

#[test]
fn people_get_no_colours_in_a_pipe_and_nothing_that_drives_a_terminal() {
    let server = Server::new(script);
    for arguments in [&["account", "show", "bob@example.com"][..], &["account", "list"], &["audit"], &["check"]] {
        let ran = server.run(arguments);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{ran:?}");
    }
    let ran = server.run(&["account", "show", "bob@example.com"]);
    let first: Vec<_> = ran.out.lines().take(6).collect();
    let expected = [
        "bob@example.com",
        "  State         protected",
        "  Platform      acme",
        "  Aliases       sales@example.com",
        "  Backup codes  8 left",
        "  Wrong codes   2 at webmail (in a row)",
    ];
    assert_eq!(first, expected);
    assert!(ran.out.contains("Bob's \u{fffd}[31mphone"), "{}", ran.out);
}

#[test]
fn lists_are_one_json_array_or_one_csv() {
    let server = Server::new(script);
    let list = server.run(&["account", "list", "--state", "locked", "--platform", "acme", "--json"]);
    assert_eq!(list.json(), json!([bob(), account("=eve@example.com", "off")]));
    assert_eq!(server.calls()[0].1, json!({ "platform": "acme", "state": "locked" }));
    let csv = server.run(&["account", "list", "--csv"]).out;
    let expected = "mailbox,platform,state,until,methods,backup_codes_left,last_used,aliases\r\n\
                    bob@example.com,acme,protected,,totp,8,,sales@example.com\r\n\
                    \"'=eve@example.com\",acme,off,,,0,,\r\n";
    assert_eq!(csv, expected);
    assert_eq!(server.run(&["--json", "account", "list", "--csv"]).code, 2);

    let audit = server.run(&["audit", "--since", "2026-11-01T00:00:00Z", "--mailbox", "bob@example.com", "--json"]);
    assert_eq!(audit.json().as_array().unwrap().len(), 2);
    let asked = server.calls().pop().unwrap().1;
    assert_eq!(asked, json!({ "mailbox": "bob@example.com", "since": "2026-11-01T00:00:00Z" }));
    assert_eq!(server.run(&["audit", "--since", "soon"]).code, 2);
    let empty = Server::new(|_: &str, _: &Value| reply(json!({ "entries": [] })));
    assert_eq!(empty.run(&["audit", "--json"]).json(), json!([]));
}

#[test]
fn a_new_secret_is_shown_once_in_groups() {
    let server = Server::new(script);
    let ran = server.run(&["method", "add", "totp", "bob@example.com", "--description", "Phone"]);
    assert!(ran.out.contains("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"), "{}", ran.out);
    assert!(ran.out.contains("abcd-efgh   ijkl-mnop") && ran.out.contains("otpauth://totp/x"), "{}", ran.out);
    let ran = server.run(&["method", "add", "totp", "bob@example.com", "--json"]);
    let expected =
        json!({ "id": "m2", "secret": SECRET, "uri": "otpauth://totp/x", "backup_codes": ["abcd-efgh", "ijkl-mnop"] });
    assert_eq!(ran.json(), expected);
}

#[test]
fn an_imported_secret_can_come_on_standard_input() {
    let server = Server::new(script);
    let arguments =
        ["method", "add", "totp", "bob@example.com", "--secret", "-", "--algorithm", "sha256", "--digits", "8"];
    assert_eq!(server.run_with(&arguments, &format!("  {SECRET}\n")).code, 0);
    let asked = server.calls().pop().unwrap().1;
    let expected = json!({
        "mailbox": "bob@example.com", "secret": SECRET, "description": "", "algorithm": "SHA256", "digits": 8,
    });
    assert_eq!(asked, expected);
    assert_eq!(server.run_with(&arguments, "\n").code, 2);
}

#[test]
fn a_check_with_a_failure_exits_1_and_names_levels_in_words() {
    let server = Server::new(script);
    let ran = server.run(&["check"]);
    assert_eq!(ran.code, 1);
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("! warning acme unlisted names pass"), "{}", ran.out);
    assert!(words.contains("✗ failure backup none Make one."), "{}", ran.out);
    // What there is to say of clock and files depends on the machine.
    assert!(ran.out.ends_with(", 1 failure\n"), "{}", ran.out);
    let report = server.run(&["check", "--json"]).json();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.filter(|finding| finding["section"] == "sockets" || finding["section"] == "store");
    assert_eq!(findings.count(), 4, "{report}");
    assert_eq!(report["findings"][0]["section"], "sockets");
}

#[test]
fn a_closed_pipe_is_quiet() {
    let server = Server::new(|_: &str, _: &Value| {
        let page = json!({ "accounts": vec![bob(); 100] });
        (0..50).map(|_| Reply::more(page.clone())).chain([Reply::last(json!({ "accounts": [] }))]).collect()
    });
    let mut child = server.command(&["account", "list", "--json"]).spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
