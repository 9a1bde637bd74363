//! Codes and notices that the daemon sends to real receivers: an HTTP gateway that records, Debian's aiosmtpd, programs
//! that record, and servers that hang, close the connection or send invalid data.

mod faults;
mod http_gateway;
mod mail_server;
mod tls;

mod gateway;
mod mail;
mod program;

use postern_engine::MemoryEngine;
use postern_rules::Time;
use postern_vault::master_key::MasterKeys;
use postern_vault::records::Records;
use postern_vault::seal::Sealer;
use postern_wire::Secret;
use posternd::config::Config;
use posternd::notify::senders::{LONGEST, SendError, Senders};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// 2026-11-22T12:00:00Z.
const NOW: Time = Time(1_795_348_800);
/// No text for users or administrators may contain any of these.
const NUMBER: &str = "+44612345678";
const ADDRESS: &str = "bob.smith@example.org";
const CODE: &str = "246810";
/// Timeout for expected events.
const SOON: Duration = Duration::from_secs(30);

fn records() -> Records {
    Records::new(Arc::new(MemoryEngine::new()), Arc::new(Sealer::new(MasterKeys::generate().unwrap())))
}

/// Creates the senders of a configuration, with nothing sent yet.
fn senders(config: &str) -> Senders {
    Senders::new(&Config::parse(config).unwrap(), records()).unwrap()
}

/// The text of a message, with every character that may need escaping.
fn text() -> Secret {
    Secret::from(format!("Votre code \"Été\" \\ & = % + : {CODE}\n\n@webmail.example.com #{CODE}").as_str())
}

async fn send_text(senders: &Senders) -> Result<(), SendError> {
    shown(timeout(LONGEST, senders.text(NOW, NUMBER, &text())).await.expect("it takes as long as is promised"))
}

async fn send_mail(senders: &Senders, to: &str) -> Result<(), SendError> {
    let sent = timeout(LONGEST, senders.mail(NOW, to, "Votre code à usage unique", &text())).await;
    shown(sent.expect("it takes as long as is promised"))
}

/// Checks what an error shows.
fn shown(outcome: Result<(), SendError>) -> Result<(), SendError> {
    if let Err(error) = &outcome {
        let text = format!("{error} {error:?}");
        for never in [&NUMBER[1..], "bob.smith", "nobody@", "busy@", CODE, "s3cret"] {
            assert!(!text.contains(never), "{never} in: {text}");
        }
    }
    outcome
}

fn unavailable(outcome: Result<(), SendError>) -> String {
    let Err(SendError::Unavailable(why)) = outcome else { panic!("{outcome:?}") };
    why
}

fn refused(outcome: Result<(), SendError>) -> String {
    let Err(SendError::Refused(why)) = outcome else { panic!("{outcome:?}") };
    why
}

/// A file that only its owner can read.
fn secret_file(dir: &Path, name: &str, secret: &str) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, format!("{secret}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

#[tokio::test]
async fn what_is_not_configured_says_so() {
    let senders = senders("");
    assert!(!senders.sendable().texts && !senders.sendable().mails);
    let error = send_text(&senders).await.unwrap_err();
    assert!(matches!(error, SendError::NotConfigured(_)) && error.to_string().contains("[sms]"), "{error}");
    let error = send_mail(&senders, ADDRESS).await.unwrap_err();
    assert!(matches!(error, SendError::NotConfigured(_)) && error.to_string().contains("[mail]"), "{error}");
}

#[test]
fn a_secret_that_cannot_be_read_is_found_before_the_start() {
    let missing =
        "[sms]\nurl = \"http://127.0.0.1/?{text}{number}{TOKEN}\"\nsecret_files = { TOKEN = \"/none/token\" }";
    let error = posternd::notify::senders::judge(&Config::parse(missing).unwrap()).unwrap_err().to_string();
    assert!(error.contains("/none/token") && error.contains("No such file"), "{error}");
    let missing = "[mail]\nfrom = \"a@example.com\"\nsmtp = \"smtps://127.0.0.1\"\nca = \"/none/ca.pem\"";
    let error = posternd::notify::senders::judge(&Config::parse(missing).unwrap()).unwrap_err().to_string();
    assert!(error.contains("/none/ca.pem") && error.contains("No such file"), "{error}");
}
