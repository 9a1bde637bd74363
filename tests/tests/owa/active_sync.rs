//! Endpoints that the administrator has opened: ActiveSync and EWS to app passwords, a endpoint to networks.

use super::passing::INTERNAL;
use super::{SOON, Site, sign_in};
use crate::story::visitor::{Answer, Visitor, basic};
use postern_tests::exchange_web::forged;
use postern_tests::mailboxes::Mailbox;
use postern_tests::wait;
use std::thread;
use std::time::Instant;

const SYNC: &str = "/Microsoft-Server-ActiveSync?User=alice&DeviceId=a1&DeviceType=iPhone&Cmd=Sync";
const PING: &str = "/Microsoft-Server-ActiveSync?User=alice&DeviceId=a1&DeviceType=iPhone&Cmd=Ping";
const EWS: &str = "/EWS/Exchange.asmx";
const ENDPOINTS: &str = "activesync = \"app-password\"\news = \"app-password\"\nmapi = \"app-password\"";

/// A phone: it keeps no cookies.
struct Phone(Visitor);

impl Phone {
    fn asks(&self, method: &str, target: &str, credentials: &str) -> Answer {
        let headers = [credentials, "Content-Type: application/vnd.ms-sync.wbxml", "MS-ASProtocolVersion: 16.1"];
        let body: &[&str] = if method == "POST" { &["--data-binary", "\x03\x01j"] } else { &[] };
        self.0.program(method, target, &headers, body)
    }

    #[track_caller]
    fn syncs(&self, credentials: &str, mailbox: &Mailbox) {
        self.asks("POST", SYNC, credentials).shows(200, &mailbox.private_subject());
    }

    #[track_caller]
    fn is_refused(&self, credentials: &str) {
        refused(&self.asks("POST", SYNC, credentials));
    }
}

/// Alice, protected, with a phone that has an app password.
struct Owner {
    site: Site,
    alice: Mailbox,
    secret: String,
    phone: Phone,
    /// The app password.
    typed: String,
    /// What the phone signs in with.
    credentials: String,
}

fn owner(endpoints: &'static str) -> Owner {
    let mut site = Site::with_endpoints(endpoints);
    let (alice, secret) = site.protected("alice");
    let (_, typed) = site.app_password(&alice, &["--unchecked"]);
    let (phone, credentials) = (Phone(Visitor::new(&site)), basic("alice", &typed));
    Owner { site, alice, secret, phone, typed, credentials }
}

#[track_caller]
fn refused(answer: &Answer) {
    answer.shows(401, "Sign in with an app password.");
    assert_eq!(answer.headers("www-authenticate"), ["Basic realm=\"localhost\", charset=\"UTF-8\""]);
}

#[test]
fn a_phone_synchronises_by_an_app_password() {
    let Owner { site, alice, phone, typed, .. } = owner(ENDPOINTS);
    let watch = site.watch();
    let first = phone.0.request(SYNC, &["--request", "OPTIONS"]);
    refused(&first);
    assert!(watch.lines(&site).is_empty(), "who brings nothing does not reach Exchange");
    for name in ["alice@example.com", "alice", "example.com\\alice"] {
        let credentials = basic(name, &typed);
        let options = phone.asks("OPTIONS", "/Microsoft-Server-ActiveSync", &credentials);
        assert_eq!(options.status, 200, "{}", options.head);
        assert!(options.headers("ms-asprotocolversions")[0].contains("16.1"));
        assert!(options.headers("ms-asprotocolcommands")[0].contains("Sync,"));
        phone.syncs(&credentials, &alice);
        phone.asks("POST", EWS, &credentials).shows(200, &alice.private_subject());
    }
    let real = basic(&alice.name, &alice.password);
    for request in watch.reached(&site) {
        assert_eq!(format!("Authorization: {}", request.header("authorization")), real, "{request}");
        assert_eq!(request.header("cookie"), "");
    }
    assert!(!site.webmail.heard().contains(basic("alice", &typed).rsplit(' ').next().unwrap()));
    let listed = site.admin("app-password list alice@example.com --json");
    assert!(listed.contains("last_used") && listed.contains("127.0.0.1"), "{listed}");
}

#[test]
fn what_is_no_app_password_does_not_reach_exchange() {
    let Owner { mut site, alice, secret, phone, typed, credentials: right } = owner(ENDPOINTS);
    let bob = site.mailbox("bob");
    let code = site.next_code(&secret);
    let watch = site.watch();
    let cookies = format!("Cookie: {}", forged("alice", &alice.password));
    for credentials in [
        basic("alice", &alice.password),
        basic("alice", &format!("{}{code}", alice.password)),
        basic("alice", &typed.replace(['a', 'b', 'c', 'd'], "x")),
        basic("carol@elsewhere.example", &typed),
        basic("alice", ""),
        right.replace("Basic", "NTLM"),
        right.replace("Basic", "Negotiate"),
        basic("alice", &alice.password).replace("Basic", "NTLM"),
        "Authorization: Basic !".to_owned(),
        cookies,
    ] {
        phone.is_refused(&credentials);
    }
    assert!(watch.lines(&site).is_empty(), "{:?}", watch.lines(&site));
    // Bob needs no second factor, so what he types is his password, which Exchange judges.
    phone.is_refused(&basic("bob", &typed));
    phone.syncs(&basic("bob", &bob.password), &bob);
    assert_eq!(watch.lines(&site).len(), 2);
    // A endpoint that is closed is closed to app passwords as well.
    phone.asks("POST", "/OAB/1/oab.xml", &right).shows(403, "closed");
    phone.asks("GET", "/PowerShell", &basic("bob", &bob.password)).shows(403, "closed");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn an_app_password_that_is_taken_back_is_refused_at_the_next_request() {
    let Owner { mut site, alice, phone, credentials: on_tablet, .. } = owner(ENDPOINTS);
    let (phones, of_phone) = site.app_password(&alice, &["--unchecked"]);
    let on_phone = basic("alice", &of_phone);
    phone.syncs(&on_phone, &alice);
    let running = site.webmail.requests().len() + 2;
    thread::scope(|scope| {
        let cut = scope.spawn(|| phone.asks("POST", PING, &on_phone));
        let stays = scope.spawn(|| phone.asks("POST", PING, &on_tablet));
        wait::until("both to wait", || Ok((site.webmail.requests().len() >= running).then_some(()))).unwrap();
        let began = Instant::now();
        site.admin(&format!("app-password revoke alice@example.com {phones}"));
        let watch = site.watch();
        phone.is_refused(&on_phone);
        assert!(watch.lines(&site).is_empty());
        assert_ne!(cut.join().unwrap().status, 200);
        assert!(began.elapsed() < SOON);
        site.webmail.deliver(&alice.name, "News");
        assert_eq!(stays.join().unwrap().status, 200, "another app password goes on");
    });
    phone.syncs(&on_tablet, &alice);
}

#[test]
fn a_changed_password_is_tried_once_and_the_webmail_brings_the_new_one() {
    let Owner { mut site, alice, phone, credentials, .. } = owner(ENDPOINTS);
    phone.syncs(&credentials, &alice);
    site.webmail.set_password(&alice.name, "another word");
    site.plant("another word");
    let watch = site.watch();
    for _ in 0..3 {
        phone.is_refused(&credentials);
    }
    assert_eq!(watch.lines(&site).len(), 1, "a directory closes accounts that are tried too often");
    let renewed = Mailbox { password: "another word".to_owned(), ..alice.clone() };
    sign_in(&phone.0, &renewed).leads_to("/postern/code");
    phone.syncs(&credentials, &alice);
}

#[test]
fn an_endpoint_without_basic_says_nothing_of_a_password() {
    let Owner { mut site, alice, phone, credentials, .. } = owner(ENDPOINTS);
    site.webmail.take_basic("EWS", false);
    for _ in 0..2 {
        phone.asks("POST", EWS, &credentials).shows(503, "Try again later");
    }
    assert!(site.logs().contains("does not offer Basic authentication"));
    phone.syncs(&credentials, &alice);
    site.webmail.take_basic("EWS", true);
    phone.asks("POST", EWS, &credentials).shows(200, &alice.private_subject());
}

#[test]
fn the_state_of_an_account_counts() {
    let Owner { mut site, alice, phone, credentials: app, .. } = owner(ENDPOINTS);
    let own = basic("alice", &alice.password);
    phone.is_refused(&own);
    site.admin("account suspend alice@example.com --hours 1");
    phone.syncs(&own, &alice);
    phone.syncs(&app, &alice);
    site.admin("account resume alice@example.com");
    phone.is_refused(&own);
    site.admin("account reset alice@example.com");
    phone.is_refused(&app);
    // Without the daemon nobody can say, and nobody passes.
    site.posternd.stop().unwrap();
    let watch = site.watch();
    for credentials in [&own, &app, &basic("bob", &site.mailbox("bob").password)] {
        assert_eq!(phone.asks("POST", SYNC, credentials).status, 503);
    }
    assert!(watch.lines(&site).is_empty());
    site.posternd.start().unwrap();
}

#[test]
fn cookies_of_mapi_pass_and_no_others() {
    let Owner { site, phone, credentials, .. } = owner(ENDPOINTS);
    let answer = phone.asks("POST", "/mapi/emsmdb?MailboxId=1", &credentials);
    assert_eq!(answer.headers("set-cookie"), ["MapiContext=MAPIAAAA=; Secure; HttpOnly"]);
    let watch = site.watch();
    let cookies = format!("Cookie: MapiContext=MAPIAAAA=; X-BackEndCookie=x; {}", forged("bob", "x"));
    let url = phone.0.address("/mapi/emsmdb?MailboxId=1");
    let own = [&credentials, &cookies, "X-RequestType: Connect", "X-OWA-CANARY: x"];
    let headers = own.iter().chain(INTERNAL).flat_map(|header| ["--header", header]);
    phone.0.curl(headers.chain(["--data", "x", &url])).success().unwrap();
    let seen = &watch.reached(&site)[0];
    assert_eq!(seen.header("cookie"), "MapiContext=MAPIAAAA=");
    let mut names: Vec<String> = seen.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    let known = ["accept", "authorization", "content-length", "content-type", "cookie", "host", "user-agent"];
    let added = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-requesttype"];
    assert_eq!(names, [&known[..], &added].concat());
}

#[test]
fn an_endpoint_is_open_to_its_networks_for_what_holds_for_one_request() {
    let Owner { alice, phone, site: _site, .. } = owner("ews = [\"127.0.0.0/8\", \"::1\"]\noab = [\"10.0.0.0/8\"]");
    let credentials = basic("alice", &alice.password);
    phone.asks("POST", EWS, &credentials).shows(200, &alice.private_subject());
    phone.asks("GET", "/OAB/1/oab.xml", &credentials).shows(403, "closed");
    // What would hold for a connection does not pass: it would be the next one's too.
    for scheme in ["NTLM", "Negotiate"] {
        let answer = phone.asks("POST", EWS, &credentials.replace("Basic", scheme));
        assert_eq!(answer.status, 401);
        assert!(answer.headers("www-authenticate").iter().all(|line| line.starts_with("Basic ")), "{}", answer.head);
        assert_eq!(phone.asks("POST", EWS, "Accept: */*").status, 401);
    }
    let cookies = format!("Cookie: {}", forged("alice", &alice.password));
    assert_eq!(phone.asks("POST", EWS, &cookies).status, 401);
}
