//! The connection to posternd, and the messages for its failures.

use crate::exit::Failure;
use postern_wire::admin::{INTERFACE, REFUSED, Refused};
use postern_wire::methods::Method;
use postern_wire::{CallError, Client, ErrorReply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The limit for each wait for an answer.
pub(crate) const WAIT: Duration = Duration::from_secs(5);
/// The same for methods in which the daemon reads the whole store: check, export and import.
pub(crate) const WAIT_TRANSFER: Duration = Duration::from_secs(60);

/// A connection to the admin socket.
pub(crate) struct Daemon {
    client: Client,
    socket: PathBuf,
}

impl Daemon {
    /// Connects; each wait for an answer lasts at most `wait`.
    ///
    /// # Errors
    /// [`Failure::Unreachable`].
    pub(crate) fn connect(socket: &Path, wait: Duration) -> Result<Self, Failure> {
        let client = Client::connect(socket, wait).map_err(|error| failure(error, socket))?;
        Ok(Self { client, socket: socket.to_owned() })
    }

    /// Calls a method and waits for its one answer.
    ///
    /// # Errors
    /// [`Failure::Refused`], after which the connection can still be used, and [`Failure::Unreachable`], after which it
    /// cannot.
    pub(crate) fn call<M>(&mut self, parameters: &M::Parameters) -> Result<M::Reply, Failure>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        self.client.call(INTERFACE, M::NAME, parameters).map_err(|error| failure(error, &self.socket))
    }

    /// Calls a method that answers in pieces, and passes each to `each`. If `each` fails, the remaining pieces are read
    /// and dropped.
    ///
    /// # Errors
    /// As [`Self::call`], and the first failure of `each`.
    pub(crate) fn call_more<M>(
        &mut self,
        parameters: &M::Parameters,
        mut each: impl FnMut(M::Reply) -> Result<(), Failure>,
    ) -> Result<(), Failure>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        let mut outcome = Ok(());
        let called = self.client.call_more(INTERFACE, M::NAME, parameters, |piece| {
            if outcome.is_ok() {
                outcome = each(piece);
            }
        });
        outcome.and(called.map_err(|error| failure(error, &self.socket)))
    }
}

/// The only element of an answer that is a list.
///
/// # Errors
/// [`Failure::Unreachable`] if the list is empty, which this interface's methods never return.
pub(crate) fn only<T>(list: Vec<T>) -> Result<T, Failure> {
    list.into_iter()
        .next()
        .ok_or_else(|| Failure::Unreachable("posternd answered without what was asked for".to_owned()))
}

fn failure(error: CallError, socket: &Path) -> Failure {
    let at = socket.display();
    Failure::Unreachable(match error {
        CallError::Error(reply) => return refusal(reply),
        CallError::Unreachable(error) => match error.kind() {
            ErrorKind::NotFound => format!(
                "posternd cannot be reached: there is no socket at {at}\n  \
                 Is it running? systemctl status posternd\n  \
                 Is its socket elsewhere? Name it with --socket PATH or POSTERN_SOCKET"
            ),
            ErrorKind::PermissionDenied => format!(
                "posternd cannot be reached: you may not open {at}\n  \
                 It is for root and the group postern-admin: use sudo, or have yourself added to the group\n  \
                 (adduser NAME postern-admin) and sign in again"
            ),
            ErrorKind::ConnectionRefused => format!(
                "posternd cannot be reached: nobody listens at {at}, so it has stopped\n  \
                 Why? systemctl status posternd"
            ),
            _ => format!("posternd cannot be reached at {at}: {error}\n  Is it running? systemctl status posternd"),
        },
        CallError::Impostor(uid) => format!(
            "{at} is served by uid {uid}, which is neither root, nor you, nor the user postern: nothing was said to it\n  \
             Find out who it is: ps -u {uid}"
        ),
        CallError::Lost(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => format!(
                "posternd at {at} did not answer in time; what was asked may or may not have been done\n  \
                 What keeps it? systemctl status posternd"
            ),
            ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => format!(
                "posternd at {at} closed the connection; what was asked may or may not have been done\n  \
                 It stopped (systemctl status posternd), or you are neither root nor in the group postern-admin"
            ),
            _ => format!("posternd at {at} did not answer: {error}\n  systemctl status posternd"),
        },
        CallError::Garbage(what) => format!(
            "what {at} answers makes no sense: {what}\n  \
             Is it the admin socket, and is posternd of the same version as this postern ({})?",
            env!("CARGO_PKG_VERSION")
        ),
    })
}

fn refusal(reply: ErrorReply) -> Failure {
    if reply.name == REFUSED
        && let Ok(refused) = serde_json::from_value::<Refused>(reply.parameters.clone())
    {
        return Failure::Refused(refused);
    }
    let named = |key: &str| reply.parameters.get(key).and_then(|value| value.as_str()).unwrap_or("?").to_owned();
    match reply.name.as_str() {
        "org.varlink.service.MethodNotFound" | "org.varlink.service.InterfaceNotFound" => Failure::refused(
            "unsupported",
            format!(
                "this posternd does not know that request: it is older than this postern ({}), or this is not its admin \
                 socket; after an upgrade restart it: systemctl restart posternd",
                env!("CARGO_PKG_VERSION")
            ),
        ),
        "org.varlink.service.InvalidParameter" => Failure::refused(
            "invalid_parameter",
            format!("posternd does not take this value for `{}`", named("parameter")),
        ),
        name => Failure::refused("error", format!("posternd answered {name}")),
    }
}
