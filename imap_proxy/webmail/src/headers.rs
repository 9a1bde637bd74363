//! Which headers are forwarded, as data: a request's headers only if they are on a list, a response's unless they are.
//!
//! Hop-by-hop headers, `Host` and our own `X-Forwarded-*` headers are handled by the upstream client.

use http::Uri;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use postern_http::upstream;

/// Request headers that every webmail and mail app may send: about the content, about the requested response, and those
/// that browsers add themselves. Headers on no list are not forwarded. Servers trust harmless-looking headers as if a
/// front had set them (`X-Forwarded-User`, `X-BEResource`, `X-Original-URL`), and read `Remote_User` and `Remote.User`
/// as `Remote-User`; a deny list of such names would never be complete.
const COMMON: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "dnt",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "save-data",
    // WebSocket headers (RFC 6455, section 4.1), with `upgrade`; the upstream client forwards no other upgrade.
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "x-requested-with",
];

/// Prefixes of the headers that browsers add to a request themselves: Fetch Metadata, and User-Agent Client Hints.
const COMMON_STARTS: &[&str] = &["sec-fetch-", "sec-ch-"];

/// The headers that are forwarded with an anonymous request for a file.
const ASKED_OF_FILES: &[HeaderName] =
    &[header::ACCEPT, header::ACCEPT_ENCODING, header::IF_MODIFIED_SINCE, header::IF_NONE_MATCH, header::RANGE];

/// Headers of the webmail's responses that are not forwarded: its cookies, credentials that are meant for this front,
/// headers that could direct a browser around it or make the browser store or report what it should not, and headers
/// that identify the upstream servers.
const KEPT_BACK: &[&str] = &[
    "set-cookie",
    "set-cookie2",
    "alt-svc",
    "clear-site-data",
    "strict-transport-security",
    "public-key-pins",
    "service-worker-allowed",
    "www-authenticate",
    "authentication-info",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-support",
    "persistent-auth",
    "nel",
    "report-to",
    "reporting-endpoints",
    "server",
    "via",
    "x-powered-by",
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-beserver",
    "x-calculatedbetarget",
    "x-feserver",
    "x-accel-redirect",
    "x-sendfile",
];

/// Number of headers that this front adds to a request: the webmail's cookies, the host and the client.
const ADDED: usize = 5;

/// Maximum size of an `Accept-Language` header that is forwarded, in bytes.
const MAX_LANGUAGE: usize = 128;

/// HTTPS only, for two years.
pub(super) const HSTS: &str = "max-age=63072000";

/// Whether a client's header is forwarded; `more` are names that are allowed in addition to those that all may send.
fn passes(name: &str, more: &[&str]) -> bool {
    // CGI servers map all other characters to an underscore: `sec-ch-a_b` and `sec-ch-a.b` would be one name there.
    let is_plain = || name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    COMMON.contains(&name)
        || more.contains(&name)
        || COMMON_STARTS.iter().any(|start| name.starts_with(start)) && is_plain()
}

/// The headers of a client's request that are forwarded: those that all may send, and `more`, which the product or the
/// endpoint defines.
pub fn passed_on(asked: &HeaderMap, more: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(asked.len() + ADDED);
    for (name, value) in asked {
        if passes(name.as_str(), more) {
            headers.append(name, value.clone());
        } else {
            tracing::trace!(%name, "a request header is on no list, so it is not passed on");
        }
    }
    // Headers that `Connection` lists are removed with it.
    headers.extend(asked.get_all(header::CONNECTION).iter().map(|value| (header::CONNECTION, value.clone())));
    upstream::strip_named(&mut headers);
    headers
}

/// Removes the headers of the webmail's response that the browser must not see, and adds those that it needs.
pub fn strip_response(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| KEPT_BACK.contains(&name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
}

/// Sets the headers that a page with a login form needs, in place of the webmail's: with its `no-referrer`, Chromium
/// would send `Origin: null` with the form, which [`is_foreign`] rejects.
pub fn for_own_forms(headers: &mut HeaderMap) {
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Whether a page of another site sent this request: `origin` is ours. Browsers send at least one of the two headers
/// with a form; a client that sends neither is not a browser, and holds no cookie that an attacker could use.
pub fn is_foreign(headers: &HeaderMap, origin: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(only), None) => only.as_bytes() != origin.as_bytes(),
        (Some(_), Some(_)) => true,
        (None, _) => headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none"),
    }
}

/// Whether a browser states that this is anything but a user's navigation to a page: a script's request, a frame, an
/// image (Fetch Metadata Request Headers, W3C, 2.1 and 2.2; scripts cannot set these headers). Old browsers and other
/// clients do not send these headers.
pub fn is_no_navigation(headers: &HeaderMap) -> bool {
    let says_otherwise = |name, wanted: &str| headers.get_all(name).iter().any(|said| said != wanted);
    says_otherwise("sec-fetch-mode", "navigate") || says_otherwise("sec-fetch-dest", "document")
}

/// The headers of an anonymous request for a file.
pub fn for_file(asked: &HeaderMap) -> HeaderMap {
    let known = ASKED_OF_FILES.iter().filter_map(|name| Some((name.clone(), asked.get(name)?.clone())));
    known.collect()
}

/// The headers of an anonymous request for the login page: the requested language, if it is well-formed.
pub fn for_login(asked: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b',' | b';' | b'=' | b'.' | b'-' | b'*' | b' ');
    let language = asked.get(header::ACCEPT_LANGUAGE).filter(|value| value.len() <= MAX_LANGUAGE);
    if let Some(language) = language.filter(|value| value.as_bytes().iter().all(|byte| plain(*byte))) {
        headers.insert(header::ACCEPT_LANGUAGE, language.clone());
    }
    headers
}

/// Adds headers that a product requires for this front's own requests.
pub fn add(headers: &mut HeaderMap, more: &[(HeaderName, &'static str)]) {
    headers.extend(more.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))));
}

/// The path and query only: whatever host a request names, it is sent to the one webmail.
pub(crate) fn relative(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::allowed as endpoints;
    use postern_products::PRODUCTS;
    use postern_proxy_config::Endpoint;

    #[test]
    fn what_is_on_no_list_goes_nowhere() {
        let more = ["x-owa-canary", "action"];
        for name in [
            "authorization",
            "cookie",
            "expect",
            "host",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-user",
            "x-real-ip",
            "remote-user",
            "remote_user",
            "remote.user",
            "x_forwarded_for",
            "accept_language",
            "content.type",
            "user-agent~",
            "x-beresource",
            "x-anonresource-backend",
            "x-anchormailbox",
            "x-clientproxysomething",
            "x-commonaccesstoken",
            "x-owa-explicitlogonuser",
            "x-owa-proxyuri",
            "x-rewrite-url",
            "x-http-method-override",
            "proxy",
            "sec-fetch",
            "sec-other",
        ] {
            assert!(!passes(name, &more), "{name}");
        }
        for name in
            ["accept", "content-type", "range", "origin", "sec-fetch-site", "sec-ch-ua", "x-owa-canary", "action"]
        {
            assert!(passes(name, &more), "{name}");
        }
        assert!(!passes("x-owa-canary", &[]));
    }

    #[test]
    fn every_name_on_a_list_is_one_that_all_servers_read_alike() {
        let of_products = PRODUCTS.iter().flat_map(|(_, product)| product.request_headers());
        let of_endpoints = Endpoint::ALL.into_iter().flat_map(endpoints::request_headers);
        for name in COMMON.iter().chain(COMMON_STARTS).chain(of_products).chain(of_endpoints) {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
        }
        for start in COMMON_STARTS {
            assert!(passes(&format!("{start}x-1"), &[]), "{start}");
            for other in ["a_b", "a.b", "a!b", "a~"] {
                assert!(!passes(&format!("{start}{other}"), &[]), "{start}{other}");
            }
        }
    }

    #[test]
    fn a_form_comes_from_our_own_pages() {
        let foreign = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, HeaderValue::from_static(value));
            }
            is_foreign(&headers, "https://mail.example")
        };
        assert!(!foreign(&[]));
        assert!(!foreign(&[("origin", "https://mail.example")]));
        assert!(!foreign(&[("sec-fetch-site", "same-origin")]));
        for origin in ["null", "https://evil.example", "https://mail.example.evil", "http://mail.example", ""] {
            assert!(foreign(&[("origin", origin)]), "{origin}");
            assert!(foreign(&[("origin", "https://mail.example"), ("origin", origin)]), "{origin}");
        }
        assert!(foreign(&[("sec-fetch-site", "cross-site")]));
        assert!(foreign(&[("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn a_page_is_gone_to_by_a_person() {
        let refused = |said: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in said {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            is_no_navigation(&headers)
        };
        let (mode, dest) = ("sec-fetch-mode", "sec-fetch-dest");
        assert!(!refused(&[]) && !refused(&[(mode, "navigate"), (dest, "document")]));
        for other in ["cors", "no-cors", "same-origin", "websocket", "nested-navigate", ""] {
            assert!(refused(&[(mode, other), (dest, "document")]) && refused(&[(mode, other)]), "{other}");
            assert!(refused(&[(mode, "navigate"), (mode, other)]), "{other}");
        }
        for other in ["empty", "iframe", "frame", "embed", "object", "image", "script", "serviceworker", ""] {
            assert!(refused(&[(mode, "navigate"), (dest, other)]) && refused(&[(dest, other)]), "{other}");
        }
    }

    #[test]
    fn a_doubled_header_goes_whole() {
        let mut headers = HeaderMap::new();
        headers.append("x-real-ip", HeaderValue::from_static("1"));
        headers.append("x-real-ip", HeaderValue::from_static("2"));
        headers.append("accept", HeaderValue::from_static("*/*"));
        headers.append("connection", HeaderValue::from_static("accept-language"));
        headers.append("accept-language", HeaderValue::from_static("fr"));
        let passed = passed_on(&headers, &[]);
        assert_eq!(passed.keys().collect::<Vec<_>>(), ["accept"]);
    }

    #[test]
    fn cookies_and_ways_around_stay_here() {
        let mut headers = HeaderMap::new();
        for name in
            ["set-cookie", "alt-svc", "server", "content-type", "proxy-authenticate", "authentication-info", "nel"]
        {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        strip_response(&mut headers);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "strict-transport-security"]);
    }

    #[test]
    fn a_language_is_passed_on_only_if_it_reads_like_one() {
        let asked = |language: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(language).unwrap());
            for_login(&headers).contains_key(header::ACCEPT_LANGUAGE)
        };
        assert!(asked("fr-CA,fr;q=0.9, en;q=0.5, *;q=0.1"));
        assert!(!asked("fr<script>"));
        assert!(!asked(&"f".repeat(MAX_LANGUAGE + 1)));
    }
}
