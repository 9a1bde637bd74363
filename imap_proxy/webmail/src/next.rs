//! What one part leaves to the others: a form may require a factor first, and the factor may lead to a change.

use super::session::pending_action::AfterProof;
use http::Response;
use postern_http::body::Body;
use postern_portal::MethodKind;
use postern_products::form::Form;
use postern_wire::Secret;
use postern_wire::security::Change;

/// What follows a form in a session.
pub(crate) enum Next {
    /// This response.
    Answer(Response<Body>),
    /// Ask for a factor; this follows it.
    Prove(AfterProof),
    /// A factor was accepted in a signed-in session: continue with what it was asked for.
    Proven(Proven),
    /// Change the account.
    Change(Changing),
    /// Set up a further method or a contact address.
    Add {
        /// The kind.
        kind: MethodKind,
        /// The number or address, if it was typed already.
        to: Option<String>,
        /// The daemon's proof that a factor was accepted for it.
        proof: Option<Secret>,
    },
}

impl From<Response<Body>> for Next {
    fn from(answer: Response<Body>) -> Self {
        Self::Answer(answer)
    }
}

/// What the daemon returns for an accepted factor.
pub(crate) struct Proven {
    /// For rechecks.
    pub(crate) standing: String,
    /// For the change that it was asked for.
    pub(crate) proof: Option<Secret>,
    /// The token by which the browser is recognised from now on.
    pub(crate) browser: Secret,
}

/// A change that the user requests.
pub(crate) struct Changing {
    /// The change.
    pub(crate) change: Change,
    /// A proof for this change only; without it the session's proof is used.
    pub(crate) proof: Option<Secret>,
    /// The form that is shown again if the change is not made.
    pub(crate) form: Form,
}
