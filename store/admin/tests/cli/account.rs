//! Changing accounts: one, several, all, from a list, and only as a rehearsal.

use crate::server::{Server, account, refuse, reply};
use postern_wire::Reply;
use serde_json::{Value, json};

/// Enables whom it knows: bob is off, eve is enrolling already, and mallory is nobody.
fn script(method: &str, parameters: &Value) -> Vec<Reply<Value>> {
    let mailbox = parameters["mailbox"].as_str().unwrap_or_default();
    match (method, mailbox) {
        ("ListAccounts", _) => vec![
            Reply::more(json!({ "accounts": [account("bob@example.com", "off")] })),
            Reply::last(json!({ "accounts": [account("eve@example.com", "enrolling")] })),
        ],
        ("ChangeAccount", "bob@example.com") => {
            reply(json!({ "before": "off", "after": account(mailbox, "enrolling"), "changed": true }))
        }
        ("ChangeAccount", "new@example.com") => {
            reply(json!({ "before": null, "after": account(mailbox, "enrolling"), "changed": true }))
        }
        ("ChangeAccount", "eve@example.com") => {
            reply(json!({ "before": "enrolling", "after": account(mailbox, "enrolling"), "changed": false }))
        }
        ("ChangeAccount", "mallory@example.net") => {
            refuse("unknown_domain", "example.net is in no platform.\nThere are: example.com")
        }
        ("ChangeAccount", "garbled@example.com") => reply(json!({ "changed": "perhaps" })),
        _ => Vec::new(),
    }
}

#[test]
fn one_account_is_said_in_a_line() {
    let server = Server::new(script);
    let ran = server.run(&["account", "enable", "bob@example.com"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "bob@example.com: off → enrolling\nThe next webmail sign-in shows the QR code.\n");
    assert_eq!(
        server.calls(),
        [("ChangeAccount".to_owned(), json!({ "mailbox": "bob@example.com", "action": "enable" }))]
    );

    assert_eq!(
        server.run(&["account", "enable", "new@example.com"]).out.lines().next(),
        Some("new@example.com: new → enrolling")
    );
    let ran = server.run(&["account", "enable", "eve@example.com"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "eve@example.com: enrolling already, nothing to do\n"));
    let ran = server.run(&["account", "enable", "mallory@example.net"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err, "error: example.net is in no platform.\nThere are: example.com\n");
}

#[test]
fn several_end_in_a_summary_and_a_refusal_stops_none() {
    let server = Server::new(script);
    let list = "# staff\nmallory@example.net\n\nbob@example.com\neve@example.com\nbob@example.com\n";
    let ran = server.run_with(&["account", "enable", "-"], list);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let expected = "\
MAILBOX          BEFORE  NOW
bob@example.com  off     enrolling

REFUSED              WHY
mallory@example.net  example.net is in no platform.
                     There are: example.com

1 done, 1 unchanged, 1 refused
";
    assert_eq!(ran.out, expected);
    assert_eq!(server.calls().len(), 3);

    let ran = server.run(&["account", "enable", "bob@example.com", "mallory@example.net", "eve@example.com", "--json"]);
    assert_eq!(ran.code, 1);
    let expected = json!({
        "action": "enable", "dry_run": false, "done": 1, "unchanged": 1, "refused": 1,
        "results": [
            { "outcome": "done", "mailbox": "bob@example.com", "before": "off", "state": "enrolling", "until": null },
            { "outcome": "refused", "mailbox": "mallory@example.net", "reason": "unknown_domain",
              "message": "example.net is in no platform.\nThere are: example.com" },
            { "outcome": "unchanged", "mailbox": "eve@example.com", "state": "enrolling", "until": null },
        ],
    });
    assert_eq!(ran.json(), expected);
}

#[test]
fn a_rehearsal_says_so_to_the_daemon_and_to_people() {
    let server = Server::new(script);
    let ran = server.run(&["account", "enable", "--platform", "acme", "--all", "--dry-run"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("WOULD BE") && ran.out.contains("Dry run, nothing was changed"), "{}", ran.out);
    assert!(ran.out.ends_with("1 done, 1 unchanged, 0 refused\n"), "{}", ran.out);
    let changes: Vec<_> = server.calls().into_iter().filter(|(method, _)| method == "ChangeAccount").collect();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|(_, parameters)| parameters["dry_run"] == true));
    let ran = server.run(&["account", "enable", "bob@example.com", "--dry-run"]);
    assert!(ran.out.contains("nothing was changed"), "{}", ran.out);
}

#[test]
fn all_of_a_platform_needs_a_yes() {
    let server = Server::new(script);
    let ran = server.run(&["account", "enable", "--platform", "acme", "--all"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("Enable all 2 accounts of acme?") && ran.err.contains("--yes"), "{}", ran.err);
    assert!(server.calls().iter().all(|(method, _)| method == "ListAccounts"));

    let ran = server.run(&["account", "enable", "--platform", "acme", "--all", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.ends_with("1 done, 1 unchanged, 0 refused\n"), "{}", ran.out);
}

#[test]
fn a_daemon_lost_on_the_way_is_told_with_what_is_left() {
    let server = Server::new(script);
    let ran = server.run(&["account", "enable", "bob@example.com", "crash@example.com", "eve@example.com"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("1 done, 0 unchanged, 0 refused"), "{}", ran.out);
    assert!(ran.err.contains("Stopped at crash@example.com: 2 of 3 are left."), "{}", ran.err);
    assert!(ran.err.contains("may or may not have been done"), "{}", ran.err);

    // Even where the connection goes on: who answers that may have done anything.
    let server = Server::new(script);
    let ran = server.run(&["account", "enable", "garbled@example.com", "bob@example.com"]);
    assert_eq!((ran.code, ran.out.as_str(), server.calls().len()), (3, "", 1));
}

#[test]
fn hours_go_to_the_daemon_and_out_of_range_to_nobody() {
    let server = Server::new(|_: &str, _: &Value| {
        let mut after = account("bob@example.com", "suspended");
        after["until"] = json!("2031-01-02T03:04:05Z");
        reply(json!({ "before": "protected", "after": after, "changed": true }))
    });
    let ran = server.run(&["account", "suspend", "bob@example.com", "--hours", "2"]);
    assert!(ran.out.starts_with("bob@example.com: protected → suspended until 2031-01-02 03:04 (in "), "{}", ran.out);
    assert_eq!(server.calls()[0].1["hours"], 2);
    for hours in ["0", "-1", "1.5", "1000000000", "abc"] {
        let ran = server.run(&["account", "suspend", "bob@example.com", "--hours", hours]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("1 to 720 whole hours"), "{}", ran.err);
    }
    assert_eq!(server.calls().len(), 1);
}

#[test]
fn an_empty_list_is_a_mistake() {
    let server = Server::new(script);
    let ran = server.run_with(&["account", "reset", "-"], "# nobody\n\n");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(server.calls().is_empty());
}

#[test]
fn a_contact_address_is_set_shown_and_taken_away() {
    let server = Server::new(|method, parameters| match (method, parameters["address"].as_str()) {
        ("SetContact" | "ShowAccount", address) => {
            let mut bob = account("bob@example.com", "off");
            bob["contact"] = json!(address.or((method == "ShowAccount").then_some("b@\u{1b}elsewhere.example")));
            bob["browsers"] = json!(2);
            reply(json!({ "accounts": [bob] }))
        }
        _ => Vec::new(),
    });
    let ran = server.run(&["account", "contact", "set", "bob", "bob@elsewhere.example"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "bob@elsewhere.example\n"));
    let set = json!({ "mailbox": "bob", "address": "bob@elsewhere.example" });
    assert_eq!(server.calls(), [("SetContact".to_owned(), set)]);
    let ran = server.run(&["account", "contact", "list", "bob"]);
    assert!(ran.out.ends_with("elsewhere.example\n") && !ran.out.contains('\u{1b}'), "{:?}", ran.out);
    let ran = server.run(&["account", "contact", "remove", "bob"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("bob@example.com has no contact address"), "{}", ran.err);
    assert_eq!(server.run(&["account", "contact", "remove", "bob", "--json"]).json(), Value::Null);
    let ran = server.run(&["account", "show", "bob"]);
    assert!(ran.out.contains("2 known") && ran.out.contains("elsewhere.example"), "{}", ran.out);
}

#[test]
fn asking_at_unusual_sign_ins_says_whom_it_refuses() {
    let server = Server::new(|method, parameters| match method {
        "SetPlatform" => {
            let settings = json!({ "unusual-sign-in": parameters["value"] });
            reply(json!({ "platforms": [{
                "name": "p", "domains": ["example.com"], "netbios": [], "enabled": true, "settings": settings,
                "accounts": 0,
            }] }))
        }
        _ => Vec::new(),
    });
    for (value, says) in [("off", ""), ("learn", "are noted"), ("ask", "postern account contact set")] {
        let ran = server.run(&["platform", "set", "p", "unusual-sign-in", value]);
        assert_eq!((ran.code, ran.out.lines().count()), (0, if says.is_empty() { 1 } else { 2 }), "{}", ran.out);
        assert!(ran.out.contains(says), "{}", ran.out);
    }
}
