//! Debian's aiosmtpd, which knows nothing of what is tested here.

use crate::SOON;
use crate::tls::Certificate;
use serde_json::Value;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// A running mail server.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    mails: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl MailServer {
    /// One that speaks `plain`, `starttls` or `smtps`, and with a user wants that one to sign in.
    pub(crate) async fn start(security: &str, certificate: &Certificate, [user, password]: [&str; 2]) -> Self {
        // Debian's own interpreter: another one on the PATH has not Debian's modules.
        let mut process = Command::new("/usr/bin/python3")
            .args(["-W", "ignore"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/senders/mail_server.py"))
            .arg(security)
            .args([&certificate.cert, &certificate.key])
            .args([user, password])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut mails = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = timeout(SOON, mails.next_line()).await.unwrap().unwrap();
        let port = port.expect("python3-aiosmtpd is installed").parse().unwrap();
        Self { port, mails, process }
    }

    /// The next mail.
    pub(crate) async fn mail(&mut self) -> Value {
        let line = timeout(SOON, self.mails.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Stops it: how many mails it had that nobody has asked for.
    pub(crate) async fn left(mut self) -> usize {
        self.process.kill().await.unwrap();
        let mut count = 0;
        while let Ok(Some(_)) = self.mails.next_line().await {
            count += 1;
        }
        count
    }
}
