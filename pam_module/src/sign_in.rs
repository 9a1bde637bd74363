//! The context of a sign-in: the host, the daemon, the options, and the name.

use crate::daemon::Daemon;
use crate::host::{ConversationFailed, Host};
use crate::text;
use crate::verdict::{AuthFailure, Unfit};
use postern_pam_options::Options;
use postern_wire::Secret;
use postern_wire::auth::{Origin, Reason, Refusal};
use postern_wire::methods::Method;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// The first character of the text that OpenSSH sends instead of a password when it does not want it checked
/// (`auth-pam.c`).
const STAND_IN: char = '\u{8}';

/// A sign-in in progress.
pub(crate) struct SignIn<'a, H, D> {
    pub(crate) host: &'a mut H,
    pub(crate) daemon: &'a mut D,
    pub(crate) options: &'a Options,
    /// The name as typed, and from the first verdict on, the daemon's name of the mailbox.
    pub(crate) name: String,
    pub(crate) origin: Origin,
}

impl<H: Host, D: Daemon> SignIn<'_, H, D> {
    /// Shows a refusal. If the host shows only its last prompt, the prompt has the URL for enrolment; its answer is
    /// ignored.
    pub(crate) fn refused(&mut self, refusal: &Refusal) -> AuthFailure {
        match (&self.options.enrol_url, refusal.reason) {
            (Some(url), Reason::Unenrolled) => drop(self.host.ask(&text::unenrolled_at(url))),
            _ => self.host.error(text::refused(refusal)),
        }
        AuthFailure::Refused(refusal.reason)
    }

    pub(crate) fn call<M>(&mut self, parameters: &M::Parameters) -> Result<M::Reply, AuthFailure>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        let verdict = self.daemon.call::<M>(parameters);
        let method = M::NAME;
        self.debug(format_args!("{method}: {}", if verdict.is_ok() { "there is a verdict" } else { "no verdict" }));
        verdict.map_err(|error| match error {
            // The input or the name is not valid for the daemon: the daemon itself is available.
            error if error.is_invalid_parameter() => Unfit::Invalid.into(),
            error => error.into(),
        })
    }

    pub(crate) fn debug(&self, step: fmt::Arguments<'_>) {
        if self.options.debug {
            self.host.debug(&step.to_string());
        }
    }
}

/// Checks that a text can be an answer of at most `length` bytes.
pub(crate) fn fit(text: Secret, length: usize) -> Result<Secret, Unfit> {
    match text.reveal() {
        "" => Err(Unfit::Empty),
        stand_in if stand_in.starts_with(STAND_IN) => Err(Unfit::StandIn),
        long if long.len() > length => Err(Unfit::TooLong),
        _ => Ok(text),
    }
}

impl From<ConversationFailed> for AuthFailure {
    fn from(_: ConversationFailed) -> Self {
        Self::ConversationFailed
    }
}
