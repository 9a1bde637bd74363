//! Calls of fronts and of the administrator, each on its own connection.

use crate::home::Running;
use crate::messages::{answer_of, ask_of, change_of, confirm_of};
use crate::people::{ALICE, Enrolled};
use postern_wire::admin::{self, *};
use postern_wire::auth::{
    self, AnswerVerdict, AskVerdict, Channel, ConfirmVerdict, Enrol, EnrolVerdict, FieldVerdict, Origin,
    PrepareVerdict, Reason, Recheck, Rechecked, Refusal, Session, WatchEvent,
};
use postern_wire::{CallError, Client, Secret};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// Timeout for each answer, far longer than the daemon takes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Number of bytes of an import in one call.
const PIECE: usize = 16 * 1024;

/// Connects to a socket.
pub(crate) fn connect(socket: &Path) -> Client {
    Client::connect(socket, DEADLINE).unwrap()
}

/// Sends bytes and returns the next frame with its NUL, or all data until the daemon closed the connection.
pub(crate) fn exchange(socket: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let _ = stream.write_all(bytes);
    let mut reply = Vec::new();
    let mut byte = [0];
    while !reply.ends_with(&[0]) && matches!(stream.read(&mut byte), Ok(1)) {
        reply.push(byte[0]);
    }
    reply
}

/// Returns the refusal of a verdict.
pub(crate) fn refusal(verdict: AnswerVerdict) -> Refusal {
    match verdict {
        AnswerVerdict::Refused(refusal) => refusal,
        AnswerVerdict::Accepted { .. } => panic!("{verdict:?}"),
    }
}

/// Calls of fronts.
impl Running<'_> {
    /// Makes one call on the auth socket.
    pub(crate) fn front<R: DeserializeOwned>(&self, verb: &str, parameters: &impl Serialize) -> R {
        connect(&self.home.auth()).call(auth::INTERFACE, verb, parameters).unwrap()
    }

    /// Does the same, where an error is possible.
    pub(crate) fn try_front<R: DeserializeOwned>(
        &self,
        verb: &str,
        parameters: &impl Serialize,
    ) -> Result<R, CallError> {
        connect(&self.home.auth()).call(auth::INTERFACE, verb, parameters)
    }

    /// Asks at the webmail.
    pub(crate) fn ask(&self, name: &str) -> AskVerdict {
        self.ask_at(name, Channel::Webmail)
    }

    /// Asks at a channel.
    pub(crate) fn ask_at(&self, name: &str, channel: Channel) -> AskVerdict {
        self.front("Ask", &ask_of(name, channel, &Origin::default()))
    }

    /// Answers at the webmail.
    pub(crate) fn answer(&self, name: &str, code: &str) -> AnswerVerdict {
        self.front("Answer", &answer_of(name, Channel::Webmail, code))
    }

    /// Begins an enrolment at the webmail, or returns the one of a ticket.
    pub(crate) fn enrol(&self, name: &str, ticket: Option<&Secret>) -> EnrolVerdict {
        let ticket = ticket.cloned();
        self.front("Enrol", &Enrol { name: name.to_owned(), ticket, ..Enrol::default() })
    }

    /// Begins an enrolment; returns the ticket and the secret.
    pub(crate) fn offered(&self, name: &str) -> (Secret, String) {
        match self.enrol(name, None) {
            EnrolVerdict::Offered { ticket, secret, uri, .. } => {
                [&ticket, &secret, &uri].into_iter().for_each(|secret| self.home.saw(secret));
                (ticket, secret.reveal().to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Completes an enrolment.
    pub(crate) fn confirm(&self, name: &str, ticket: &Secret, code: &str) -> ConfirmVerdict {
        self.front("Confirm", &confirm_of(name, ticket, code))
    }

    /// Enables an account and enrols an authenticator; then the clock is at the next step.
    pub(crate) fn enrolled(&self, mailbox: &str) -> Enrolled {
        self.enable(mailbox);
        let (ticket, secret) = self.offered(mailbox);
        match self.confirm(mailbox, &ticket, &self.home.code(&secret)) {
            ConfirmVerdict::Accepted { standing, backup_codes, .. } => {
                backup_codes.iter().for_each(|code| self.home.saw(code));
                self.home.clock().advance(30);
                let backup_codes = backup_codes.iter().map(|code| code.reveal().to_owned()).collect();
                Enrolled { secret, backup_codes, standing }
            }
            ConfirmVerdict::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    /// The code that the authenticator shows now.
    pub(crate) fn code(&self, enrolled: &Enrolled) -> String {
        self.home.code(&enrolled.secret)
    }

    /// Whether a session is over.
    pub(crate) fn is_over(&self, mailbox: &str, standing: &str) -> bool {
        let session = Session { mailbox: mailbox.to_owned(), standing: standing.to_owned() };
        let rechecked: Rechecked = self.front("Recheck", &Recheck { sessions: vec![session] });
        assert_eq!(rechecked.ended.len(), 1);
        rechecked.ended[0]
    }

    /// Watches from now on.
    pub(crate) fn watch(&self) -> Watch {
        let mut client = connect(&self.home.auth());
        let (sender, events) = mpsc::channel();
        // The thread ends with the daemon, or at an event after the receiver was dropped.
        std::thread::spawn(move || {
            client.call_more(auth::INTERFACE, "Watch", &Empty {}, |event: WatchEvent| drop(sender.send(event)))
        });
        let watch = Watch { events };
        assert_eq!(watch.next(), None, "the first event is about any mailbox");
        watch
    }
}

/// The events that a front receives.
pub(crate) struct Watch {
    events: Receiver<WatchEvent>,
}

impl Watch {
    /// Expects that the next event is about this mailbox.
    #[track_caller]
    pub(crate) fn tells_of(&self, mailbox: &str) {
        assert_eq!(self.next().as_deref(), Some(mailbox));
    }

    /// The mailbox of the next event; none: any mailbox.
    pub(crate) fn next(&self) -> Option<String> {
        self.events.recv_timeout(DEADLINE).expect("no event came").mailbox
    }
}

/// Calls of the administrator.
impl Running<'_> {
    /// Makes one call on the admin socket.
    pub(crate) fn order<R: DeserializeOwned>(&self, verb: &str, parameters: &impl Serialize) -> Result<R, Refused> {
        refused(verb, connect(&self.home.admin()).call(admin::INTERFACE, verb, parameters))
    }

    /// Creates a platform with `example.com` and a non-ASCII domain, switched on.
    pub(crate) fn make_platform(&self) {
        let domains = ["example.com", "müller.example"].map(str::to_owned).to_vec();
        let platform = CreatePlatform { name: "example".to_owned(), domains, netbios: vec!["CORP".to_owned()] };
        self.order::<Platforms>("CreatePlatform", &platform).unwrap();
        self.switch_platform(true);
    }

    /// Switches the platform on or off.
    pub(crate) fn switch_platform(&self, enabled: bool) {
        let switch = SwitchPlatform { name: "example".to_owned(), enabled };
        self.order::<Platforms>("SwitchPlatform", &switch).unwrap();
    }

    /// Sets a policy of the platform.
    #[track_caller]
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.try_set(key, value).unwrap();
    }

    /// Does the same, where a refusal is possible.
    pub(crate) fn try_set(&self, key: &str, value: &str) -> Result<Platforms, Refused> {
        let [name, key, value] = ["example", key, value].map(str::to_owned);
        self.order("SetPlatform", &SetPlatform { name, key, value })
    }

    /// Sets or removes Alice's contact address.
    pub(crate) fn set_contact(&self, address: Option<&str>) -> Result<Accounts, Refused> {
        let address = address.map(str::to_owned);
        self.order("SetContact", &SetContact { mailbox: ALICE.to_owned(), address })
    }

    /// Decides about Alice's request.
    pub(crate) fn decide(&self, approve: bool) -> Result<Decided, Refused> {
        self.order("DecideRequest", &DecideRequest { mailbox: ALICE.to_owned(), approve })
    }

    /// Removes a method.
    pub(crate) fn remove_method(&self, mailbox: &str, id: &str) -> Result<Accounts, Refused> {
        self.order("RemoveMethod", &RemoveMethod { mailbox: mailbox.to_owned(), id: id.to_owned() })
    }

    /// Removes aliases.
    pub(crate) fn remove_aliases(&self, mailbox: &str, aliases: &[&str]) -> Result<Accounts, Refused> {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        self.order("RemoveAliases", &Aliases { mailbox: mailbox.to_owned(), aliases })
    }

    /// Changes an account: enables it, resets it, …
    pub(crate) fn change(&self, mailbox: &str, action: Action) -> Result<Changed, Refused> {
        self.order("ChangeAccount", &change_of(mailbox, action))
    }

    /// Enables an account, which must succeed.
    pub(crate) fn enable(&self, mailbox: &str) {
        self.change(mailbox, Action::Enable).unwrap();
    }

    /// Enables an account with an enrolment code; returns the code.
    pub(crate) fn enable_with_code(&self, mailbox: &str) -> Secret {
        let enable = ChangeAccount { enrolment_code: true, ..change_of(mailbox, Action::Enable) };
        let changed: Changed = self.order("ChangeAccount", &enable).unwrap();
        let code = changed.enrolment_code.expect("a code");
        self.home.saw(&code);
        code
    }

    /// Suspends an account.
    pub(crate) fn suspend(&self, mailbox: &str, hours: i64) -> Result<Changed, Refused> {
        self.order("ChangeAccount", &ChangeAccount { hours: Some(hours), ..change_of(mailbox, Action::Suspend) })
    }

    /// Adds aliases.
    pub(crate) fn add_aliases(&self, mailbox: &str, aliases: &[&str]) -> Result<Accounts, Refused> {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        self.order("AddAliases", &Aliases { mailbox: mailbox.to_owned(), aliases })
    }

    /// Returns one account.
    pub(crate) fn show(&self, mailbox: &str) -> Result<Account, Refused> {
        let shown: Accounts = self.order("ShowAccount", &Mailbox { mailbox: mailbox.to_owned() })?;
        Ok(shown.accounts.into_iter().next().unwrap())
    }

    /// Returns the status of the daemon.
    pub(crate) fn status(&self) -> Status {
        self.order("Status", &Empty {}).unwrap()
    }

    /// Returns every account.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        let mut all = Vec::new();
        self.stream("ListAccounts", &ListAccounts::default(), |piece: Accounts| all.extend(piece.accounts)).unwrap();
        all
    }

    /// Returns the audit log from `since` (RFC 3339) on.
    pub(crate) fn audit(&self, since: Option<String>) -> Vec<AuditEntry> {
        let mut all = Vec::new();
        self.stream("ReadAudit", &ReadAudit { mailbox: None, since }, |piece: AuditEntries| all.extend(piece.entries))
            .unwrap();
        all
    }

    /// Returns the text of an export.
    pub(crate) fn export(&self) -> Result<String, Refused> {
        let mut text = String::new();
        self.stream("Export", &Empty {}, |piece: ExportPiece| text.push_str(&piece.lines)).map(|()| text)
    }

    /// Imports a text, in pieces of whole lines.
    pub(crate) fn import(&self, text: &str) -> Result<Imported, Refused> {
        import(connect(&self.home.admin()), text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn stream<R: DeserializeOwned>(
        &self,
        verb: &str,
        parameters: &impl Serialize,
        each: impl FnMut(R),
    ) -> Result<(), Refused> {
        refused(verb, connect(&self.home.admin()).call_more(admin::INTERFACE, verb, parameters, each))
    }
}

/// Does the same as [`Running::import`], for a daemon that may stop in the meantime.
pub(crate) fn import(mut client: Client, text: &str) -> Result<Result<Imported, Refused>, CallError> {
    let mut pieces = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if pieces.last().is_some_and(|piece| piece.len() + line.len() > PIECE) {
            pieces.push(String::new());
        }
        pieces.last_mut().unwrap().push_str(line);
    }
    let count = pieces.len();
    for (number, lines) in pieces.into_iter().enumerate() {
        let piece = ExportPiece { lines, last: number + 1 == count };
        let last = piece.last;
        match client.call::<Imported>(admin::INTERFACE, "Import", &piece) {
            Ok(imported) if last => return Ok(Ok(imported)),
            Ok(_) => {}
            Err(CallError::Error(error)) => return Ok(Err(read_refused(error.parameters))),
            Err(error) => return Err(error),
        }
    }
    unreachable!("there is a last piece")
}

fn refused<R>(verb: &str, outcome: Result<R, CallError>) -> Result<R, Refused> {
    match outcome {
        Ok(reply) => Ok(reply),
        Err(CallError::Error(error)) if error.name == admin::REFUSED => Err(read_refused(error.parameters)),
        Err(error) => panic!("{verb}: {error}"),
    }
}

fn read_refused(parameters: serde_json::Value) -> Refused {
    serde_json::from_value(parameters).unwrap()
}

/// A verdict that may be a refusal.
pub(crate) trait Refuses {
    /// The reason; none if it is not a refusal.
    fn reason(&self) -> Option<Reason>;
}

macro_rules! refuses {
    ($($verdict:ty),*) => {$(
        impl Refuses for $verdict {
            fn reason(&self) -> Option<Reason> {
                match self {
                    Self::Refused(refusal) => Some(refusal.reason),
                    _ => None,
                }
            }
        }
    )*};
}

refuses!(AskVerdict, AnswerVerdict, FieldVerdict, EnrolVerdict, ConfirmVerdict, PrepareVerdict);
