//! What the tests of products share: a request as a browser sends it, and cookies as a webmail sets them.

use crate::jar::{Cookie, set_cookies};
use crate::path;
use crate::product::{Head, Kind, Product};
use http::header::{HeaderName, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;

/// When the answers were captured.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);

/// These headers, in this order.
pub(crate) fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The cookies of these `Set-Cookie` lines.
pub(crate) fn set(lines: &[&str]) -> Vec<Cookie> {
    set_cookies(&headers(&lines.iter().map(|line| (SET_COOKIE, *line)).collect::<Vec<_>>()), NOW)
}

/// What a request to the webmail is, with these headers.
pub(crate) fn kind_of(product: &dyn Product, method: &Method, target: &str, sent: &[(&'static str, &str)]) -> Kind {
    let sent = sent.iter().map(|(name, value)| (HeaderName::from_static(name), *value)).collect::<Vec<_>>();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path::parse(path.as_bytes()).unwrap_or_else(|odd| panic!("{target}: {odd:?}"));
    product.kind(&Head { method, path: &path, query, headers: &headers(&sent) })
}
