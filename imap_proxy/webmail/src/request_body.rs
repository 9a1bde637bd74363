//! The bodies of requests that are answered here.

use super::form::{Form, Format, MAX_FORM};
use http::header::{CONTENT_TYPE, EXPECT, HeaderValue};
use http::{HeaderMap, Request};
use hyper::body::{Body as _, Incoming};
use postern_http::body;
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroize;

/// How long a browser may take to send a form.
const FORM_WAIT: Duration = Duration::from_secs(15);
/// How long an answer waits for the rest of a body that is not wanted.
const REST_WAIT: Duration = Duration::from_secs(1);

/// Reads the form that a request brings; none when it is not one, is too long, or takes too long.
pub(crate) async fn read_form(format: Format, request: &mut Request<Incoming>) -> Option<Form> {
    if !is_of_type(request.headers(), &format.content_type()) {
        return None;
    }
    // Refused before the client is told to send it.
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

/// Reads what is left of a body that is not wanted, if that is little: a client that is still sending it when the answer
/// is complete may lose the answer (RFC 9113, section 8.1; RFC 9112, section 9.6). A client that waits to be told to send
/// it (`Expect: 100-continue`) is not told: reading would do that.
pub(crate) async fn drain_body(asked: &HeaderMap, rest: &mut Incoming) {
    if !rest.is_end_stream() && !asked.contains_key(EXPECT) {
        drop(timeout(REST_WAIT, body::collect(rest, MAX_FORM)).await);
    }
}

/// The same, of a request that is answered.
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
