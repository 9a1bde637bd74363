//! The states of a session, and the transitions between them. A transition consumes the state, so nothing can be done
//! twice in it.
//!
//! ```text
//! PasswordAccepted ──▶ Enrolling ──▶ SavingCodes ──▶ Released
//!                 ├──▶ Challenged ─────────────────▶
//!                 ├────────────────────────────────▶
//!                 └──▶ Blocked ◀── Challenged
//! ```

use super::challenge::Challenge;
use super::context::{Client, Moment, PasswordFingerprint, SessionContext, UpstreamSession};
use super::enrolment::{Enrolment, SettingUp};
use super::limits::Lives;
use super::released::Released;
use super::stage::{BlockedReason, Stage};
use postern_portal::{MethodKind, Requested};
use postern_wire::Secret;

/// The webmail has accepted the password; the daemon has not been asked. It is not stored, and no cookie leads to it.
pub struct PasswordAccepted {
    /// The webmail's session.
    pub upstream: UpstreamSession,
    /// The password.
    pub fingerprint: PasswordFingerprint,
    /// The client that signs in.
    pub client: Client,
    /// The browser's token, as in [`SessionContext`].
    pub browser: Option<Secret>,
    /// How long the session may last.
    pub lives: Lives,
}

impl PasswordAccepted {
    fn context(self, mailbox: String) -> SessionContext {
        SessionContext {
            mailbox,
            upstream: self.upstream,
            fingerprint: self.fingerprint,
            client: self.client,
            browser: self.browser,
            lives: self.lives,
        }
    }

    /// Asks for a code.
    pub fn challenge(self, mailbox: String, challenge: Challenge) -> Challenged {
        Challenged { context: self.context(mailbox), challenge, requested: None }
    }

    /// Begins to set up the first method, with this step; `kinds` can be set up.
    pub fn enrol(self, mailbox: String, begun: SettingUp, kinds: Vec<MethodKind>) -> Enrolling {
        Enrolling { context: self.context(mailbox), enrolment: Enrolment::new(begun, kinds) }
    }

    /// No code can be entered. Returns the webmail's session, which is no longer needed.
    pub fn blocked(mut self, mailbox: String, why: BlockedReason) -> (Blocked, UpstreamSession) {
        let upstream = std::mem::take(&mut self.upstream);
        (Blocked { context: self.context(mailbox), why, requested: None }, upstream)
    }

    /// Releases the session: no second factor is required.
    pub fn release(self, mailbox: String, standing: String, now: Moment) -> Released {
        Released::new(self.context(mailbox), standing, None, now)
    }
}

/// A state that asks for a code.
pub struct Challenged {
    /// The data of every state.
    pub context: SessionContext,
    /// The pending challenge.
    pub challenge: Challenge,
    /// The request to the administrator of a user who has lost every factor.
    pub requested: Option<Requested>,
}

impl Challenged {
    /// The code was accepted.
    pub fn release(self, standing: String, proof: Option<Secret>, now: Moment) -> Released {
        Released::new(self.context, standing, proof, now)
    }

    /// No code is checked for now. As in [`PasswordAccepted::blocked`].
    pub fn blocked(mut self, why: BlockedReason) -> (Blocked, UpstreamSession) {
        let upstream = std::mem::take(&mut self.context.upstream);
        (Blocked { context: self.context, why, requested: self.requested }, upstream)
    }
}

/// The password was accepted, and no code can be entered: only a request to the administrator is possible. No
/// transition leads from here to the mailbox, and the webmail's session has been removed.
pub struct Blocked {
    /// The data of every state. The mailbox is the one to which the daemon maps both the typed name and the displayed
    /// one.
    pub context: SessionContext,
    /// The reason.
    pub why: BlockedReason,
    /// The request to the administrator.
    pub requested: Option<Requested>,
}

/// The first method is being set up.
pub struct Enrolling {
    /// The data of every state.
    pub context: SessionContext,
    /// The progress of the set-up.
    pub enrolment: Enrolment,
}

impl Enrolling {
    /// The code was accepted: backup codes are shown first, if there are any.
    pub fn confirm(self, standing: String, proof: Option<Secret>, codes: Vec<Secret>, now: Moment) -> State {
        let released = Released::new(self.context, standing, proof, now);
        if codes.is_empty() { State::Released(released) } else { State::SavingCodes(SavingCodes { released, codes }) }
    }
}

/// The factor is confirmed; the backup codes are shown, and there is no access to the webmail yet.
pub struct SavingCodes {
    /// The following state.
    released: Released,
    /// The backup codes.
    pub codes: Vec<Secret>,
}

impl SavingCodes {
    /// The user confirms that the codes are saved.
    pub fn release(self, now: Moment) -> Released {
        self.released.opened_at(now)
    }
}

/// A session.
pub enum State {
    /// See [`Enrolling`].
    Enrolling(Enrolling),
    /// See [`Challenged`].
    Challenged(Challenged),
    /// See [`Blocked`].
    Blocked(Blocked),
    /// See [`SavingCodes`].
    SavingCodes(SavingCodes),
    /// See [`Released`].
    Released(Released),
}

impl State {
    /// The name of the state.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Enrolling(_) => Stage::Enrolling,
            Self::Challenged(_) => Stage::Challenged,
            Self::Blocked(_) => Stage::Blocked,
            Self::SavingCodes(_) => Stage::SavingCodes,
            Self::Released(_) => Stage::Released,
        }
    }

    /// The pending challenge, if there is one.
    pub fn challenge(&mut self) -> Option<&mut Challenge> {
        match self {
            Self::Challenged(state) => Some(&mut state.challenge),
            Self::Released(state) => state.pending_action_mut()?.challenge(),
            Self::Enrolling(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// The request to the administrator, if one can be made.
    pub fn request(&mut self) -> Option<&mut Option<Requested>> {
        match self {
            Self::Challenged(state) => Some(&mut state.requested),
            Self::Blocked(state) => Some(&mut state.requested),
            Self::Enrolling(_) | Self::SavingCodes(_) | Self::Released(_) => None,
        }
    }

    /// The set-up in progress, if there is one.
    pub fn enrolment(&mut self) -> Option<&mut Enrolment> {
        match self {
            Self::Enrolling(state) => Some(&mut state.enrolment),
            Self::Released(state) => state.pending_action_mut()?.enrolment(),
            Self::Challenged(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// The proof for setting up further methods.
    pub fn proof(&self) -> Option<&Secret> {
        match self {
            Self::Released(state) => state.proof.as_ref(),
            Self::Enrolling(_) | Self::Challenged(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// The data of every state.
    pub fn context(&self) -> &SessionContext {
        match self {
            Self::Enrolling(state) => &state.context,
            Self::Challenged(state) => &state.context,
            Self::Blocked(state) => &state.context,
            Self::SavingCodes(state) => &state.released.context,
            Self::Released(state) => &state.context,
        }
    }

    /// The daemon's standing for the session, in the states that a verdict has admitted.
    pub fn standing(&self) -> Option<&str> {
        match self {
            Self::Enrolling(_) | Self::Challenged(_) | Self::Blocked(_) => None,
            Self::SavingCodes(state) => Some(&state.released.standing),
            Self::Released(state) => Some(&state.standing),
        }
    }
}
