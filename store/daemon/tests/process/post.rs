//! The messages of a daemon: sent with a command and sendmail, which are scripts that store their input.

use crate::home::{Home, Plan};
use crate::wait_until;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// Timeout for a notice, which is sent asynchronously.
const SOON: Duration = Duration::from_secs(10);

/// A home whose daemon sends with two scripts; each message is a file of its own.
pub(crate) struct Post {
    /// The home.
    pub(crate) home: Home,
}

impl Post {
    /// Creates one with a wall clock that stands still.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap().keep();
        let script = |name: &str, text: &str| -> PathBuf {
            let path = directory.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let keep = |what: &str| {
            let directory = directory.display();
            format!(
                "#!/bin/sh\nf=$(mktemp {directory}/{what}.XXXXXX.part)\n{{ echo \"to $*\"; cat; }} > $f\nmv $f ${{f%.part}}\n"
            )
        };
        let (sms, mail) = (script("send-sms", &keep("sms")), script("send-mail", &keep("mail")));
        let names = format!(
            "[sms]\ncommand = [{sms:?}, \"{{number}}\"]\n[mail]\nfrom = \"security@example.com\"\nsendmail = {mail:?}\n"
        );
        let home = Home::new(Plan { names: &names, clock: true, ..Plan::default() });
        home.post_office(directory);
        Self { home }
    }

    /// Waits until there are this many messages of a kind: notices are sent asynchronously.
    pub(crate) fn wait_for(&self, what: &str, count: usize) {
        wait_until(what, SOON, || self.all(what).len() == count);
    }

    /// Takes the single notice sent by mail, and removes it.
    pub(crate) fn notice(&self) -> String {
        self.wait_for("mail", 1);
        self.take("mail")
    }

    /// Takes the code in the single message of a kind, and removes the message.
    pub(crate) fn code(&self, what: &str) -> String {
        code_in(&self.take(what))
    }

    /// Returns the messages of a kind, in any order.
    pub(crate) fn all(&self, what: &str) -> Vec<String> {
        let files = fs::read_dir(self.home.post()).unwrap().flatten().map(|entry| entry.path());
        let is_one = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(&format!("{what}.")) && !name.ends_with(".part")
        };
        files.filter(is_one).map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// Takes the single message of a kind, and removes it.
    pub(crate) fn take(&self, what: &str) -> String {
        let all = self.all(what);
        assert_eq!(all.len(), 1, "{all:?}");
        for entry in fs::read_dir(self.home.post()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&format!("{what}.")) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        all.into_iter().next().unwrap()
    }
}

/// Returns the code in a message: a mail has other digits in its header.
pub(crate) fn code_in(message: &str) -> String {
    digits(message.split("\n\n").nth(2).unwrap_or(message))
}

/// Returns the six digits in a message.
pub(crate) fn digits(message: &str) -> String {
    let mut words = message.split(|c: char| !c.is_ascii_digit());
    words.find(|word| word.len() == 6).unwrap_or_else(|| panic!("no code in {message}")).to_owned()
}
