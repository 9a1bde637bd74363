//! Which headers and cookies of a client are forwarded at an endpoint, as data.

use http::{HeaderMap, HeaderValue};
use postern_products::jar::sole;
use postern_proxy_config::Endpoint;

/// Cookies that are forwarded at endpoints: MAPI over HTTP uses them to keep the state of its session (MS-OXCMAPIHTTP
/// 2.2.3.2). The mail server authenticates every request.
const COOKIES: &[(Endpoint, &[&str])] = &[(Endpoint::Mapi, &["MapiContext", "MapiSequence", "MapiRouting"])];
/// Maximum number of characters of such a cookie's value.
const MAX_COOKIE: usize = 512;

/// Names of request headers that mail apps send to the endpoint, in addition to those that all may send (see
/// [`crate::headers`]).
pub(crate) fn request_headers(endpoint: Endpoint) -> &'static [&'static str] {
    match endpoint {
        Endpoint::Ews => &["client-request-id", "return-client-request-id", "soapaction"],
        // MS-ASHTTP 2.2.1.1.2
        Endpoint::ActiveSync => {
            &["client-request-id", "ms-asacceptmultipart", "ms-asprotocolversion", "x-ms-policykey"]
        }
        // MS-OXCMAPIHTTP 2.2.3.3
        Endpoint::Mapi => &["client-request-id", "x-clientapplication", "x-clientinfo", "x-requestid", "x-requesttype"],
        // MS-OXDSCLI 2.2.2, MS-OXWSADISC
        Endpoint::Autodiscover => &[
            "client-request-id",
            "return-client-request-id",
            "soapaction",
            "x-clientcanhandle",
            "x-mapihttpcapability",
        ],
        Endpoint::PowerShell => &["soapaction", "wsmanidentify"],
        Endpoint::Api => &["client-request-id", "prefer", "return-client-request-id"],
        // RFC 4918 section 10, RFC 6638 section 8, RFC 7240, RFC 8144
        Endpoint::Dav => &[
            "brief",
            "depth",
            "destination",
            "if",
            "if-schedule-tag-match",
            "lock-token",
            "overwrite",
            "prefer",
            "schedule-reply",
            "timeout",
        ],
        Endpoint::Oab | Endpoint::Rpc => &[],
    }
}

/// The names of cookies that are forwarded.
pub(super) fn known_cookies(endpoint: Endpoint) -> &'static [&'static str] {
    COOKIES.iter().find(|(known, _)| *known == endpoint).map_or(&[], |(_, names)| names)
}

/// The cookies of a request that are forwarded, as one header.
pub(super) fn cookies(endpoint: Endpoint, asked: &HeaderMap) -> Option<HeaderValue> {
    let is_plain = |value: &str| value.len() <= MAX_COOKIE && value.bytes().all(|byte| byte.is_ascii_graphic());
    let known = known_cookies(endpoint).iter().filter_map(|name| Some((*name, sole(asked, name)?)));
    let pairs: Vec<String> =
        known.filter(|(_, value)| is_plain(value)).map(|(name, value)| format!("{name}={value}")).collect();
    HeaderValue::try_from(pairs.join("; ")).ok().filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::COOKIE;

    #[test]
    fn only_the_cookies_that_an_endpoint_needs_pass() {
        let mut asked = HeaderMap::new();
        for line in ["cadata=x; MapiContext=a+b/c=; MapiSequence=7", "MapiRouting=x y; X-BackEndCookie=z"] {
            asked.append(COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(cookies(Endpoint::Mapi, &asked).unwrap(), "MapiContext=a+b/c=; MapiSequence=7");
        for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != Endpoint::Mapi) {
            assert!(cookies(endpoint, &asked).is_none(), "{endpoint:?}");
        }
    }
}
