//! The bodies of requests that are answered here.

use http::header::{CONTENT_TYPE, EXPECT, HeaderValue};
use http::{HeaderMap, Request};
use hyper::body::{Body as _, Incoming};
use postern_http::body;
use postern_products::form::{Form, Format, MAX_FORM};
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroize;

/// How long a client may take to send a form.
const FORM_WAIT: Duration = Duration::from_secs(15);
/// How long a response is delayed for the rest of an unneeded body.
const REST_WAIT: Duration = Duration::from_secs(1);

/// Reads and parses the form of a request; none if it is not a form, is too long, or takes too long.
pub(crate) async fn read_form(format: Format, request: &mut Request<Incoming>) -> Option<Form> {
    if !is_of_type(request.headers(), &format.content_type()) {
        return None;
    }
    // Rejected before the client receives `100 Continue` and sends the body.
    if request.body().size_hint().lower() > MAX_FORM as u64 {
        return None;
    }
    let bytes = timeout(FORM_WAIT, body::collect(request.body_mut(), MAX_FORM)).await.ok()?.ok()?;
    let form = format.read(&bytes).ok();
    if let Ok(mut bytes) = bytes.try_into_mut() {
        bytes.zeroize();
    }
    form
}

/// Reads the rest of an unneeded body, if it is short: a client that is still sending it when the response is complete
/// may lose the response (RFC 9113, section 8.1; RFC 9112, section 9.6). If the client waits for `100 Continue`
/// (`Expect: 100-continue`), the body is not read, since reading would send that.
pub(crate) async fn drain_body(asked: &HeaderMap, rest: &mut Incoming) {
    if !rest.is_end_stream() && !asked.contains_key(EXPECT) {
        drop(timeout(REST_WAIT, body::collect(rest, MAX_FORM)).await);
    }
}

/// The same, for a request that is answered.
pub(crate) async fn discard(request: Request<Incoming>) {
    let (asked, mut rest) = request.into_parts();
    drain_body(&asked.headers, &mut rest).await;
}

fn is_of_type(headers: &HeaderMap, wanted: &HeaderValue) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let essence = only.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
}
