//! The response to a login form, and the outcome for a script that may have sent it.

use crate::context::RequestContext;
use crate::pages::Pages;
use crate::session::token::Key;
use crate::verdict::Denial;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use postern_http::body::{self, Body};
use postern_products::product::{Outcome, Product};

/// The result of a login.
pub(crate) struct LoginAnswer {
    /// The outcome, for a script.
    pub(crate) outcome: Outcome,
    /// The response, for a browser.
    pub(crate) response: Response<Body>,
    /// The session that was created.
    pub(crate) begun: Option<Key>,
}

impl LoginAnswer {
    /// A result without a session.
    pub(crate) fn without_session(outcome: Outcome, response: Response<Body>) -> Self {
        Self { outcome, response, begun: None }
    }

    /// The sign-in ends, or pauses.
    pub(crate) fn denied(pages: &Pages, cx: &RequestContext, denial: &Denial) -> Self {
        let outcome = match denial {
            Denial::Unavailable => Outcome::Unavailable,
            Denial::Refused | Denial::Locked { .. } | Denial::Unusual => Outcome::Refused,
            Denial::Ended => Outcome::Wrong,
            Denial::BadRequest => Outcome::NotALogin,
        };
        Self::without_session(outcome, pages.denied(cx, denial))
    }

    /// The request was not a login form.
    pub(crate) fn not_a_login(pages: &Pages, cx: &RequestContext) -> Self {
        Self::without_session(Outcome::NotALogin, pages.bad_request(cx))
    }

    /// The response as this product's login page expects it: if a script sent the form, in the script's format. The
    /// cookie of the session is kept.
    pub(crate) fn for_product(self, product: &dyn Product) -> Response<Body> {
        let mut response = self.response;
        let Some(reply) = product.tell(self.outcome) else { return response };
        response.headers_mut().remove(LOCATION);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        *response.status_mut() = reply.status;
        response.map(|_| body::full(reply.body))
    }
}

/// Whether the login form of this product is sent by a script.
pub(crate) fn signs_in_by_script(product: &dyn Product) -> bool {
    product.tell(Outcome::Wrong).is_some()
}
