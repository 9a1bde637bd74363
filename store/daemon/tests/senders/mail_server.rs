//! Debian's aiosmtpd, an independent implementation of a mail server.

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
    /// Starts one with `plain`, `starttls` or `smtps`; if a user is given, it requires authentication as that user.
    pub(crate) async fn start(security: &str, certificate: &Certificate, [user, password]: [&str; 2]) -> Self {
        // Debian's own interpreter: another one on the PATH lacks Debian's modules.
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

    /// Waits for the next mail.
    pub(crate) async fn mail(&mut self) -> Value {
        let line = timeout(SOON, self.mails.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Stops it; returns the number of mails that were not taken.
    pub(crate) async fn left(mut self) -> usize {
        self.process.kill().await.unwrap();
        let mut count = 0;
        while let Ok(Some(_)) = self.mails.next_line().await {
            count += 1;
        }
        count
    }
}
