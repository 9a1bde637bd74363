//! Setting up a method or a contact address: its progress.

use jiff::Timestamp;
use postern_portal::MethodKind;
use postern_wire::Secret;

/// The set-up of a method or a contact address.
pub struct Enrolment {
    /// The current step.
    pub begun: SettingUp,
    /// The kinds that can be set up.
    pub kinds: Vec<MethodKind>,
    /// The enrolment code of the administrator, once it was typed: every new attempt needs it.
    pub enrolment_code: Option<Secret>,
    /// The proof that a factor was accepted for this, if the account is protected already.
    pub proof: Option<Secret>,
    /// The description typed so far, so that it is not lost with a wrong code.
    pub description: String,
    /// Number of wrong codes so far. The daemon does not count them: a user who sees the QR code has nothing to guess.
    pub misses: u32,
}

/// The step of the set-up. An enrolment that has begun has a ticket for the daemon.
#[derive(Debug, Clone)]
pub enum SettingUp {
    /// Asks for the administrator's enrolment code first.
    EnrolmentCode,
    /// An authenticator app. The secret is not stored here: the daemon returns it for the ticket, for each page that
    /// shows it.
    App {
        /// The ticket.
        ticket: Secret,
    },
    /// Asks for the number or address that codes are to be sent to.
    To {
        /// By SMS or by e-mail.
        kind: MethodKind,
        /// The number or address typed so far.
        typed: String,
    },
    /// A code was sent there.
    Sent {
        /// By SMS or by e-mail.
        kind: MethodKind,
        /// The ticket.
        ticket: Secret,
        /// The number or address.
        to: String,
        /// The time from which another code may be requested.
        again: Timestamp,
    },
    /// A security key.
    Key {
        /// The ticket.
        ticket: Secret,
        /// The options with which the key creates its credential.
        options: String,
    },
}

impl SettingUp {
    /// The step that must come before a method of this kind can begin; none: there is no such step.
    pub fn before(kind: MethodKind) -> Option<Self> {
        let asks = matches!(kind, MethodKind::Sms | MethodKind::Email | MethodKind::Contact);
        asks.then(|| Self::To { kind, typed: String::new() })
    }

    /// The ticket; none if nothing has begun at the daemon.
    pub fn ticket(&self) -> Option<&Secret> {
        match self {
            Self::EnrolmentCode | Self::To { .. } => None,
            Self::App { ticket } | Self::Sent { ticket, .. } | Self::Key { ticket, .. } => Some(ticket),
        }
    }

    /// The kind that is being set up.
    pub fn kind(&self) -> MethodKind {
        match self {
            Self::EnrolmentCode | Self::App { .. } => MethodKind::Authenticator,
            Self::To { kind, .. } | Self::Sent { kind, .. } => *kind,
            Self::Key { .. } => MethodKind::Key,
        }
    }
}

/// The kind for a user who has not chosen: an authenticator app, if that is possible.
pub fn default_kind(kinds: &[MethodKind]) -> MethodKind {
    let first = MethodKind::ALL.into_iter().find(|kind| kinds.contains(kind));
    first.unwrap_or(MethodKind::Authenticator)
}

impl Enrolment {
    /// An enrolment that has begun with this step; `kinds` can be set up here.
    pub fn new(begun: SettingUp, kinds: Vec<MethodKind>) -> Self {
        Self { begun, kinds, enrolment_code: None, proof: None, description: String::new(), misses: 0 }
    }

    /// The kinds that can be set up in place of the current one.
    pub fn others(&self) -> Vec<MethodKind> {
        self.kinds.iter().copied().filter(|kind| *kind != self.begun.kind()).collect()
    }
}
