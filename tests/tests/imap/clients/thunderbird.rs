//! Thunderbird, on a screen that nobody sees.

use super::{Account, Way, reads_the_same};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::binaries::workspace;
use postern_tests::ports;
use postern_tests::service::{Ready, Service};
use postern_tests::wait::DEADLINE;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Where Debian has it. What is in the search path is a script around it, which a signal would end alone.
const PROGRAM: &str = "/usr/lib/thunderbird/thunderbird";
const SCRIPT: &str = include_str!("thunderbird.js");

/// Thunderbird's remote control, Marionette: JSON, with the length and a colon before it.
struct Marionette {
    stream: BufReader<TcpStream>,
    asked: u64,
}

impl Marionette {
    fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut marionette = Self { stream: BufReader::new(stream), asked: 0 };
        let greeting = marionette.receive();
        assert_eq!(greeting["marionetteProtocol"], 3, "{greeting}");
        marionette
    }

    fn receive(&mut self) -> Value {
        let mut length = Vec::new();
        self.stream.read_until(b':', &mut length).unwrap();
        let digits = std::str::from_utf8(&length).unwrap().trim_end_matches(':');
        let mut message = vec![0; digits.parse().unwrap()];
        self.stream.read_exact(&mut message).unwrap();
        serde_json::from_slice(&message).unwrap()
    }

    /// Has it do something: what comes of that.
    #[track_caller]
    fn ask(&mut self, command: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let message = json!([0, self.asked, command, parameters]).to_string();
        write!(self.stream.get_mut(), "{}:{message}", message.len()).unwrap();
        let mut answer = self.receive();
        assert!(answer[2].is_null(), "{command}: {answer}");
        match answer[3].take() {
            Value::Object(mut result) => result.remove("value").unwrap_or_default(),
            other => other,
        }
    }
}

/// The account as its assistant would have set it up, one connection at a time, as a code opens but one; and nothing of
/// what it would do in the internet.
fn preferences(account: &Account<'_>, marionette: u16) -> String {
    let no_proxy = "127.0.0.1";
    [
        ("marionette.port", json!(marionette)),
        ("network.proxy.type", json!(1)),
        ("network.proxy.http", json!(no_proxy)),
        ("network.proxy.http_port", json!(1)),
        ("network.proxy.ssl", json!(no_proxy)),
        ("network.proxy.ssl_port", json!(1)),
        ("datareporting.policy.dataSubmissionEnabled", json!(false)),
        ("mailnews.start_page.enabled", json!(false)),
        ("mail.shell.checkDefaultClient", json!(false)),
        ("mail.accountmanager.accounts", json!("account1")),
        ("mail.accountmanager.defaultaccount", json!("account1")),
        ("mail.account.account1.server", json!("server1")),
        ("mail.account.account1.identities", json!("id1")),
        ("mail.identity.id1.useremail", json!(account.name)),
        ("mail.identity.id1.valid", json!(true)),
        ("mail.server.server1.type", json!("imap")),
        ("mail.server.server1.name", json!(account.name)),
        ("mail.server.server1.userName", json!(account.name)),
        ("mail.server.server1.hostname", json!("localhost")),
        ("mail.server.server1.port", json!(account.port)),
        // TLS from the first byte; a password, in whatever command.
        ("mail.server.server1.socketType", json!(3)),
        ("mail.server.server1.authMethod", json!(3)),
        ("mail.server.server1.max_cached_connections", json!(1)),
        ("mail.server.server1.login_at_startup", json!(false)),
        ("mail.server.server1.check_new_mail", json!(false)),
        ("mail.server.server1.offline_download", json!(false)),
        ("mail.server.server1.autosync_offline_stores", json!(false)),
    ]
    .map(|(name, value)| format!("user_pref(\"{name}\", {value});\n"))
    .concat()
}

fn thunderbird(account: &Account<'_>) -> Vec<Vec<u8>> {
    let profile = account.directory.join("profile");
    fs::create_dir(&profile).unwrap();
    let (port, screen) = (ports::free().unwrap(), ports::free().unwrap());
    fs::write(profile.join("user.js"), preferences(account, port)).unwrap();
    let socket = Ready::Socket(format!("/tmp/.X11-unix/X{screen}").into());
    let mut xvfb = Service::new("Xvfb", "Xvfb", socket, account.directory)
        .arg(format!(":{screen}"))
        .arg("-nolisten")
        .arg("tcp")
        .arg("-screen")
        .arg("0")
        .arg("1280x800x24");
    xvfb.start().unwrap();
    let environment: [(OsString, OsString); 3] = [
        ("DISPLAY".into(), format!(":{screen}").into()),
        ("HOME".into(), account.directory.into()),
        ("MOZ_CRASHREPORTER_DISABLE".into(), "1".into()),
    ];
    let mut thunderbird = Service::new("thunderbird", PROGRAM, Ready::Port(port), account.directory)
        .arg("--no-remote")
        .arg("--marionette")
        .arg("--remote-allow-system-access")
        .arg("--profile")
        .arg(profile)
        .env(environment);
    thunderbird.start().unwrap();

    let mut marionette = Marionette::connect(port);
    marionette.ask("WebDriver:NewSession", &json!({}));
    marionette.ask("Marionette:SetContext", &json!({ "value": "chrome" }));
    let pem = fs::read_to_string(account.ca).unwrap();
    let authority: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let arguments = json!({ "script": SCRIPT, "args": [authority, account.name, account.password] });
    let messages = marionette.ask("WebDriver:ExecuteAsyncScript", &arguments);
    let picture = marionette.ask("WebDriver:TakeScreenshot", &json!({ "full": false }));
    let directory = workspace().join("target/screenshots");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("thunderbird.png"), STANDARD.decode(picture.as_str().unwrap()).unwrap()).unwrap();
    let messages = messages.as_array().unwrap_or_else(|| panic!("{messages}\n{}", thunderbird.log_tail()));
    messages.iter().map(|message| STANDARD.decode(message.as_str().unwrap()).unwrap()).collect()
}

#[test]
fn thunderbird_reads_mail() {
    reads_the_same(Way::Imaps, thunderbird);
}
