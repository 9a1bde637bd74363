//! A daemon that says what a test tells it to, on a real socket.

use postern_wire::{Decoder, ErrorReply, Reply, frame};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

/// What to answer to a method (without its interface) with these parameters. An empty list closes the connection.
pub(crate) trait Script: Fn(&str, &Value) -> Vec<Reply<Value>> + Send + Sync + 'static {}
impl<F: Fn(&str, &Value) -> Vec<Reply<Value>> + Send + Sync + 'static> Script for F {}

/// The socket, and what came in on it. Its threads end with the test's process.
pub(crate) struct Server {
    /// The directory of the socket, where a test may put files too.
    pub(crate) dir: TempDir,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    /// Listens, and answers with `script`.
    pub(crate) fn new(script: impl Script) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("admin.sock")).unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (script, seen) = (Arc::new(script), Arc::clone(&calls));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                thread::spawn(move || serve(stream.unwrap(), &*script, &seen));
            }
        });
        Self { dir, calls }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("admin.sock")
    }

    /// What was asked so far.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// `postern` with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.env_clear().env("TZ", "UTC").env("TERM", "xterm").env("POSTERN_SOCKET", self.socket());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `postern` with these arguments and nothing on standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(&self.command(arguments).output().unwrap())
    }

    /// Runs `postern` with these arguments and `input` on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ran::new(&child.wait_with_output().unwrap())
    }
}

/// How `postern` ended and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// What it printed, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn serve(mut stream: UnixStream, script: &dyn Script, seen: &Mutex<Vec<(String, Value)>>) {
    let mut decoder = Decoder::default();
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes) {
        decoder.push(&bytes[..count]).unwrap();
        while let Some(call) = decoder.next_frame(|frame| serde_json::from_slice::<Value>(frame).unwrap()) {
            let method = call["method"].as_str().unwrap().strip_prefix("org.postern.Admin.").unwrap().to_owned();
            seen.lock().unwrap().push((method.clone(), call["parameters"].clone()));
            let replies = script(&method, &call["parameters"]);
            if replies.is_empty() {
                return;
            }
            for reply in replies {
                // The client may have gone; its test knows.
                let _ = stream.write_all(&frame::encode(&reply).unwrap());
            }
        }
    }
}

/// One last reply.
pub(crate) fn reply(parameters: Value) -> Vec<Reply<Value>> {
    vec![Reply::last(parameters)]
}

/// A refusal.
pub(crate) fn refuse(reason: &str, message: &str) -> Vec<Reply<Value>> {
    let parameters = json!({ "reason": reason, "message": message });
    vec![ErrorReply { name: postern_wire::admin::REFUSED.to_owned(), parameters }.reply()]
}

/// An account as the daemon shows it.
pub(crate) fn account(mailbox: &str, state: &str) -> Value {
    json!({
        "mailbox": mailbox, "platform": "acme", "state": state, "until": null, "aliases": [],
        "backup_codes_left": 0, "failures": {}, "contact": null, "browsers": 0, "methods": [],
    })
}
