//! A method that is set up, or a contact address: how far it is.

use jiff::Timestamp;
use postern_portal::MethodKind;
use postern_wire::Secret;

/// A method is set up, or a contact address.
pub struct Enrolment {
    /// How far it is.
    pub begun: SettingUp,
    /// What can be set up here.
    pub kinds: Vec<MethodKind>,
    /// What the administrator gave the user, once it was typed: each beginning needs it.
    pub enrolment_code: Option<Secret>,
    /// The proof that the user has brought a factor for this, where the account is protected already.
    pub proof: Option<Secret>,
    /// As typed so far, so that a wrong code does not cost it.
    pub description: String,
    /// Wrong codes so far. The daemon does not count them: a user who sees the QR code has nothing to guess.
    pub misses: u32,
}

/// How far a method is set up. What has begun has a ticket for the daemon.
#[derive(Debug, Clone)]
pub enum SettingUp {
    /// The administrator's enrolment code is asked for first.
    EnrolmentCode,
    /// An authenticator app. The secret itself is not kept here: the daemon gives it for the ticket, for each page that
    /// shows it.
    App {
        /// For the daemon.
        ticket: Secret,
    },
    /// The number or address that codes shall go to is asked for.
    To {
        /// By SMS or by e-mail.
        kind: MethodKind,
        /// As typed so far.
        typed: String,
    },
    /// A code was sent there.
    Sent {
        /// By SMS or by e-mail.
        kind: MethodKind,
        /// For the daemon.
        ticket: Secret,
        /// Where to.
        to: String,
        /// From when on another may be asked for.
        again: Timestamp,
    },
    /// A security key.
    Key {
        /// For the daemon.
        ticket: Secret,
        /// What the key makes its credential for.
        options: String,
    },
}

impl SettingUp {
    /// What is asked for before a method of this kind can begin; none: nothing.
    pub fn before(kind: MethodKind) -> Option<Self> {
        let asks = matches!(kind, MethodKind::Sms | MethodKind::Email | MethodKind::Contact);
        asks.then(|| Self::To { kind, typed: String::new() })
    }

    /// For the daemon; none where nothing has begun there.
    pub fn ticket(&self) -> Option<&Secret> {
        match self {
            Self::EnrolmentCode | Self::To { .. } => None,
            Self::App { ticket } | Self::Sent { ticket, .. } | Self::Key { ticket, .. } => Some(ticket),
        }
    }

    /// What is set up.
    pub fn kind(&self) -> MethodKind {
        match self {
            Self::EnrolmentCode | Self::App { .. } => MethodKind::Authenticator,
            Self::To { kind, .. } | Self::Sent { kind, .. } => *kind,
            Self::Key { .. } => MethodKind::Key,
        }
    }
}

/// What a user sets up who has not chosen: an authenticator app, where that is possible.
pub fn default_kind(kinds: &[MethodKind]) -> MethodKind {
    let first = MethodKind::ALL.into_iter().find(|kind| kinds.contains(kind));
    first.unwrap_or(MethodKind::Authenticator)
}

impl Enrolment {
    /// It has begun with this; `kinds` is what can be set up here.
    pub fn new(begun: SettingUp, kinds: Vec<MethodKind>) -> Self {
        Self { begun, kinds, enrolment_code: None, proof: None, description: String::new(), misses: 0 }
    }

    /// What can be set up in place of what has begun.
    pub fn others(&self) -> Vec<MethodKind> {
        self.kinds.iter().copied().filter(|kind| *kind != self.begun.kind()).collect()
    }
}
