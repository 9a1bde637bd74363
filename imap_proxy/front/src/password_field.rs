//! What the daemon's answers mean for a name and what was typed as its password: the only file that could fail open where
//! a client signs in with a password field and nothing else (IMAP, and the endpoints beside the webmail).
//!
//! A [`Pass`] is made here and nowhere else. Three words of the daemon make one, each for the mailbox that was asked
//! about: `NotRequired`, `AppPassword` and, where there may be a code, `Accepted`.

use crate::credentials::Credentials;
use crate::daemon::{Daemon, DaemonError};
use postern_wire::Secret;
use postern_wire::auth::{
    AnswerField, Ask, AskVerdict, Asked, Channel, FieldVerdict, Origin, Reason, Refusal, Session,
};
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// Who may sign in at the backend, and with what.
pub struct Pass {
    session: Session,
    password: Zeroizing<Vec<u8>>,
    by_app_password: bool,
    is_proven: bool,
}

impl Pass {
    /// Made where a verdict says so, and with nothing in it that would end a line or a SASL message.
    fn new(mailbox: String, standing: String, password: &[u8]) -> Result<Self, Denied> {
        Credentials::new(mailbox.as_bytes(), password).ok_or(Denied::Refused)?;
        let password = Zeroizing::new(password.to_vec());
        Ok(Self { session: Session { mailbox, standing }, password, by_app_password: false, is_proven: false })
    }

    /// The mailbox that the daemon decided about. The backend is given this name and not the one that was typed: what
    /// the two make of one spelling may differ.
    #[must_use]
    pub fn mailbox(&self) -> &str {
        &self.session.mailbox
    }

    /// The password, without a code. The caller answers for where it goes.
    #[must_use]
    pub fn password(&self) -> &[u8] {
        &self.password
    }

    /// For rechecks.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the backend's refusal is to be told about, when the password is one that the daemon has kept: it has been
    /// changed since, and must not be tried again.
    #[must_use]
    pub fn outdated(&self) -> Option<&Session> {
        self.by_app_password.then_some(&self.session)
    }

    /// Whether a second factor or an app password was right. Else the password is all that there is, and only the backend
    /// knows whether that one is.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// What is left of it once it has been used.
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

/// There is no pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Denied {
    /// No. The reason is in the daemon's audit log; the client is told the same for every reason.
    Refused,
    /// The app password is right, but of no use any more, or not before the next sign-in to the webmail.
    Expired,
    /// Temporarily unavailable.
    Unavailable,
}

/// What may be in the field beside the password or an app password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codes {
    /// A code behind the password.
    Appended,
    /// None: programs send what they were once given with every request, and a code is good once.
    Never,
}

/// After the daemon was asked what a sign-in needs.
#[derive(Debug)]
#[must_use]
pub enum AfterAsk {
    /// No second factor is required: what was typed is the password.
    Pass(Pass),
    /// What was typed is an app password or has a code at its end, which the daemon has to see.
    Field {
        /// The canonical mailbox.
        mailbox: String,
    },
    /// It ends.
    Denied(Denied),
}

/// Asks the daemon about what a client has typed. `failed` is told why the daemon gave no verdict.
///
/// # Errors
/// The sign-in ends. Nothing has been sent to the backend.
pub async fn judge(
    daemon: &Daemon,
    typed: &Credentials,
    (channel, origin, codes): (Channel, Origin, Codes),
    failed: impl Fn(&DaemonError),
) -> Result<Pass, Denied> {
    let ask = Ask { name: typed.name().to_owned(), channel, origin };
    let name = match after_ask(daemon.ask(&ask).await.inspect_err(&failed), typed, codes) {
        AfterAsk::Pass(pass) => return Ok(pass),
        AfterAsk::Denied(denied) => return Err(denied),
        AfterAsk::Field { mailbox } => mailbox,
    };
    // Codes and app passwords are of ASCII, but in what is no text they cannot be told to the daemon.
    let text = std::str::from_utf8(typed.password()).map_err(|_| Denied::Refused)?;
    let field = AnswerField { name, channel, origin: ask.origin, text: Secret::from(text) };
    after_field(daemon.answer_field(&field).await.inspect_err(&failed), &field.name, typed, codes)
}

/// What follows the question.
pub fn after_ask<E>(reply: Result<Asked, E>, typed: &Credentials, codes: Codes) -> AfterAsk {
    let Ok(Asked { verdict, app_passwords_of, .. }) = reply else { return AfterAsk::Denied(Denied::Unavailable) };
    match (verdict, app_passwords_of) {
        (AskVerdict::Challenge { mailbox, .. }, _) if codes == Codes::Appended => AfterAsk::Field { mailbox },
        // A phone that works goes on working, whatever is asked of other sign-ins.
        (_, Some(mailbox)) => AfterAsk::Field { mailbox },
        (AskVerdict::NotRequired { mailbox, standing }, None) => match Pass::new(mailbox, standing, typed.password()) {
            Ok(pass) => AfterAsk::Pass(pass),
            Err(denied) => AfterAsk::Denied(denied),
        },
        // There is no app password, no code can be given, and nobody can enrol: the daemon has nothing to look at.
        (AskVerdict::Challenge { .. } | AskVerdict::Enrol { .. }, None) => AfterAsk::Denied(Denied::Refused),
        (AskVerdict::Refused(refusal), None) => AfterAsk::Denied(denied(&refusal)),
    }
}

/// What follows when the daemon has looked at what was typed for `mailbox`.
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

/// How long to wait with a refusal when the sign-in has taken `taken` so far: refusals are given at multiples of `step`,
/// counted from when the sign-in began, so that the reason cannot be told from the time that it took.
#[must_use]
pub fn until_refusal(taken: Duration, step: Duration) -> Duration {
    let begun = taken.as_nanos() / step.as_nanos() + 1;
    step.saturating_mul(u32::try_from(begun).unwrap_or(u32::MAX)).saturating_sub(taken)
}

#[cfg(test)]
mod tests;
