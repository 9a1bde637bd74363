//! `postern log`.

use crate::server::{Server, refuse, reply};
use serde_json::json;

#[test]
fn levels_are_said_in_one_text() {
    let levels = json!({ "levels": "debug,signin=warn", "at_start": "info,sled=warn" });
    let answer = levels.clone();
    let server = Server::new(move |_, parameters| match parameters["levels"].as_str() {
        Some("loud") => refuse("log_level", "`loud` is no log level."),
        _ => reply(answer.clone()),
    });
    let ran = server.run(&["log", "set", "debug", "signin=warn", "--json"]);
    assert_eq!((ran.code, ran.json()), (0, levels));
    let shown = server.run(&["log", "show"]);
    assert!(shown.out.contains("debug,signin=warn") && shown.out.contains("info,sled=warn"), "{shown:?}");
    let refused = server.run(&["log", "set", "loud"]);
    assert!(refused.code == 1 && refused.err.contains("no log level"), "{refused:?}");
    assert_eq!(server.run(&["log", "reset"]).code, 0);
    let calls = server.calls();
    assert_eq!(calls[0], ("SetLog".to_owned(), json!({ "levels": "debug,signin=warn" })));
    let methods: Vec<&str> = calls.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, ["SetLog", "ShowLog", "SetLog", "ResetLog"]);
}
