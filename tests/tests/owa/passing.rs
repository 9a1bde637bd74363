//! What passes in a session: renewed cookies, canaries, long polls, large attachments, WebSockets.

use super::{SOON, Site, call, inside, inside_by_code, reads};
use crate::story::bytes::Line;
use crate::story::visitor::{COOKIE, Visitor};
use postern_tests::exchange_web::forged;
use postern_tests::wait;
use std::thread;
use std::time::Instant;

/// Bytes of an attachment that is as large as they get.
const LARGE: usize = 100 * 1024 * 1024;

/// What the servers of Exchange tell each other, names that servers read in two ways, and what is for proxies.
pub(super) const INTERNAL: &[&str] = &[
    "X-OWA-ExplicitLogonUser: alice@example.com",
    "X-OWA-ProxyUri: https://evil.example/",
    "X-BEResource: evil.example/owa/~1",
    "X-AnonResource: true",
    "X-AnonResource-Backend: evil.example/owa/~1",
    "X-AnchorMailbox: alice@example.com",
    "X-ClientProxyIP: 10.0.0.1",
    "X-CommonAccessToken: token",
    "X-TargetBackEndServer: evil.example",
    "msExchLogonMailbox: S-1-5-18",
    "msExchTargetMailbox: alice@example.com",
    "X-OWA.CANARY: x",
    "X_OWA_CANARY: x",
    "X-Rps-CAT: token",
    "Proxy-Authorization: Basic YTpi",
    "Front-End-Https: on",
];

#[test]
fn a_session_outlives_its_cookies() {
    let site = Site::new();
    let bob = site.mailbox("bob");
    let (visitor, canary) = inside(&site, &bob);
    // Exchange takes no time but the last two, and gives a new one every few requests.
    for _ in 0..20 {
        assert!(reads(&visitor, &canary, &bob));
    }
}

#[test]
fn what_a_browser_makes_up_is_not_passed_on() {
    let (site, alice, bob) = Site::of_two();
    let (visitor, canary) = inside(&site, &bob);
    let watch = site.watch();
    call(&visitor, "FindConversation", "made-up").shows(449, "");
    let own =
        format!("{}; X-OWA-CANARY=made-up; PBack=0; {}", visitor.session_header(), forged("alice", &alice.password));
    let canary = format!("X-OWA-CANARY: {canary}");
    let script = ["--header", &canary, "--header", "X-OWA-ActionName: Find", "--data", "{}"];
    let internal: Vec<&str> = INTERNAL.iter().flat_map(|header| ["--header", header]).collect();
    let all = [&["--include", "--header", &own][..], &script, &internal].concat();
    let url = visitor.address("/owa/service.svc?action=FindConversation");
    let answer = visitor.curl(all.into_iter().chain([url.as_str()])).stdout;
    assert!(answer.contains(&bob.private_subject()) && !answer.contains(&alice.private_subject()), "{answer}");
    // It is told what it should have.
    assert!(answer.contains("set-cookie: X-OWA-CANARY="), "{answer}");
    let seen = watch.reached(&site).pop().unwrap();
    let cookies = seen.header("cookie");
    assert!(cookies.contains("PBack=0") && !cookies.contains("made-up") && !cookies.contains("FORGED"), "{cookies}");
    let names: Vec<String> = seen.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    for header in INTERNAL {
        let name = header.split([':', ';']).next().unwrap().to_ascii_lowercase();
        assert!(!names.contains(&name), "{name} reached Exchange: {names:?}");
    }
    assert_eq!(seen.header("x-owa-actionname"), "Find");
    assert!(site.webmail.heard().contains("cadataSig=") && !site.webmail.heard().contains("FORGED"));
}

#[test]
fn forged_cookies_open_exchange_and_nothing_here() {
    let mut site = Site::new();
    let (alice, _) = site.protected("alice");
    let cookies = format!("Cookie: {}", forged("alice", &alice.password));
    let visitor = Visitor::new(&site);
    let around = format!("{}owa/", site.webmail.url());
    let page = visitor.curl(["--header", &cookies, &around]).stdout;
    assert!(page.contains("Mail - Outlook"), "this is what the front is there for: {page}");
    let watch = site.watch();
    let targets = ["/owa/", "/ecp/", "/owa/service.svc?action=FindConversation", "/EWS/Exchange.asmx"];
    for target in targets {
        for method in ["GET", "POST"] {
            visitor.request(target, &["--header", &cookies, "--request", method]);
        }
    }
    assert!(
        watch
            .reached(&site)
            .iter()
            .all(|request| request.header("cookie") == "PBack=0" || request.header("cookie").is_empty())
    );
    assert!(watch.lines(&site).iter().all(|line| line.contains("/owa/auth/logon.aspx")));
}

#[test]
fn news_come_at_once_and_the_end_of_a_session_cuts_the_wait() {
    let mut site = Site::new();
    let (alice, secret) = site.protected("alice");
    let (visitor, canary) = inside_by_code(&mut site, &alice, &secret);
    let poll = format!("/owa/ev.owa2?ns=PendingRequest&ev=PendingNotificationRequest&UA=0&cid=1&X-OWA-CANARY={canary}");
    let waiting = |watch: usize| {
        wait::until("the poll to arrive", || Ok((site.webmail.requests().len() > watch).then_some(()))).unwrap();
    };
    thread::scope(|scope| {
        let before = site.webmail.requests().len();
        let polling = scope.spawn(|| visitor.get(&poll));
        waiting(before);
        site.webmail.deliver(&alice.name, "It has come");
        polling.join().unwrap().shows(200, "\"Subject\":\"It has come\"");

        let before = site.webmail.requests().len();
        let polling = scope.spawn(|| {
            let session = visitor.session_header();
            let address = visitor.address(&poll);
            visitor.curl(["--header", &session, &address])
        });
        waiting(before);
        let began = now();
        site.admin("account reset alice@example.com");
        let outcome = polling.join().unwrap();
        assert!(outcome.code != 0 && began.elapsed() < SOON, "{outcome:?}");
    });
    call(&visitor, "FindConversation", &canary).shows(440, "");
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn large_attachments_pass_both_ways() {
    let site = Site::new();
    let bob = site.mailbox("bob");
    let (visitor, canary) = inside(&site, &bob);
    let directory = tempfile::tempdir().unwrap();
    let (down, up) = (directory.path().join("down"), directory.path().join("up"));
    let session = visitor.session_header();
    let from =
        visitor.address(&format!("/owa/service.svc/s/GetFileAttachment?id=1&bytes={LARGE}&X-OWA-CANARY={canary}"));
    visitor.curl(["--header", &session, "--output", down.to_str().unwrap(), &from]).success().unwrap();
    assert_eq!(std::fs::metadata(&down).unwrap().len(), LARGE as u64);
    std::fs::rename(&down, &up).unwrap();
    let to = visitor.address(&format!("/owa/service.svc?action=CreateAttachmentFromLocalFile&X-OWA-CANARY={canary}"));
    let (content, canary) = (format!("@{}", up.display()), format!("X-OWA-CANARY: {canary}"));
    let sent = [
        "--header",
        &session,
        "--header",
        &canary,
        "--header",
        "Content-Type: text/csv",
        "--data-binary",
        &content,
        &to,
    ];
    assert!(visitor.curl(sent).success().unwrap().contains(&format!("\"Size\":{LARGE}")));
}

#[tokio::test]
async fn a_web_socket_passes_in_a_session_only() {
    let site = Site::new();
    let bob = site.mailbox("bob");
    let (visitor, _) = inside(&site, &bob);
    let request = |session: &str| {
        format!(
            "GET /owa/notifications HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}={session}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    let watch = site.watch();
    let mut stranger = Line::open(&site).await;
    stranger.send(request("nobody").replace("Upgrade\r\n", "Upgrade, close\r\n").as_bytes()).await;
    assert_ne!(stranger.answer().await.status, 101);
    assert!(watch.reached(&site).is_empty());
    let mut line = Line::open(&site).await;
    line.send(request(&visitor.session()).as_bytes()).await;
    assert!(line.until("\r\n\r\n").await.starts_with("HTTP/1.1 101 "));
    line.send(b"\x81\x05hello").await;
    assert!(line.until("hello").await.ends_with("hello"));
    visitor.get("/owa/").shows(200, "Mail - Outlook");
}
