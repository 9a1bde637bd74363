//! What a part leaves to the others: a form of one page may lead to a factor that is asked for, and that to a change.

use super::form::Form;
use super::session::pending_action::AfterProof;
use http::Response;
use postern_http::body::Body;
use postern_portal::MethodKind;
use postern_wire::Secret;
use postern_wire::security::Change;

/// What follows a form in a session.
pub(crate) enum Next {
    /// This answer.
    Answer(Response<Body>),
    /// A factor is asked for; this follows it.
    Prove(AfterProof),
    /// A factor was accepted in a session that has signed in: what it was asked for follows.
    Proven(Proven),
    /// The account is changed.
    Change(Changing),
    /// A further method is set up, or a contact address.
    Add {
        /// Which.
        kind: MethodKind,
        /// The number or address, where it was typed already.
        to: Option<String>,
        /// The daemon's word that a factor was brought for it.
        proof: Option<Secret>,
    },
}

impl From<Response<Body>> for Next {
    fn from(answer: Response<Body>) -> Self {
        Self::Answer(answer)
    }
}

/// What the daemon gives for a factor.
pub(crate) struct Proven {
    /// For rechecks.
    pub(crate) standing: String,
    /// For the change that it was asked for.
    pub(crate) proof: Option<Secret>,
    /// What the browser is known by from now on.
    pub(crate) browser: Secret,
}

/// A change that the user wants.
pub(crate) struct Changing {
    /// What is changed.
    pub(crate) change: Change,
    /// A proof for this change alone; without it the session's proof is used.
    pub(crate) proof: Option<Secret>,
    /// The form that is shown again when the change is not made.
    pub(crate) form: Form,
}
