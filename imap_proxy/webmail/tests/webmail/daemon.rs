//! A daemon that follows a script, so that it can also do what the real one never would.

use postern_wire::Decoder;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything in these tests takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What it does when it is asked.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers with these parameters.
    Say(String),
    /// The same, once it is told to.
    SayAfter(Arc<Notify>, String),
    /// Writes these bytes.
    Write(&'static [u8]),
    /// Says nothing and keeps the connection.
    Hang,
    /// Closes.
    Close,
}

impl From<&str> for Act {
    fn from(parameters: &str) -> Self {
        Self::Say(parameters.to_owned())
    }
}

#[derive(Default)]
struct Script {
    acts: HashMap<&'static str, Act>,
    ended: bool,
}

/// The daemon.
pub(crate) struct Daemon {
    dir: TempDir,
    script: Arc<Mutex<Script>>,
    calls: Arc<watch::Sender<Vec<String>>>,
    watchers: Arc<watch::Sender<usize>>,
    events: broadcast::Sender<String>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        let daemon = Self {
            dir: tempfile::tempdir().unwrap(),
            script: Arc::default(),
            calls: Arc::new(watch::Sender::new(Vec::new())),
            watchers: Arc::new(watch::Sender::new(0)),
            events: broadcast::Sender::new(16),
            task: Mutex::new(None),
        };
        daemon.listen();
        daemon
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("auth.sock")
    }

    /// Opens its socket.
    pub(crate) fn listen(&self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let (script, calls) = (Arc::clone(&self.script), Arc::clone(&self.calls));
        let (watchers, events) = (Arc::clone(&self.watchers), self.events.clone());
        let task = tokio::spawn(async move {
            let mut running = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                running.spawn(serve(
                    stream,
                    Arc::clone(&script),
                    Arc::clone(&calls),
                    Arc::clone(&watchers),
                    events.subscribe(),
                ));
            }
        });
        *self.task.lock().unwrap() = Some(task);
    }

    /// Is gone, with all its connections.
    pub(crate) async fn stop(&self) {
        let task = self.task.lock().unwrap().take().unwrap();
        task.abort();
        let _ = task.await;
        std::fs::remove_file(self.socket()).unwrap();
        self.watchers.send_replace(0);
    }

    /// From now on `method` is answered so.
    pub(crate) fn on(&self, method: &'static str, act: impl Into<Act>) {
        self.script.lock().unwrap().acts.insert(method, act.into());
    }

    /// What rechecks say from now on, of every session.
    pub(crate) fn ended(&self, ended: bool) {
        self.script.lock().unwrap().ended = ended;
    }

    /// Tells whoever watches that this mailbox changed, or any.
    pub(crate) fn changed(&self, mailbox: Option<&str>) {
        let parameters = mailbox.map_or("{}".to_owned(), |mailbox| format!(r#"{{"mailbox":"{mailbox}"}}"#));
        self.events.send(parameters).unwrap();
    }

    /// Waits until somebody watches.
    pub(crate) async fn watched(&self) {
        let mut watchers = self.watchers.subscribe();
        timeout(PATIENCE, watchers.wait_for(|count| *count > 0)).await.unwrap().unwrap();
    }

    /// The calls of `method` so far.
    pub(crate) fn calls(&self, method: &str) -> Vec<String> {
        let wanted = format!("{{\"method\":\"org.postern.Auth.{method}\"");
        self.calls.borrow().iter().filter(|call| call.starts_with(&wanted)).cloned().collect()
    }

    /// Waits for the call number `count` of `method`.
    pub(crate) async fn called(&self, method: &str, count: usize) {
        let mut calls = self.calls.subscribe();
        timeout(PATIENCE, async {
            while self.calls(method).len() < count {
                calls.changed().await.unwrap();
            }
        })
        .await
        .unwrap();
    }
}

async fn serve(
    mut stream: UnixStream,
    script: Arc<Mutex<Script>>,
    calls: Arc<watch::Sender<Vec<String>>>,
    watchers: Arc<watch::Sender<usize>>,
    mut events: broadcast::Receiver<String>,
) {
    let mut decoder = Decoder::default();
    let mut bytes = vec![0; 4096];
    let call = loop {
        if let Some(call) = decoder.next_frame(|frame| String::from_utf8(frame.to_vec()).unwrap()) {
            break call;
        }
        match stream.read(&mut bytes).await {
            Ok(count @ 1..) => decoder.push(&bytes[..count]).unwrap(),
            _ => return,
        }
    };
    let method = call.split('"').nth(3).unwrap().rsplit('.').next().unwrap().to_owned();
    let act = {
        let script = script.lock().unwrap();
        let count = call.matches("\"standing\"").count();
        let ended = vec![script.ended.to_string(); count].join(",");
        script.acts.get(method.as_str()).cloned().unwrap_or_else(|| match method.as_str() {
            "Recheck" => Act::Say(format!(r#"{{"ended":[{ended}]}}"#)),
            _ => Act::Close,
        })
    };
    calls.send_modify(|calls| calls.push(call));
    if method == "Watch" {
        stream.write_all(b"{\"parameters\":{},\"continues\":true}\0").await.unwrap();
        watchers.send_modify(|count| *count += 1);
        while let Ok(event) = events.recv().await {
            if stream.write_all(format!("{{\"parameters\":{event},\"continues\":true}}\0").as_bytes()).await.is_err() {
                return;
            }
        }
    }
    if let Act::SayAfter(told, _) = &act {
        told.notified().await;
    }
    match act {
        Act::Say(parameters) | Act::SayAfter(_, parameters) => {
            let _ = stream.write_all(format!("{{\"parameters\":{parameters}}}\0").as_bytes()).await;
        }
        Act::Write(bytes) => {
            let _ = stream.write_all(bytes).await;
        }
        Act::Hang => {
            let _ = stream.read(&mut bytes).await;
        }
        Act::Close => {}
    }
}
