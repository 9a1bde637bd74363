//! Which headers pass, as data.
//!
//! Hop-by-hop headers, `Host` and the `X-Forwarded-*` of our own are the upstream client's part.

use crate::upstream;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Request headers that a client could use to speak over our head: to say who it is, where it comes from, what it
/// asks for, or with which credentials. Those with an underscore are stripped besides, since servers that know
/// variables only (CGI) read `Remote_User` as `Remote-User`.
const STRIPPED: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "proxy",
    "cookie",
    "cookie2",
    "forwarded",
    "via",
    "true-client-ip",
    "client-ip",
    "cf-connecting-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
    "x-originating-ip",
    "x-remote-ip",
    "x-remote-addr",
    "x-original-host",
    "x-host",
    "front-end-https",
    "x-owa-explicitlogonuser",
    "x-owa-proxyuri",
    "x-commonaccesstoken",
    "msexchlogonaccount",
    "msexchlogonmailbox",
    "msexchtargetmailbox",
    "x-rewrite-url",
    "x-original-url",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-accel-redirect",
    "x-sendfile",
    "max-forwards",
];

/// The same, by how they begin.
const STRIPPED_STARTS: &[&str] = &[
    "x-forwarded",
    "x-remote-user",
    "remote-",
    "x-auth-",
    "x-authenticated",
    "x-webauth",
    // SOGo is told by these who has signed in elsewhere, and what it is called.
    "x-webobjects-",
    "x-user",
    "x-ms-client-principal",
    "x-iisnode",
    "x-arr-",
    "x-postern",
    "ssl-",
    "x-ssl-",
    "x-client-cert",
    "x-middleware-",
];

/// What an anonymous request for a file may say.
const ASKED_OF_FILES: &[HeaderName] =
    &[header::ACCEPT, header::ACCEPT_ENCODING, header::IF_MODIFIED_SINCE, header::IF_NONE_MATCH, header::RANGE];

/// Headers of the webmail's answers that stay here: its cookies, and whatever would lead a browser around this front
/// or make it keep what it should not.
const KEPT_BACK: &[&str] = &[
    "set-cookie",
    "set-cookie2",
    "alt-svc",
    "clear-site-data",
    "strict-transport-security",
    "public-key-pins",
    "service-worker-allowed",
    "www-authenticate",
    "proxy-authenticate",
    "server",
    "x-powered-by",
    "x-accel-redirect",
    "x-sendfile",
];

/// Headers that this front adds to a request: the webmail's cookies, the host and who asks.
const ADDED: usize = 5;

/// Bytes that an `Accept-Language` may have to be passed on.
const MAX_LANGUAGE: usize = 128;

/// HTTPS only, for two years.
pub(super) const HSTS: &str = "max-age=63072000";

/// Whether a client's header stays here.
pub fn is_stripped(name: &str) -> bool {
    name.contains('_') || STRIPPED.contains(&name) || STRIPPED_STARTS.iter().any(|start| name.starts_with(start))
}

/// The headers of a released session's request, without what the client may not say.
pub fn for_session(asked: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(asked.len() + ADDED);
    for (name, value) in asked.iter().filter(|(name, _)| !is_stripped(name.as_str())) {
        headers.append(name, value.clone());
    }
    upstream::strip_named(&mut headers);
    headers
}

/// Takes out of the webmail's answer what the browser may not see, and adds what it must.
pub fn strip_response(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|name| KEPT_BACK.contains(&name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
}

/// What a page with a login form needs, in place of what the webmail says: with its `no-referrer`, Chromium would send
/// `Origin: null` with the form, which [`is_foreign`].
pub fn for_own_forms(headers: &mut HeaderMap) {
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Whether another site's page has sent this: `origin` is ours. Browsers send at least one of the two headers with a
/// form; what sends neither is no browser, and holds no cookie that somebody else could make use of.
pub fn is_foreign(headers: &HeaderMap, origin: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(only), None) => only.as_bytes() != origin.as_bytes(),
        (Some(_), Some(_)) => true,
        (None, _) => headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none"),
    }
}

/// The headers of an anonymous request for a file.
pub fn for_file(asked: &HeaderMap) -> HeaderMap {
    let known = ASKED_OF_FILES.iter().filter_map(|name| Some((name.clone(), asked.get(name)?.clone())));
    known.collect()
}

/// The headers of an anonymous request for the login page: the wished language, if it reads like one.
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

/// Adds headers that a product wants with this front's own requests.
pub fn add(headers: &mut HeaderMap, more: &[(HeaderName, &'static str)]) {
    headers.extend(more.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_doors() {
        for name in [
            "Authorization",
            "Cookie",
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-User",
            "X-Real-IP",
            "Remote-User",
            "Remote_User",
            "X-Remote-User",
            "X-OWA-ExplicitLogonUser",
            "X-Rewrite-URL",
            "X-Original-URL",
            "X-HTTP-Method-Override",
            "X_Forwarded_For",
            "Proxy",
        ] {
            assert!(is_stripped(&name.to_ascii_lowercase()), "{name}");
        }
        for name in ["accept", "content-type", "x-requested-with", "x-roundcube-request", "range", "origin", "referer"]
        {
            assert!(!is_stripped(name), "{name}");
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
    fn a_doubled_header_goes_whole() {
        let mut headers = HeaderMap::new();
        headers.append("x-real-ip", HeaderValue::from_static("1"));
        headers.append("x-real-ip", HeaderValue::from_static("2"));
        headers.append("accept", HeaderValue::from_static("*/*"));
        assert_eq!(for_session(&headers).len(), 1);
    }

    #[test]
    fn cookies_and_ways_around_stay_here() {
        let mut headers = HeaderMap::new();
        for name in ["set-cookie", "alt-svc", "server", "content-type"] {
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
