//! What the daemon's answers mean for a name and a password field: the only file that could fail open where a client
//! signs in with nothing but a password field (IMAP, and the endpoints beside the webmail).
//!
//! A [`Pass`] is made here and nowhere else. Three answers of the daemon make one, each for the mailbox that was asked
//! about: `NotRequired`, `AppPassword` and, where a code is allowed, `Accepted`.

use crate::credentials::Credentials;
use crate::daemon::{Daemon, DaemonError};
use postern_wire::Secret;
use postern_wire::auth::{
    AnswerField, Ask, AskVerdict, Asked, Channel, FieldVerdict, Origin, Reason, Refusal, Session,
};
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// The right to sign in at the backend: the mailbox and its password.
pub struct Pass {
    session: Session,
    password: Zeroizing<Vec<u8>>,
    by_app_password: bool,
    is_proven: bool,
}

impl Pass {
    /// Made where a verdict permits it, and only if it contains nothing that would end a line or a SASL message.
    fn new(mailbox: String, standing: String, password: &[u8]) -> Result<Self, Denied> {
        Credentials::new(mailbox.as_bytes(), password).ok_or(Denied::Refused)?;
        let password = Zeroizing::new(password.to_vec());
        Ok(Self { session: Session { mailbox, standing }, password, by_app_password: false, is_proven: false })
    }

    /// The mailbox that the daemon decided about. The backend gets this name and not the one that was typed: the two
    /// may interpret one spelling differently.
    #[must_use]
    pub fn mailbox(&self) -> &str {
        &self.session.mailbox
    }

    /// The password, without a code. The caller is responsible for where it goes.
    #[must_use]
    pub fn password(&self) -> &[u8] {
        &self.password
    }

    /// The session, for rechecks.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session to report the backend's refusal for, when the password is one that the daemon has kept: it has been
    /// changed since, and must not be tried again.
    #[must_use]
    pub fn outdated(&self) -> Option<&Session> {
        self.by_app_password.then_some(&self.session)
    }

    /// Whether a second factor or an app password was right. Otherwise there is only the password, and only the backend
    /// knows whether it is right.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// The session that remains once the pass has been used.
    #[must_use]
    pub fn into_session(self) -> Session {
        self.session
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("mailbox", &self.session.mailbox).finish_non_exhaustive()
    }
}

/// Why there is no pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Denied {
    /// Refused. The reason is in the daemon's audit log; the client gets the same answer for every reason.
    Refused,
    /// The app password is right, but can no longer be used, or not before the next sign-in to the webmail.
    Expired,
    /// Temporarily unavailable.
    Unavailable,
}

/// What the field may contain besides the password or an app password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codes {
    /// A code after the password.
    Appended,
    /// None: programs send the same stored password with every request, and a code is good once.
    Never,
}

/// What follows after the daemon was asked what a sign-in needs.
#[derive(Debug)]
#[must_use]
pub enum AfterAsk {
    /// No second factor is required: the field is the password.
    Pass(Pass),
    /// The field is an app password or has a code at its end, which the daemon has to check.
    Field {
        /// The canonical mailbox.
        mailbox: String,
    },
    /// The sign-in ends.
    Denied(Denied),
}

/// Asks the daemon about the credentials of a client. `failed` gets the reason why the daemon gave no verdict.
///
/// # Errors
/// The sign-in ends. Nothing has been sent to the backend.
pub async fn judge(
    daemon: &Daemon,
    typed: &Credentials,
    (channel, origin, codes): (Channel, Origin, Codes),
    failed: impl Fn(&DaemonError),
) -> Result<Pass, Denied> {
    let ask = Ask { name: typed.name().to_owned(), channel, origin, ..Ask::default() };
    let name = match after_ask(daemon.ask(&ask).await.inspect_err(&failed), typed, codes) {
        AfterAsk::Pass(pass) => return Ok(pass),
        AfterAsk::Denied(denied) => return Err(denied),
        AfterAsk::Field { mailbox } => mailbox,
    };
    // Codes and app passwords are ASCII, and bytes that are not UTF-8 cannot be sent to the daemon.
    let text = std::str::from_utf8(typed.password()).map_err(|_| Denied::Refused)?;
    let field = AnswerField { name, channel, origin: ask.origin, text: Secret::from(text) };
    after_field(daemon.answer_field(&field).await.inspect_err(&failed), &field.name, typed, codes)
}

/// Decides what follows the daemon's answer to the question.
pub fn after_ask<E>(reply: Result<Asked, E>, typed: &Credentials, codes: Codes) -> AfterAsk {
    let Ok(Asked { verdict, app_passwords_of, .. }) = reply else { return AfterAsk::Denied(Denied::Unavailable) };
    match (verdict, app_passwords_of) {
        (AskVerdict::Challenge { mailbox, .. }, _) if codes == Codes::Appended => AfterAsk::Field { mailbox },
        // A phone that is set up continues to work, whatever other sign-ins require.
        (_, Some(mailbox)) => AfterAsk::Field { mailbox },
        (AskVerdict::NotRequired { mailbox, standing }, None) => match Pass::new(mailbox, standing, typed.password()) {
            Ok(pass) => AfterAsk::Pass(pass),
            Err(denied) => AfterAsk::Denied(denied),
        },
        // There is no app password, no code can be given, and no user can enrol here: the daemon has nothing to check.
        (AskVerdict::Challenge { .. } | AskVerdict::Enrol { .. }, None) => AfterAsk::Denied(Denied::Refused),
        (AskVerdict::Refused(refusal), None) => AfterAsk::Denied(denied(&refusal)),
    }
}

/// Decides what follows when the daemon has checked the field of `mailbox`.
///
/// # Errors
/// The sign-in ends.
pub fn after_field<E>(
    reply: Result<FieldVerdict, E>,
    mailbox: &str,
    typed: &Credentials,
    codes: Codes,
) -> Result<Pass, Denied> {
    let pass = match reply {
        Ok(FieldVerdict::NotRequired { mailbox, standing }) => Pass::new(mailbox, standing, typed.password())?,
        Ok(FieldVerdict::Accepted { .. }) if codes == Codes::Never => return Err(Denied::Refused),
        Ok(FieldVerdict::Accepted { mailbox, standing, password_length, .. }) => {
            let length = usize::try_from(password_length).map_err(|_| Denied::Refused)?;
            let pass = Pass::new(mailbox, standing, typed.password().get(..length).ok_or(Denied::Refused)?)?;
            Pass { is_proven: true, ..pass }
        }
        Ok(FieldVerdict::AppPassword { mailbox, standing, password, .. }) => {
            let pass = Pass::new(mailbox, standing, password.reveal().as_bytes())?;
            Pass { by_app_password: true, is_proven: true, ..pass }
        }
        Ok(FieldVerdict::Refused(refusal)) => return Err(denied(&refusal)),
        Err(_) => return Err(Denied::Unavailable),
    };
    if pass.mailbox() == mailbox { Ok(pass) } else { Err(Denied::Refused) }
}

fn denied(refusal: &Refusal) -> Denied {
    match refusal.reason {
        Reason::Expired => Denied::Expired,
        Reason::Unavailable => Denied::Unavailable,
        _ => Denied::Refused,
    }
}

/// How long to delay a refusal when the sign-in has taken `taken` so far: refusals are sent at multiples of `step`,
/// counted from when the sign-in began, so that the time it took does not reveal the reason.
#[must_use]
pub fn until_refusal(taken: Duration, step: Duration) -> Duration {
    let begun = taken.as_nanos() / step.as_nanos() + 1;
    step.saturating_mul(u32::try_from(begun).unwrap_or(u32::MAX)).saturating_sub(taken)
}

#[cfg(test)]
mod tests;
