//! An imitation of SnappyMail, which Debian does not have: see `snappymail.py`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::mailboxes::Mailbox;
use crate::{During, Error, Result};

/// A request that it received.
#[derive(Debug, Clone, Deserialize)]
pub struct Reached {
    /// Method and target.
    pub line: String,
    /// The action of the call, from its body.
    pub action: String,
    /// The names of its headers, in lower case.
    pub headers: Vec<String>,
}

/// The imitation, as a process of its own.
#[derive(Debug)]
pub struct SnappyMail {
    process: Child,
    port: u16,
    reached: Arc<Mutex<Vec<Reached>>>,
}

impl SnappyMail {
    /// Starts it for these users; `additional_accounts`: they may add each other's mailboxes with the password.
    ///
    /// # Errors
    /// If there is no Python.
    pub fn start(people: &[Mailbox], additional_accounts: bool) -> Result<SnappyMail> {
        let people: serde_json::Map<String, serde_json::Value> =
            people.iter().map(|person| (person.name.clone(), person.password.as_str().into())).collect();
        let settings = serde_json::json!({ "people": people, "additional_accounts": additional_accounts });
        let mut command = Command::new("/usr/bin/python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/snappymail.py")).arg(settings.to_string());
        let mut process = command.stdout(Stdio::piped()).spawn().during("starting the imitation of SnappyMail")?;
        let unready = || Error::new("the imitation of SnappyMail did not say where it is");
        let mut lines = BufReader::new(process.stdout.take().ok_or_else(unready)?).lines();
        let port = lines.next().and_then(|line| line.ok()?.parse().ok()).ok_or_else(unready)?;
        let reached = Arc::<Mutex<Vec<Reached>>>::default();
        let all = Arc::clone(&reached);
        // It ends with the process, which closes the other end.
        std::thread::spawn(move || {
            for request in lines.map_while(std::result::Result::ok).filter_map(|line| serde_json::from_str(&line).ok())
            {
                all.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            }
        });
        Ok(SnappyMail { process, port, reached })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Every request that it is known to have received so far.
    pub fn reached(&self) -> Vec<Reached> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SnappyMail {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
