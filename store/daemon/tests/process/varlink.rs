//! The service matches its interface files: every method, every parameter, every field of every reply.

mod interface;

use crate::authenticator::code;
use crate::calls::{Refuses, connect, exchange};
use crate::home::{Home, Running};
use crate::mail_server::{offer_checks, only_right};
use crate::people::ALICE;
use interface::Interface;
use postern_wire::CallError;
use postern_wire::auth::{self, Channel, Reason};
use postern_wire::methods::{AdminMethod, AuthMethod};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

fn service(socket: &Path, verb: &str, parameters: &Value) -> Result<Value, CallError> {
    connect(socket).call("org.varlink.service", verb, parameters)
}

fn described(socket: &Path, name: &str) -> Interface {
    let described = service(socket, "GetInterfaceDescription", &json!({ "interface": name })).unwrap();
    Interface::parse(described["description"].as_str().unwrap())
}

fn error_name(outcome: Result<Value, CallError>) -> String {
    match outcome {
        Err(CallError::Error(error)) => error.name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_socket_describes_itself_and_serves_its_own_verbs_only() {
    let home = Home::with_clock();
    let posternd = home.start();
    let own = "org.varlink.service";
    for (socket, ours, theirs) in [
        (home.auth(), "org.postern.Auth", "org.postern.Admin"),
        (home.admin(), "org.postern.Admin", "org.postern.Auth"),
    ] {
        let info = service(&socket, "GetInfo", &json!({})).unwrap();
        assert_eq!(info["interfaces"], json!([own, ours]));
        let itself = described(&socket, own);
        itself.check_reply("GetInfo", &info).unwrap();
        let missing = service(&socket, "GetInterfaceDescription", &json!({ "interface": theirs }));
        assert_eq!(error_name(missing), format!("{own}.InterfaceNotFound"));
        assert_eq!(error_name(service(&socket, "Reboot", &json!({}))), format!("{own}.MethodNotFound"));

        let interface = described(&socket, ours);
        assert_eq!(interface.name, ours);
        let table: BTreeSet<&str> = match ours {
            auth::INTERFACE => AuthMethod::ALL.iter().map(|method| method.name()).collect(),
            _ => AdminMethod::ALL.iter().map(|method| method.name()).collect(),
        };
        assert_eq!(interface.methods.keys().map(String::as_str).collect::<BTreeSet<_>>(), table);
        for method in interface.methods.keys() {
            // Any other error is allowed for a call without parameters.
            if let Err(CallError::Error(error)) = connect(&socket).call::<Value>(ours, method, &json!({})) {
                assert_ne!(error.name, format!("{own}.MethodNotFound"), "{method}");
            }
        }
        let other = if ours.ends_with("Auth") { home.admin() } else { home.auth() };
        for method in described(&other, theirs).methods.keys() {
            let error = error_name(connect(&socket).call::<Value>(theirs, method, &json!({ "mailbox": ALICE })));
            assert_eq!(error, format!("{own}.MethodNotFound"), "{method}");
        }
    }
    posternd.stop();
}

/// Makes calls, and checks the parameters and the reply against the interface.
struct Conforming<'a> {
    interface: Interface,
    socket: &'a Path,
    called: BTreeSet<String>,
}

impl<'a> Conforming<'a> {
    /// Uses the interface as the socket describes it.
    fn new(socket: &'a Path, interface: &str) -> Self {
        Self { interface: described(socket, interface), socket, called: BTreeSet::new() }
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls(method, parameters, false)
    }

    fn calls(&mut self, method: &str, parameters: Value, more: bool) -> Value {
        self.interface.check_parameters(method, &parameters).unwrap_or_else(|why| panic!("{method}: {why}"));
        let mut client = connect(self.socket);
        let mut last = Value::Null;
        let outcome = if more {
            client.call_more(&self.interface.name, method, &parameters, |reply| {
                self.interface.check_reply(method, &reply).unwrap_or_else(|why| panic!("{method}: {why} in {reply}"));
                last = reply;
            })
        } else {
            client.call(&self.interface.name, method, &parameters).map(|reply| last = reply)
        };
        outcome.unwrap_or_else(|error| panic!("{method}: {error}"));
        self.interface.check_reply(method, &last).unwrap_or_else(|why| panic!("{method}: {why} in {last}"));
        self.called.insert(method.to_owned());
        last
    }

    fn assert_all_called(&self, but: &[&str]) {
        let known = self.interface.methods.keys().filter(|method| !but.contains(&method.as_str()));
        assert_eq!(known.collect::<Vec<_>>(), self.called.iter().collect::<Vec<_>>());
    }
}

/// Returns the daemon's names of a Firefox and of an unknown client.
fn names_of_clients(auth: &mut Conforming<'_>, proof: &str) -> Value {
    let clients = ["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ""];
    let mut names =
        auth.call("ShowSecurity", json!({ "name": ALICE, "proof": proof, "clients": clients }))["clients"].take();
    for name in names.as_array_mut().into_iter().flatten() {
        name.as_object_mut().unwrap().retain(|_, word| !word.is_null());
    }
    names
}

#[test]
fn replies_of_the_admin_socket_are_as_described() {
    let home = Home::with_clock();
    let posternd = home.start();
    let socket = home.admin();
    let mut admin = Conforming::new(&socket, "org.postern.Admin");
    let platform = json!({ "name": "p", "domains": ["example.com"], "netbios": ["CORP"] });
    admin.call("CreatePlatform", platform);
    admin.call("SwitchPlatform", json!({ "name": "p", "enabled": true }));
    admin.call("SetPlatform", json!({ "name": "p", "key": "unlisted", "value": "refuse" }));
    admin.call("ShowPlatform", json!({ "name": "p" }));
    admin.call("ListPlatforms", json!({}));
    admin.call("ChangeAccount", json!({ "mailbox": ALICE, "action": "enable" }));
    admin.call("AddAliases", json!({ "mailbox": ALICE, "aliases": ["a@example.com"] }));
    let first = admin.call("AddTotp", json!({ "mailbox": ALICE, "algorithm": "SHA256", "digits": 8, "period": 60 }));
    assert_eq!(first["backup_codes"].as_array().unwrap().len(), 10);
    let second = admin.call("AddTotp", json!({ "mailbox": ALICE, "secret": "A".repeat(32), "description": "d" }));
    let right = code(&"A".repeat(32), home.clock().now());
    assert_eq!(posternd.answer(ALICE, &right).reason(), None);
    assert_eq!(posternd.answer(ALICE, &right).reason(), Some(Reason::Wrong));
    let shown = admin.call("ShowAccount", json!({ "mailbox": ALICE }));
    assert_eq!(shown["accounts"][0]["methods"][1]["id"], second["id"]);
    offer_checks(&posternd, only_right("password"));
    let wanted = json!({
        "mailbox": ALICE, "password": "password", "description": "Phone", "networks": ["192.0.2.0/24"],
        "expires": "2100-01-01T00:00:00Z",
    });
    let created = admin.call("CreateAppPassword", wanted);
    assert_eq!(admin.call("ListAppPasswords", json!({ "mailbox": ALICE }))["app_passwords"][0]["id"], created["id"]);
    admin.call("RevokeAppPassword", json!({ "mailbox": ALICE, "id": created["id"] }));
    let wanted = json!({ "name": ALICE, "contact": "+44 612", "reason": "sea", "evidence": "none" });
    for approve in [false, true] {
        let opened: Value = posternd.front("OpenRequest", &wanted);
        assert_eq!(opened["verdict"], "opened");
        admin.calls("ListRequests", json!({}), true);
        admin.call("ShowRequest", json!({ "mailbox": ALICE }));
        if !approve {
            admin.call("DecideRequest", json!({ "mailbox": ALICE, "approve": false }));
        }
    }
    admin.call("SetContact", json!({ "mailbox": ALICE, "address": "alice@elsewhere.example" }));
    let shown = admin.call("SetContact", json!({ "mailbox": ALICE }));
    assert_eq!((&shown["accounts"][0]["contact"], &shown["accounts"][0]["browsers"]), (&Value::Null, &json!(0)));
    let codes = ["40757517", "75671773"];
    let wanted = json!({
        "mailbox": "new@example.com", "secret": "B".repeat(32), "description": "d", "digits": 6, "period": 30,
        "spent_step": 1, "backup_codes": codes, "beside": true, "dry_run": true,
        "earlier": [{ "secret": "C".repeat(32), "digits": 8, "period": 60 }],
    });
    let tried = admin.call("ImportTotp", wanted);
    assert_eq!((&tried["before"], &tried["after"]["backup_codes_left"]), (&json!(null), &json!(2)));
    let there = json!({ "mailbox": ALICE, "secret": "A".repeat(32) });
    assert_eq!(admin.call("ImportTotp", there)["changed"], json!(false));
    admin.call("RemoveMethod", json!({ "mailbox": ALICE, "id": first["id"] }));
    admin.call("RemoveAliases", json!({ "mailbox": ALICE, "aliases": ["a@example.com"] }));
    admin.call("ChangeAccount", json!({ "mailbox": ALICE, "action": "suspend", "hours": 1, "dry_run": true }));
    admin.call("ChangeAccount", json!({ "mailbox": ALICE, "action": "suspend", "hours": 1 }));
    assert_eq!(admin.call("RotateKey", json!({}))["active"], 2);
    admin.call("ListKeys", json!({}));
    admin.call("ShowLog", json!({}));
    assert_eq!(admin.call("SetLog", json!({ "levels": "h2=off" }))["levels"], "debug,h2=off,sled=info");
    admin.call("ResetLog", json!({}));
    admin.call("Status", json!({}));
    admin.call("Check", json!({}));
    admin.calls("ListAccounts", json!({ "platform": "p", "state": "suspended" }), true);
    admin.calls("ReadAudit", json!({ "mailbox": ALICE, "since": "2026-01-01T00:00:00Z" }), true);
    admin.calls("Export", json!({}), true);
    admin.call("Import", json!({ "lines": "", "last": false }));
    admin.assert_all_called(&[]);
}

/// The source of the sign-ins: a browser with a token.
fn origin() -> Value {
    json!({ "address": "2001:db8::1", "service": "webmail", "client": "Firefox", "browser": "b".repeat(43) })
}

/// The parameters that most calls have.
fn who(name: &str) -> Value {
    json!({ "name": name, "door": Channel::Webmail, "origin": origin() })
}

/// The same, and one more.
fn with(name: &str, key: &str, value: &str) -> Value {
    let mut parameters = who(name);
    parameters[key] = json!(value);
    parameters
}

fn verdict(reply: &Value) -> String {
    reply["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn replies_of_the_auth_socket_are_as_described() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    let socket = home.auth();
    let mut auth = Conforming::new(&socket, "org.postern.Auth");
    posternd.set("trusted-browsers", "30");
    assert_eq!(verdict(&auth.call("Ask", who("bob"))), "not_required");
    assert_eq!(verdict(&auth.call("Ask", who("bob@elsewhere.test"))), "refused");
    posternd.enable(ALICE);
    assert_eq!(verdict(&auth.call("Ask", who(ALICE))), "enrol");
    assert_eq!(verdict(&auth.call("Enrol", who("bob"))), "refused");
    let accepted = alice_enrols(&mut auth, &home);
    let answered = alice_answers(&mut auth, &accepted);
    let session = json!({ "mailbox": ALICE, "standing": accepted["standing"] });
    assert_eq!(auth.call("Recheck", json!({ "sessions": [session] }))["ended"], json!([false]));
    let standing = app_password_opens(&mut auth, &posternd);
    assert_eq!(verdict(&auth.call("Prepare", with(ALICE, "method", "nothing"))), "refused");
    security_is_as_described(&mut auth, accepted["proof"].as_str().unwrap(), answered["proof"].as_str().unwrap());
    let session = json!({ "mailbox": ALICE, "standing": standing });
    auth.call("PasswordRefused", json!({ "session": session }));
    auth.call("PasswordAccepted", with(ALICE, "password", "another"));
    auth.call("PasswordChecked", json!({ "id": 7, "outcome": "refused" }));
    auth.assert_all_called(&["CheckPasswords", "Watch"]);
    watch_is_as_described(&posternd, &auth.interface);
}

/// Sets up the first method: the reply to `Confirm`.
fn alice_enrols(auth: &mut Conforming<'_>, home: &Home) -> Value {
    let offered = auth.call("Enrol", who(ALICE));
    let (ticket, secret) = (offered["ticket"].as_str().unwrap(), offered["secret"].as_str().unwrap());
    assert_eq!(verdict(&auth.call("Enrol", with(ALICE, "ticket", ticket))), "offered");
    let confirm = |ticket: &str| {
        let mut parameters = with(ALICE, "ticket", ticket);
        parameters["code"] = json!(home.code(secret));
        parameters
    };
    assert_eq!(verdict(&auth.call("Confirm", confirm("x"))), "refused");
    let accepted = auth.call("Confirm", confirm(ticket));
    assert_eq!(accepted["backup_codes"].as_array().unwrap().len(), 10);
    accepted
}

/// Signs in with backup codes, until the channel is locked: the reply to the answer that proves a change.
fn alice_answers(auth: &mut Conforming<'_>, accepted: &Value) -> Value {
    assert_eq!(auth.call("Ask", who(ALICE))["trust_days"], 30);
    let mut backup = with(ALICE, "code", accepted["backup_codes"][0].as_str().unwrap());
    backup["trust"] = json!(true);
    assert_eq!(auth.call("Answer", backup)["backup_codes_left"], 9);
    let trusted = auth.call("Ask", who(ALICE));
    assert_eq!(verdict(&trusted), "not_required");
    auth.call("SignedIn", with(ALICE, "standing", trusted["standing"].as_str().unwrap()));
    let second = format!("password{}", accepted["backup_codes"][1].as_str().unwrap());
    assert_eq!(auth.call("AnswerField", with(ALICE, "text", &second))["password_length"], "password".len());
    assert_eq!(verdict(&auth.call("AnswerField", with(ALICE, "text", &second))), "refused");
    let third = accepted["backup_codes"][2].as_str().unwrap();
    let mut answer = with(ALICE, "code", third);
    answer["proves"] = json!({ "change": "make_backup_codes" });
    let answered = auth.call("Answer", answer);
    // That was the last code again, which does not count as a guess.
    for _ in 0..5 {
        assert_eq!(verdict(&auth.call("Answer", with(ALICE, "code", "000000"))), "refused");
    }
    assert!(auth.call("Ask", who(ALICE))["until"].is_i64());
    answered
}

/// Signs in with an app password: the standing.
fn app_password_opens(auth: &mut Conforming<'_>, posternd: &Running<'_>) -> Value {
    offer_checks(posternd, only_right("password"));
    let wanted = json!({ "mailbox": ALICE, "password": "password", "networks": [] });
    let created: Value = posternd.order("CreateAppPassword", &wanted).unwrap();
    assert_eq!(auth.call("Ask", who(ALICE))["app_passwords_of"], ALICE);
    let field = with(ALICE, "text", created["app_password"].as_str().unwrap());
    let mut opened = auth.call("AnswerField", field);
    assert_eq!(
        (verdict(&opened), &opened["id"], &opened["password"]),
        ("app_password".to_owned(), &created["id"], &json!("password"))
    );
    opened["standing"].take()
}

/// The Security page, a change there, and a request for a reset.
fn security_is_as_described(auth: &mut Conforming<'_>, proof: &str, of_change: &str) {
    let shown = auth.call("ShowSecurity", json!({ "name": ALICE, "origin": origin(), "proof": proof }));
    assert_eq!((&shown["browsers"][0]["this"], shown["browsers"][0]["trusted_until"].is_i64()), (&json!(true), true));
    assert_eq!(names_of_clients(auth, proof), json!([{ "browser": "Firefox", "system": "Linux" }, {}]));
    assert_eq!((verdict(&shown), shown["backup_codes_left"].as_u64()), ("shown".to_owned(), Some(7)));
    let mut change = with(ALICE, "proof", of_change);
    change["change"] = json!({ "change": "make_backup_codes" });
    assert_eq!(auth.call("ChangeSecurity", change)["backup_codes"].as_array().unwrap().len(), 10);
    let mut request = who(ALICE);
    for key in ["contact", "reason", "evidence"] {
        request[key] = json!("text");
    }
    assert_eq!(verdict(&auth.call("OpenRequest", request)), "opened");
}

fn watch_is_as_described(posternd: &Running<'_>, interface: &Interface) {
    let call = b"{\"method\":\"org.postern.Auth.Watch\",\"parameters\":{},\"more\":true}\0";
    let reply = exchange(&posternd.home.auth(), call);
    let reply: Value = serde_json::from_slice(&reply[..reply.len() - 1]).unwrap();
    assert_eq!(reply["continues"], json!(true));
    interface.check_reply("Watch", &reply["parameters"]).unwrap();
}
