//! The answer to a login form, and what it means to the script that may have sent it.

use crate::context::RequestContext;
use crate::pages::Pages;
use crate::products::product::{Outcome, Product};
use crate::session::token::Key;
use crate::verdict::Denial;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use postern_http::body::{self, Body};

/// What a login has led to.
pub(crate) struct LoginAnswer {
    /// For a script.
    pub(crate) outcome: Outcome,
    /// For a browser.
    pub(crate) response: Response<Body>,
    /// The session that has begun.
    pub(crate) begun: Option<Key>,
}

impl LoginAnswer {
    /// No session has begun.
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

    /// It was no login form.
    pub(crate) fn not_a_login(pages: &Pages, cx: &RequestContext) -> Self {
        Self::without_session(Outcome::NotALogin, pages.bad_request(cx))
    }

    /// As this product's login page understands it: where a script has sent the form, in the words that it knows. The
    /// session's cookie stays.
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
