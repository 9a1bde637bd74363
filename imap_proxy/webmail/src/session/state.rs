//! Sessions: what each state holds, and what leads from one to the next. A state is consumed by its transition, so
//! nothing can be done in it twice.
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
use super::released::Released;
use super::stage::{BlockedReason, Stage};
use postern_portal::{self as portal, MethodKind, Requested};
use postern_wire::Secret;

/// The webmail has accepted the password; the daemon has not been asked. It is in no store, and no cookie leads to it.
pub struct PasswordAccepted {
    /// The webmail's session.
    pub upstream: UpstreamSession,
    /// The password.
    pub fingerprint: PasswordFingerprint,
    /// Who signs in.
    pub client: Client,
    /// As in [`SessionContext`].
    pub browser: Option<Secret>,
}

impl PasswordAccepted {
    fn context(self, mailbox: String) -> SessionContext {
        SessionContext {
            mailbox,
            upstream: self.upstream,
            fingerprint: self.fingerprint,
            client: self.client,
            browser: self.browser,
        }
    }

    /// A code is asked for.
    pub fn challenge(self, mailbox: String, challenge: Challenge) -> Challenged {
        Challenged { context: self.context(mailbox), challenge, requested: None }
    }

    /// The first method is set up, which has begun with this; `kinds` is what can be set up.
    pub fn enrol(self, mailbox: String, begun: SettingUp, kinds: Vec<MethodKind>) -> Enrolling {
        Enrolling { context: self.context(mailbox), enrolment: Enrolment::new(begun, kinds) }
    }

    /// There is no code to answer with. The webmail's session, which is of no use any more, is given back.
    pub fn blocked(mut self, mailbox: String, why: BlockedReason) -> (Blocked, UpstreamSession) {
        let upstream = std::mem::take(&mut self.upstream);
        (Blocked { context: self.context(mailbox), why, requested: None }, upstream)
    }

    /// No second factor is required.
    pub fn release(self, mailbox: String, standing: String, now: Moment) -> Released {
        Released::new(self.context(mailbox), standing, None, now)
    }
}

/// A code is asked for.
pub struct Challenged {
    /// What every state holds.
    pub context: SessionContext,
    /// What is asked.
    pub challenge: Challenge,
    /// The request to the administrator of a user who has lost every factor.
    pub requested: Option<Requested>,
}

impl Challenged {
    /// The code was accepted.
    pub fn release(self, standing: String, proof: Option<Secret>, now: Moment) -> Released {
        Released::new(self.context, standing, proof, now)
    }

    /// No code is judged for now. As in [`PasswordAccepted::blocked`].
    pub fn blocked(mut self, why: BlockedReason) -> (Blocked, UpstreamSession) {
        let upstream = std::mem::take(&mut self.context.upstream);
        (Blocked { context: self.context, why, requested: self.requested }, upstream)
    }
}

/// The password is right, and there is no code to answer with: all that is left is a request to the administrator. No
/// transition leads from here to the mailbox, and the webmail's session is gone.
pub struct Blocked {
    /// What every state holds. The mailbox is the one that the typed name and the shown one lead to, by the daemon's word.
    pub context: SessionContext,
    /// Why.
    pub why: BlockedReason,
    /// The request to the administrator.
    pub requested: Option<Requested>,
}

/// The first method is set up.
pub struct Enrolling {
    /// What every state holds.
    pub context: SessionContext,
    /// How far it is.
    pub enrolment: Enrolment,
}

impl Enrolling {
    /// The code was accepted: the codes are shown first, if there are any.
    pub fn confirm(self, standing: String, proof: Option<Secret>, codes: Vec<portal::Secret>, now: Moment) -> State {
        let released = Released::new(self.context, standing, proof, now);
        if codes.is_empty() { State::Released(released) } else { State::SavingCodes(SavingCodes { released, codes }) }
    }
}

/// The factor is confirmed; the backup codes are on the screen, and the webmail waits.
pub struct SavingCodes {
    /// What it becomes.
    released: Released,
    /// The codes.
    pub codes: Vec<portal::Secret>,
}

impl SavingCodes {
    /// The user says that the codes are saved.
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
    /// Its name.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Enrolling(_) => Stage::Enrolling,
            Self::Challenged(_) => Stage::Challenged,
            Self::Blocked(_) => Stage::Blocked,
            Self::SavingCodes(_) => Stage::SavingCodes,
            Self::Released(_) => Stage::Released,
        }
    }

    /// What is asked for, where a code is.
    pub fn challenge(&mut self) -> Option<&mut Challenge> {
        match self {
            Self::Challenged(state) => Some(&mut state.challenge),
            Self::Released(state) => state.pending_action_mut()?.challenge(),
            Self::Enrolling(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// The request to the administrator, where one can be made.
    pub fn request(&mut self) -> Option<&mut Option<Requested>> {
        match self {
            Self::Challenged(state) => Some(&mut state.requested),
            Self::Blocked(state) => Some(&mut state.requested),
            Self::Enrolling(_) | Self::SavingCodes(_) | Self::Released(_) => None,
        }
    }

    /// What is set up, where something is.
    pub fn enrolment(&mut self) -> Option<&mut Enrolment> {
        match self {
            Self::Enrolling(state) => Some(&mut state.enrolment),
            Self::Released(state) => state.pending_action_mut()?.enrolment(),
            Self::Challenged(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// On whose word further methods are set up.
    pub fn proof(&self) -> Option<&Secret> {
        match self {
            Self::Released(state) => state.proof.as_ref(),
            Self::Enrolling(_) | Self::Challenged(_) | Self::Blocked(_) | Self::SavingCodes(_) => None,
        }
    }

    /// What every state holds.
    pub fn context(&self) -> &SessionContext {
        match self {
            Self::Enrolling(state) => &state.context,
            Self::Challenged(state) => &state.context,
            Self::Blocked(state) => &state.context,
            Self::SavingCodes(state) => &state.released.context,
            Self::Released(state) => &state.context,
        }
    }

    /// What the daemon vouched for, in the states that a verdict has let in.
    pub fn standing(&self) -> Option<&str> {
        match self {
            Self::Enrolling(_) | Self::Challenged(_) | Self::Blocked(_) => None,
            Self::SavingCodes(state) => Some(&state.released.standing),
            Self::Released(state) => Some(&state.standing),
        }
    }
}
