//! The page that a user wanted to open before signing in: a link to a message, or to a mail to be written. It is kept
//! during the sign-in, and then opened if it is a page of this webmail that a link may open. Pure.

use super::classify::{Class, classify};
use http::{HeaderMap, Method};
use postern_portal::paths;
use postern_products::path;
use postern_products::product::{Head, Product, local_target};

/// Maximum size of such an address, in bytes. A longer one is discarded.
pub const MAX_DESTINATION: usize = 2048;

/// The address that a request without a session is for; none if it is not a user who follows a link. `origin` is ours.
pub fn wanted(product: &dyn Product, origin: &str, head: &Head<'_>, target: &str) -> Option<String> {
    if *head.method != Method::GET || !is_of_document(head.headers) {
        return None;
    }
    match product.carried(head) {
        Some(carried) => allowed(product, carried.strip_prefix(origin).unwrap_or(&carried)),
        None => allowed(product, target),
    }
}

/// Returns the address if a user may be redirected there after signing in: path and query of a page of this host, which
/// no server or browser interprets as a URL of another host, and which only displays something.
pub fn allowed(product: &dyn Product, target: &str) -> Option<String> {
    let target = local_target(target).filter(|target| target.len() <= MAX_DESTINATION && !target.contains('#'))?;
    if target == paths::SECURITY {
        return Some(target);
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (method, headers) = (Method::GET, HeaderMap::new());
    let is_webmail = matches!(classify(product, &method, path.as_bytes(), query, &headers).class, Class::Webmail(_));
    let parsed = path::parse(path.as_bytes()).ok()?;
    let head = Head { method: &method, path: &parsed, query, headers: &headers };
    (is_webmail && product.is_destination(&head)).then_some(target)
}

/// Whether the request is for a page in a tab. Also true for browsers that do not send Fetch Metadata headers.
pub fn is_of_document(headers: &HeaderMap) -> bool {
    let is = |name, wanted: &str| headers.get_all(name).iter().all(|value| value == wanted);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_products::PRODUCTS;
    use proptest::prelude::*;

    const ORIGIN: &str = "https://mail.example.com";

    fn product(name: &str) -> &'static dyn Product {
        postern_products::named(PRODUCTS, name).unwrap()
    }

    fn asked(name: &str, target: &str, headers: &[(&'static str, &str)]) -> Option<String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path::parse(path.as_bytes()).ok()?;
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let head = Head { method: &Method::GET, path: &path, query, headers: &map };
        wanted(product(name), ORIGIN, &head, target)
    }

    #[test]
    fn links_to_pages_of_the_webmail_are_kept() {
        let (roundcube, snappymail, sogo, owa) = ("roundcube", "snappymail", "sogo", "owa");
        for (product, target) in [
            (roundcube, "/?_task=mail&_action=compose&_to=bob%40example.com&_subject=Hello%20there"),
            (roundcube, "/?_task=mail&_mbox=INBOX&_uid=5&_action=show"),
            (roundcube, "/?_task=settings"),
            (snappymail, "/?mailto&to=mailto%3Abob%40example.com"),
            (snappymail, "/?/Mailto/&to=bob%40example.com"),
            (sogo, "/SOGo/so/alice/Mail/view"),
            (sogo, "/SOGo/so/alice/Calendar/view"),
            (sogo, "/SOGo/so/alice/Mail/0/folderINBOX/5/popupview"),
            (sogo, "/SOGo/so/alice/Mail/compose?mailto=mailto%3Abob%40example.com"),
            (owa, "/owa/?ItemID=AAMkAD%2Bx%3D&exvsurl=1&viewmodel=ReadMessageItem"),
            (owa, "/owa/?path=/mail/action/compose&to=bob@example.com"),
            (roundcube, "/postern/security"),
        ] {
            assert_eq!(asked(product, target, &[]).as_deref(), Some(target), "{target}");
            let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
            assert_eq!(asked(product, target, &navigation).as_deref(), Some(target), "{target}");
            for (name, other) in
                [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "iframe"), ("sec-fetch-dest", "image")]
            {
                assert_eq!(asked(product, target, &[(name, other)]), None, "{target} {other}");
            }
        }
    }

    #[test]
    fn names_that_php_reads_as_others_lead_nowhere() {
        for query in [
            "_task=mail&.task=logout",
            "_task=mail&_task=settings",
            "_task=mail&_action=show&_action=send",
            "_task=mail&_task[=settings",
            "_task=mail&%20action=send",
        ] {
            assert_eq!(asked("roundcube", &format!("/?{query}"), &[]), None, "{query}");
        }
    }

    #[test]
    fn exchange_carries_the_address_in_its_login_page() {
        let page = |url: &str| format!("/owa/auth/logon.aspx?replaceCurrent=1&url={url}&reason=0");
        let asked = |url: &str| asked("owa", &page(url), &[]);
        let wanted = "/owa/?ItemID=AAMk&exvsurl=1";
        for url in [
            "https%3a%2f%2fmail.example.com%2fowa%2f%3fItemID%3dAAMk%26exvsurl%3d1",
            "%2fowa%2f%3fItemID%3dAAMk%26exvsurl%3d1",
        ] {
            assert_eq!(asked(url).as_deref(), Some(wanted), "{url}");
        }
        for elsewhere in [
            "https%3a%2f%2fevil.example%2fowa%2f%3fItemID%3dAAMk",
            "https%3a%2f%2fmail.example.com.evil.example%2fowa%2f%3fItemID%3dAAMk",
            "https%3a%2f%2fmail.example.com%40evil.example%2fowa%2f%3fItemID%3dAAMk",
            "%2f%2fevil.example%2fowa%2f%3fItemID%3dAAMk",
            "%2f%5cevil.example%2fowa%2f%3fItemID%3dAAMk",
            "javascript%3aalert(1)",
            "%2fowa%2flogoff.owa",
            "%2fowa%2fauth%2flogon.aspx%3freason%3d2",
        ] {
            assert_eq!(asked(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn nobody_is_sent_elsewhere_and_nothing_is_done() {
        let long = format!("/?_task=mail&_to={}", "x".repeat(MAX_DESTINATION));
        for target in [
            "",
            "?_task=mail",
            "//evil.example/?_task=mail",
            "/\\evil.example/?_task=mail",
            "/%5cevil.example/?_task=mail",
            "/%2fevil.example/?_task=mail",
            "/.//evil.example?_task=mail",
            "https://evil.example/?_task=mail",
            "https:/?_task=mail",
            "/?_task=mail\r\nSet-Cookie: a=b",
            "/?_task=mail\t",
            "/?_task=mail#//evil.example",
            "/?_task=mäil",
            "/?_task=logout",
            "/?_task=login",
            "/?_task=login&_action=login",
            "/?_task=mail&_task=logout",
            "/?_task=mail&_action=a/b",
            "/?_task=utils&_action=html2text",
            "/index.php/x?_task=mail",
            "/?_task=mail&_framed=1",
            "/postern/code",
            "/postern/cancel",
            "/postern/security/change?change=make-codes",
            "/POSTERN/security",
            "/SOGo/so/alice/logoff",
            "/SOGo/connect",
            "/SOGo/so/alice/Mail/0/folderINBOX/5/markMessageUnread",
            "/SOGo/so/alice/Mail/1/view",
            "/SOGo/dav/alice/view",
            "/owa/logoff.owa",
            "/owa/?cmd=logoff",
            "/owa/auth/logon.aspx?reason=2",
            "/owa/eve@example.com/?ItemID=A",
            "/ews/exchange.asmx",
            "/?/Json/&q[]=/0/",
            "/?/Raw/0/View/x",
            "/?admin",
            long.as_str(),
        ] {
            for (name, product) in PRODUCTS {
                assert_eq!(allowed(*product, target), None, "{name} {target}");
            }
        }
    }

    proptest! {
        /// Whatever the target is, a browser on this host stays on this host.
        #[test]
        fn what_is_allowed_is_of_this_host(target in "(/|//|/\\\\|https:|\\PC)?[ -~]{0,40}") {
            for (_, product) in PRODUCTS {
                if let Some(allowed) = allowed(*product, &target) {
                    let uri: http::Uri = allowed.parse().unwrap();
                    prop_assert!(uri.authority().is_none() && allowed.starts_with('/'));
                    prop_assert!(!allowed[1..].starts_with(['/', '\\']));
                }
            }
        }
    }
}
