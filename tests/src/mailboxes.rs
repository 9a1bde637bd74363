//! The users of `example.com`, their passwords and their mail.

use std::fs;
use std::path::Path;

use crate::{During, Result};

/// The mail domain of every mailbox.
pub const DOMAIN: &str = "example.com";

/// Local parts of the mailboxes that every world has.
const PEOPLE: [&str; 12] =
    ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "oscar"];

/// The name of the attachment that is in every mailbox.
pub const ATTACHMENT: &str = "budget.csv";

/// A mailbox and its password at Dovecot.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// The address, which is the sign-in name as well.
    pub name: String,
    /// The password, in plain text: it protects only the mail below.
    pub password: String,
}

/// The mailboxes; the first is Alice's.
pub fn all() -> Vec<Mailbox> {
    PEOPLE
        .iter()
        .map(|person| Mailbox { name: format!("{person}@{DOMAIN}"), password: format!("{person}-knocks-twice") })
        .collect()
}

impl Mailbox {
    /// Delivers the first messages into the Maildir at `maildir`.
    pub fn deliver(&self, maildir: &Path) -> Result<()> {
        for folder in ["cur", "new", "tmp"] {
            let folder = maildir.join(folder);
            fs::create_dir_all(&folder).during(folder.display())?;
        }
        for (number, message) in self.messages().iter().enumerate() {
            // The name of a Maildir file: when, which delivery, which host.
            let file = maildir.join(format!("new/{}.M{number}P1.mail.{DOMAIN}", 1_767_225_600 + number));
            fs::write(&file, message.replace('\n', "\r\n")).during(file.display())?;
        }
        Ok(())
    }

    /// The subject of the message that only this mailbox has: if another user sees it, it is a leak.
    pub fn private_subject(&self) -> String {
        format!("For {} only", self.name)
    }

    fn messages(&self) -> [String; 3] {
        let (to, private) = (&self.name, self.private_subject());
        [
            message(
                to,
                1,
                "Welcome to your mailbox",
                "text/plain; charset=utf-8",
                "It is all here. Have a good day.\n",
            ),
            message(
                to,
                2,
                "=?utf-8?Q?D=C3=A9jeuner_jeudi_=3F?=",
                "text/html; charset=utf-8",
                "<p>Rendez-vous &agrave; <b>12 h 30</b>, comme d'habitude.</p>\n",
            ),
            message(
                to,
                3,
                &private,
                "multipart/mixed; boundary=\"gate\"",
                &format!(
                    "--gate\nContent-Type: text/plain; charset=utf-8\n\nThe numbers that you asked for.\n\n\
                     --gate\nContent-Type: text/csv; name=\"{ATTACHMENT}\"\n\
                     Content-Disposition: attachment; filename=\"{ATTACHMENT}\"\n\n\
                     item,price\noak planks,120\niron hinges,35\n\n--gate--\n"
                ),
            ),
        ]
    }
}

fn message(to: &str, day: u8, subject: &str, content_type: &str, body: &str) -> String {
    format!(
        "From: Gatekeeper <gatekeeper@{DOMAIN}>\nTo: {to}\nSubject: {subject}\n\
         Date: {day:02} Jan 2026 08:00:00 +0000\nMessage-ID: <{day}.{to}>\n\
         MIME-Version: 1.0\nContent-Type: {content_type}\n\n{body}"
    )
}
