//! Whatever is tried with paths and headers, no endpoint opens.

use super::Site;
use crate::story::visitor::{Visitor, basic};
use postern_tests::exchange_web::{ENDPOINTS, ExchangeWeb, forged};

/// Ways to write a path that some server takes for `/EWS/Exchange.asmx`, with the folder as `{}`.
const PATHS: &[&str] = &[
    "/{}",
    "/{}/",
    "/{}/Exchange.asmx",
    "/{}./Exchange.asmx",
    "/{}%20/Exchange.asmx",
    "/{} /Exchange.asmx",
    "/{}%00/Exchange.asmx",
    "/{};x/Exchange.asmx",
    "/;x/{}/Exchange.asmx",
    "/{}%3bx/Exchange.asmx",
    "/{}::$INDEX_ALLOCATION/Exchange.asmx",
    "//{}/Exchange.asmx",
    "///{}//Exchange.asmx",
    "/./{}/Exchange.asmx",
    "/%2e/{}/Exchange.asmx",
    "/owa/../{}/Exchange.asmx",
    "/owa/..;/{}/Exchange.asmx",
    "/owa/%2e%2e/{}/Exchange.asmx",
    "/owa/.%2e/{}/Exchange.asmx",
    "/owa/%252e%252e/{}/Exchange.asmx",
    "/owa/..%2f{}/Exchange.asmx",
    "/owa%2f..%2f{}/Exchange.asmx",
    "/owa/..%5c{}/Exchange.asmx",
    "/owa/..\\{}/Exchange.asmx",
    "\\{}\\Exchange.asmx",
    "/%2f{}/Exchange.asmx",
    "/owa/auth/15.2.1544/themes/resources/../../../../../{}/x.css",
    "/owa/auth/15.2.1544/themes/%2e%2e/%2e%2e/%2e%2e/%2e%2e/{}/x.css",
    "/owa/auth/logon.aspx/../../../{}/",
    "/ecp/../{}/",
    "/owa/{}/Exchange.asmx",
    "https://localhost/{}/Exchange.asmx",
    "http://127.0.0.1/owa/../{}/Exchange.asmx",
    "/{}/Exchange.asmx?x=/owa/",
    "/{}/Exchange.asmx%3f/owa/",
    "/{}/Exchange.asmx#/owa/",
];

/// Headers that some server takes for the path, the method or a name.
const HEADERS: &[&str] = &[
    "X-Rewrite-URL: /EWS/Exchange.asmx",
    "X-Original-URL: /EWS/Exchange.asmx",
    "x_rewrite_url: /EWS/Exchange.asmx",
    "X-Forwarded-Path: /EWS/Exchange.asmx",
    "X-HTTP-Method-Override: POST",
    "X-Method-Override: POST",
    "X-OWA-ExplicitLogonUser: alice@example.com",
    "X-OWA-ProxyUri: https://ex01/EWS/",
    "X-Forwarded-User: alice@example.com",
    "Remote-User: alice@example.com",
    "X-CommonAccessToken: VgEAVAdXaW5kb3dz",
    "msExchTargetMailbox: S-1-5-21-1",
    "msExchLogonMailbox: S-1-5-21-1",
];

/// The spellings of a folder's name.
fn spellings(endpoint: &str) -> Vec<String> {
    let escaped = format!("%{:02x}{}", endpoint.as_bytes()[0], &endpoint[1..]);
    vec![endpoint.to_owned(), endpoint.to_uppercase(), endpoint.to_lowercase(), escaped]
}

/// Whether Exchange could take this for one of its endpoints.
fn is_endpoint(meant: &str) -> bool {
    let folder = meant[1..].split('/').next().unwrap_or_default();
    ENDPOINTS.iter().any(|endpoint| endpoint.eq_ignore_ascii_case(folder))
}

#[test]
fn no_spelling_of_an_endpoint_reaches_it() {
    let (site, alice, bob) = Site::of_two();
    let (released, _) = super::inside(&site, &bob);
    let watch = site.watch();
    let credentials = basic("alice@example.com", &alice.password);
    for visitor in [&Visitor::new(&site), &released] {
        let cookies = format!("{}; {}", visitor.session_header(), forged("alice", &alice.password));
        let url = visitor.address("/");
        for version in ["--http1.1", "--http2"] {
            for endpoint in ENDPOINTS {
                let mut args: Vec<String> = Vec::new();
                for spelling in spellings(endpoint) {
                    // Every path for one endpoint, and the first few for the others.
                    let paths = if endpoint == "EWS" && spelling == "EWS" { PATHS } else { &PATHS[..6] };
                    for path in paths {
                        let fixed = [version, "--silent", "--globoff", "--path-as-is", "--header", &credentials];
                        args.extend(fixed.map(str::to_owned));
                        args.extend(["--header", &cookies, "--max-time", "20"].map(str::to_owned));
                        args.extend(["--cacert".to_owned(), site.certificates.ca.to_str().unwrap().to_owned()]);
                        args.extend(["--request-target".to_owned(), path.replace("{}", &spelling), url.clone()]);
                        args.push("--next".to_owned());
                    }
                }
                args.pop();
                let answers = visitor.curl(args.iter().map(String::as_str)).stdout;
                assert!(!answers.contains(&alice.private_subject()), "{version} {endpoint}\n{answers}");
            }
        }
    }
    for request in watch.reached(&site) {
        assert!(!is_endpoint(&ExchangeWeb::meaning(&request)), "{request}");
        assert_eq!(request.header("authorization"), "", "{request}");
        assert!(!site.webmail.heard().contains("FORGED"));
    }
}

#[test]
fn no_header_moves_a_request_elsewhere() {
    let (site, alice, bob) = Site::of_two();
    let (released, _) = super::inside(&site, &bob);
    let credentials = basic("alice@example.com", &alice.password);
    let watch = site.watch();
    for header in HEADERS {
        for version in ["--http1.1", "--http2"] {
            for (visitor, target) in [(&released, "/owa/"), (&released, "/ecp/"), (&Visitor::new(&site), "/owa/")] {
                let answer = visitor.request(target, &[version, "--header", header, "--header", &credentials]);
                assert!(!answer.body.contains(&alice.private_subject()), "{header}");
            }
        }
    }
    let reached = watch.reached(&site);
    assert!(reached.len() >= HEADERS.len());
    for request in reached {
        let meant = ExchangeWeb::meaning(&request);
        assert!(["/owa/", "/ecp/", "/owa/auth/logon.aspx"].contains(&meant.as_str()), "{request} as {meant}");
        for header in HEADERS.iter().filter_map(|line| line.split(':').next()) {
            assert_eq!(request.header(header), "", "{header}");
        }
    }
}
