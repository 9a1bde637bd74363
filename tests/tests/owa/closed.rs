//! Every endpoint is tried with the right password, in every state of a session. Nothing of it reaches Exchange.

use super::{Site, inside, sign_in};
use crate::story::visitor::{Visitor, basic};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::exchange_web::{PUBLIC, forged};

const METHODS: [&str; 6] = ["GET", "POST", "OPTIONS", "PROPFIND", "RPC_IN_DATA", "PUT"];

#[test]
fn no_endpoint_opens_to_the_password() {
    let (site, alice, bob) = Site::of_two();
    let (pair, bobs) = (format!("alice:{}", alice.password), format!("bob:{}", bob.password));
    let scheme = |scheme: &str, pair: &str| format!("Authorization: {scheme} {}", STANDARD.encode(pair));
    let credentials = [
        basic("alice@example.com", &alice.password),
        basic("bob@example.com", &bob.password),
        scheme("NTLM", &pair),
        scheme("Negotiate", &pair),
        scheme("nTLM", &bobs),
        scheme("Bearer", &pair),
    ];
    let [stranger, challenged] = [(); 2].map(|()| Visitor::new(&site));
    // They really open: this is what stands behind.
    let ews = format!("{}EWS/Exchange.asmx", site.webmail.url());
    assert!(stranger.curl(["--header", &credentials[0], &ews]).stdout.contains(&alice.private_subject()));

    sign_in(&challenged, &alice).leads_to("/postern/code");
    let (released, _) = inside(&site, &bob);
    let watch = site.watch();
    for visitor in [&stranger, &challenged, &released] {
        let cookies = format!("{}; {}", visitor.session_header(), forged("alice", &alice.password));
        let urls = PUBLIC.map(|target| visitor.address(target));
        for credentials in &credentials {
            for method in METHODS {
                let args =
                    ["--http1.1", "--include", "--header", credentials, "--header", &cookies, "--request", method];
                let answers = visitor.curl(args.into_iter().chain(urls.iter().map(String::as_str))).success().unwrap();
                assert_eq!(answers.matches("HTTP/1.1 403 ").count(), PUBLIC.len(), "{method}\n{answers}");
                assert!(!answers.contains("For alice") && !answers.to_lowercase().contains("www-authenticate"));
            }
        }
    }
    assert!(watch.lines(&site).is_empty(), "{:?}", watch.lines(&site));
}

#[test]
fn in_a_session_no_credentials_pass_either() {
    let (site, alice, bob) = Site::of_two();
    let (visitor, _) = inside(&site, &bob);
    let watch = site.watch();
    for target in ["/owa/", "/ecp/", "/owa/integrated/", "/owa/service.svc"] {
        for header in [basic("alice", &alice.password), basic("alice", &alice.password).replace("Basic", "NTLM")] {
            let proxied = header.replace("Authorization", "Proxy-Authorization");
            let answer = visitor.request(target, &["--header", &header, "--header", &proxied]);
            assert!(!answer.body.contains(&alice.private_subject()));
        }
    }
    assert_eq!(watch.reached(&site).len(), 8);
    for request in watch.reached(&site) {
        assert_eq!((request.header("authorization"), request.header("proxy-authorization")), ("", ""), "{request}");
    }
}

#[test]
fn what_nobody_needs_from_outside_is_not_there() {
    let site = Site::new();
    let (visitor, _) = inside(&site, &site.mailbox("bob"));
    let watch = site.watch();
    for target in ["/exchange/", "/public/", "/aspnet_client/x.aspx", "/healthcheck.htm", "/iisstart.htm", "/owa2/"] {
        for visitor in [&visitor, &Visitor::new(&site)] {
            visitor.get(target).shows(404, "");
        }
    }
    assert!(watch.reached(&site).is_empty());
}
