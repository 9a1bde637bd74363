//! A telephone and a mailbox elsewhere: where codes and notices arrive.

use crate::wait;
use crate::{During, Error, Result};
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// A message that arrived.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// `sms` or `mail`.
    pub by: String,
    /// The number or the address.
    pub to: String,
    /// Of a mail.
    #[serde(default)]
    pub subject: String,
    /// All of it.
    pub text: String,
}

impl Message {
    /// The code in it: six digits by themselves.
    pub fn code(&self) -> Option<String> {
        let mut words = self.text.split(|c: char| !c.is_ascii_digit());
        words.find(|word| word.len() == 6).map(str::to_owned)
    }
}

/// Both, as a process of its own.
#[derive(Debug)]
pub struct Receivers {
    process: Child,
    gateway: u16,
    mail: u16,
    arrived: Arc<Mutex<Vec<Message>>>,
}

impl Receivers {
    /// Starts them.
    pub(crate) fn start() -> Result<Receivers> {
        // Debian's own interpreter: another one on the PATH has not Debian's modules.
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-W", "ignore"]).arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/receivers.py"));
        let mut process = command.stdout(Stdio::piped()).spawn().during("starting the receivers")?;
        let unready = || Error::new("the receivers did not say where they are: is python3-aiosmtpd installed?");
        let mut lines = BufReader::new(process.stdout.take().ok_or_else(unready)?).lines();
        let ports = lines.next().and_then(std::result::Result::ok).ok_or_else(unready)?;
        let mut ports = ports.split(' ').map_while(|port| port.parse().ok());
        let (Some(gateway), Some(mail)) = (ports.next(), ports.next()) else { return Err(unready()) };
        let arrived = Arc::<Mutex<Vec<Message>>>::default();
        let all = Arc::clone(&arrived);
        // It ends with the process, which closes its end.
        std::thread::spawn(move || {
            for message in lines.map_while(std::result::Result::ok).filter_map(|line| serde_json::from_str(&line).ok())
            {
                all.lock().unwrap_or_else(PoisonError::into_inner).push(message);
            }
        });
        Ok(Receivers { process, gateway, mail, arrived })
    }

    /// The lines of posternd.toml that lead there.
    pub(crate) fn configuration(&self) -> String {
        format!(
            "[sms]\nurl = \"http://127.0.0.1:{}/send\"\nheaders = {{ Content-Type = \"application/json\" }}\n\
             body = '{{\"to\":\"{{number}}\",\"text\":\"{{text}}\"}}'\n\
             [mail]\nfrom = \"Example <security@example.com>\"\nsmtp = \"smtp://127.0.0.1:{}\"\n",
            self.gateway, self.mail
        )
    }

    /// All that have arrived, by SMS or by mail.
    pub fn all(&self, by: &str) -> Vec<Message> {
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.iter().filter(|message| message.by == by).cloned().collect()
    }

    /// Takes out all that have arrived.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the next one that fits, and takes it out.
    pub fn next(&self, by: &str, fits: impl Fn(&Message) -> bool) -> Result<Message> {
        wait::until("a message to arrive", || {
            let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            let at = arrived.iter().position(|message| message.by == by && fits(message));
            Ok(at.map(|at| arrived.remove(at)))
        })
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
