//! The state that the connections of the imitation share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::TlsAcceptor;

use crate::mailboxes::Mailbox;
use crate::{Error, Result};

/// Its greeting: no capabilities, and its name in base64.
pub(super) const GREETING: &str =
    "* OK The Microsoft Exchange IMAP4 service is ready. [RQBYADAAMQAuAEUAWABBAE0AUABMAEUA]";
/// The capabilities of every Exchange before TLS.
pub(super) const BEFORE_TLS: &str = "IMAP4 IMAP4rev1 AUTH=NTLM AUTH=GSSAPI LOGINDISABLED STARTTLS UIDPLUS CHILDREN IDLE NAMESPACE \
                          LITERAL+";
/// The NetBIOS domain, which precedes the backslash in user names.
pub const NETBIOS: &str = "EXAMPLE";
/// Connections of one mailbox: the default of every new server (`MaxConnectionsPerUser` of `Set-ImapSettings`).
pub const MAX_CONNECTIONS: usize = 16;

/// How the connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS before sign-in.
    StartTls,
    /// No TLS.
    Plain,
}

/// Its current condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It serves.
    Well,
    /// It serves, and sends a reply before it confirms a sign-in. Exchange was not observed to do so; Gmail sends its
    /// capabilities there.
    Talkative,
    /// Its front end answers; its backend does not.
    Unavailable,
    /// It signs users in and then refuses every command.
    NotConnected,
}

/// Its configuration.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How the connections are protected.
    pub transport: Transport,
    /// The capabilities that it announces once a connection is protected.
    pub capabilities: &'static str,
    /// Its current condition.
    pub mood: Mood,
}

/// The state that its connections share.
pub(super) struct Shared {
    pub(super) manner: Manner,
    pub(super) mailboxes: Vec<Mailbox>,
    pub(super) tls: TlsAcceptor,
    pub(super) heard: Mutex<Vec<u8>>,
    /// The number of connections of each mailbox.
    pub(super) connections: Mutex<HashMap<String, usize>>,
}

/// One connection of a mailbox; dropping it gives the place back.
pub(super) struct Place {
    pub(super) shared: Arc<Shared>,
    pub(super) mailbox: String,
}

impl Shared {
    pub(super) fn hear(&self, bytes: &[u8]) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    /// Signs in the user `user@domain` or `DOMAIN\user`. None: a wrong name, a wrong password, or one connection too
    /// many, which all get the same reply.
    pub(super) fn admit(self: &Arc<Self>, name: &str, password: &str) -> Option<Place> {
        let is_called = |mailbox: &Mailbox| {
            let person = mailbox.name.split('@').next().unwrap_or_default();
            [mailbox.name.clone(), format!("{NETBIOS}\\{person}")].iter().any(|it| it.eq_ignore_ascii_case(name))
        };
        let mailbox = self.mailboxes.iter().find(|it| is_called(it) && it.password == password)?.name.clone();
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connections.entry(mailbox.clone()).or_default();
        if *count == MAX_CONNECTIONS {
            return None;
        }
        *count += 1;
        Some(Place { shared: Arc::clone(self), mailbox })
    }
}

impl Place {
    /// The messages of the mailbox. The first contains words of the protocol.
    pub(super) fn messages(&self) -> Result<[String; 2]> {
        let is_mine = |mailbox: &&Mailbox| mailbox.name == self.mailbox;
        let mailbox = self.shared.mailboxes.iter().find(is_mine).ok_or_else(|| Error::new("a mailbox that is none"))?;
        let head = |subject: &str| format!("From: postmaster@example.com\r\nSubject: {subject}\r\n\r\n");
        Ok([
            head("Protocol") + "* CAPABILITY IMAP4rev1 UNAUTHENTICATE\r\n* BYE Connection is closed. 14\r\n",
            head(&mailbox.private_subject()) + "Bis sp\u{e4}ter.\r\n",
        ])
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut connections = self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.entry(self.mailbox.clone()).and_modify(|count| *count -= 1);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("manner", &self.manner).finish_non_exhaustive()
    }
}
