//! Doors that the administrator has opened: ActiveSync and EWS to app passwords, a door to networks.

use super::passing::INTERNAL;
use super::{SOON, Site, basic, sign_in};
use crate::story::visitor::{Answer, Visitor};
use postern_tests::exchange_web::forged;
use postern_tests::mailboxes::Mailbox;
use postern_tests::wait;
use std::thread;
use std::time::Instant;

const SYNC: &str = "/Microsoft-Server-ActiveSync?User=alice&DeviceId=a1&DeviceType=iPhone&Cmd=Sync";
const PING: &str = "/Microsoft-Server-ActiveSync?User=alice&DeviceId=a1&DeviceType=iPhone&Cmd=Ping";
const EWS: &str = "/EWS/Exchange.asmx";
const DOORS: &str = "activesync = \"app-password\"\news = \"app-password\"\nmapi = \"app-password\"";

fn site() -> Site {
    Site::with_doors(DOORS)
}

/// A phone: no cookies are kept.
fn phone(visitor: &Visitor, method: &str, target: &str, credentials: &str) -> Answer {
    let wbxml = ["--header", "Content-Type: application/vnd.ms-sync.wbxml", "--header", "MS-ASProtocolVersion: 16.1"];
    let url = visitor.address(target);
    let mut args = vec!["--include", "--request", method, "--header", credentials];
    args.extend(wbxml);
    if method == "POST" {
        args.extend(["--data-binary", "\x03\x01j"]);
    }
    Answer::read(&visitor.curl(args.into_iter().chain([url.as_str()])).stdout)
}

#[track_caller]
fn syncs(visitor: &Visitor, credentials: &str, mailbox: &Mailbox) {
    phone(visitor, "POST", SYNC, credentials).shows(200, &mailbox.private_subject());
}

#[track_caller]
fn refused(answer: &Answer) {
    answer.shows(401, "Sign in with an app password.");
    assert_eq!(answer.headers("www-authenticate"), ["Basic realm=\"localhost\", charset=\"UTF-8\""]);
}

#[test]
fn a_phone_synchronises_by_an_app_password() {
    let mut site = site();
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let (_, typed) = site.app_password(&alice);
    let visitor = Visitor::new(&site);
    let watch = site.watch();
    let first = visitor.request(SYNC, &["--request", "OPTIONS"]);
    refused(&first);
    assert!(watch.lines(&site).is_empty(), "who brings nothing does not reach Exchange");
    for name in ["alice@example.com", "alice", "example.com\\alice"] {
        let credentials = basic(name, &typed);
        let options = phone(&visitor, "OPTIONS", "/Microsoft-Server-ActiveSync", &credentials);
        assert_eq!(options.status, 200, "{}", options.head);
        assert!(options.headers("ms-asprotocolversions")[0].contains("16.1"));
        assert!(options.headers("ms-asprotocolcommands")[0].contains("Sync,"));
        syncs(&visitor, &credentials, &alice);
        phone(&visitor, "POST", EWS, &credentials).shows(200, &alice.private_subject());
    }
    let real = basic(&alice.name, &alice.password);
    for request in watch.reached(&site) {
        assert_eq!(format!("Authorization: {}", request.header("authorization")), real, "{request}");
        assert_eq!(request.header("cookie"), "");
    }
    assert!(!site.exchange.heard().contains(basic("alice", &typed).rsplit(' ').next().unwrap()));
    let listed = site.admin("app-password list alice@example.com --json");
    assert!(listed.contains("last_used") && listed.contains("127.0.0.1"), "{listed}");
}

#[test]
fn what_is_no_app_password_does_not_reach_exchange() {
    let mut site = site();
    let [alice, bob] = ["alice", "bob"].map(|person| site.mailbox(person));
    let secret = site.protect(&alice);
    let (_, typed) = site.app_password(&alice);
    let visitor = Visitor::new(&site);
    let code = site.next_code(&secret);
    let watch = site.watch();
    let cookies = format!("Cookie: {}", forged("alice", &alice.password));
    for credentials in [
        basic("alice", &alice.password),
        basic("alice", &format!("{}{code}", alice.password)),
        basic("alice", &typed.replace(['a', 'b', 'c', 'd'], "x")),
        basic("bob", &typed),
        basic("carol@elsewhere.example", &typed),
        basic("alice", ""),
        basic("alice", &typed).replace("Basic", "NTLM"),
        basic("alice", &typed).replace("Basic", "Negotiate"),
        basic("alice", &alice.password).replace("Basic", "NTLM"),
        "Authorization: Basic !".to_owned(),
        cookies,
    ] {
        if credentials != basic("bob", &typed) {
            refused(&phone(&visitor, "POST", SYNC, &credentials));
        }
    }
    assert!(watch.lines(&site).is_empty(), "{:?}", watch.lines(&site));
    // Bob needs no second factor, so what he types is his password, which Exchange judges.
    refused(&phone(&visitor, "POST", SYNC, &basic("bob", &typed)));
    syncs(&visitor, &basic("bob", &bob.password), &bob);
    assert_eq!(watch.lines(&site).len(), 2);
    // A door that is closed is closed to app passwords as well.
    phone(&visitor, "POST", "/OAB/1/oab.xml", &basic("alice", &typed)).shows(403, "closed");
    phone(&visitor, "GET", "/PowerShell", &basic("bob", &bob.password)).shows(403, "closed");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn an_app_password_that_is_taken_back_is_refused_at_the_next_request() {
    let mut site = site();
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let [(phones, of_phone), (_, of_tablet)] = [(); 2].map(|()| site.app_password(&alice));
    let visitor = Visitor::new(&site);
    let [on_phone, on_tablet] = [of_phone, of_tablet].map(|typed| basic("alice", &typed));
    syncs(&visitor, &on_phone, &alice);
    let running = site.exchange.requests().len() + 2;
    thread::scope(|scope| {
        let cut = scope.spawn(|| phone(&visitor, "POST", PING, &on_phone));
        let stays = scope.spawn(|| phone(&visitor, "POST", PING, &on_tablet));
        wait::until("both to wait", || Ok((site.exchange.requests().len() >= running).then_some(()))).unwrap();
        let began = Instant::now();
        site.admin(&format!("app-password revoke alice@example.com {phones}"));
        let watch = site.watch();
        refused(&phone(&visitor, "POST", SYNC, &on_phone));
        assert!(watch.lines(&site).is_empty());
        assert_ne!(cut.join().unwrap().status, 200);
        assert!(began.elapsed() < SOON);
        site.exchange.deliver(&alice.name, "News");
        assert_eq!(stays.join().unwrap().status, 200, "another app password goes on");
    });
    syncs(&visitor, &on_tablet, &alice);
}

#[test]
fn a_changed_password_is_tried_once_and_the_webmail_brings_the_new_one() {
    let mut site = site();
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let (_, typed) = site.app_password(&alice);
    let visitor = Visitor::new(&site);
    let credentials = basic("alice", &typed);
    syncs(&visitor, &credentials, &alice);
    site.exchange.set_password(&alice.name, "another word");
    site.plant("another word");
    let watch = site.watch();
    for _ in 0..3 {
        refused(&phone(&visitor, "POST", SYNC, &credentials));
    }
    assert_eq!(watch.lines(&site).len(), 1, "a directory closes accounts that are tried too often");
    let renewed = Mailbox { password: "another word".to_owned(), ..alice.clone() };
    sign_in(&visitor, &renewed).leads_to("/postern/code");
    syncs(&visitor, &credentials, &alice);
}

#[test]
fn a_door_without_basic_says_nothing_of_a_password() {
    let mut site = site();
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let (_, typed) = site.app_password(&alice);
    let visitor = Visitor::new(&site);
    let credentials = basic("alice", &typed);
    site.exchange.take_basic("EWS", false);
    for _ in 0..2 {
        phone(&visitor, "POST", EWS, &credentials).shows(503, "Try again later");
    }
    assert!(site.logs().contains("does not offer Basic authentication"));
    syncs(&visitor, &credentials, &alice);
    site.exchange.take_basic("EWS", true);
    phone(&visitor, "POST", EWS, &credentials).shows(200, &alice.private_subject());
}

#[test]
fn the_state_of_an_account_counts() {
    let mut site = site();
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let (_, typed) = site.app_password(&alice);
    let visitor = Visitor::new(&site);
    let (own, app) = (basic("alice", &alice.password), basic("alice", &typed));
    refused(&phone(&visitor, "POST", SYNC, &own));
    site.admin("account suspend alice@example.com --hours 1");
    syncs(&visitor, &own, &alice);
    syncs(&visitor, &app, &alice);
    site.admin("account resume alice@example.com");
    refused(&phone(&visitor, "POST", SYNC, &own));
    site.admin("account reset alice@example.com");
    refused(&phone(&visitor, "POST", SYNC, &app));
    // Without the daemon nobody can say, and nobody passes.
    site.posternd.stop().unwrap();
    let watch = site.watch();
    for credentials in [&own, &app, &basic("bob", &site.mailbox("bob").password)] {
        assert_eq!(phone(&visitor, "POST", SYNC, credentials).status, 503);
    }
    assert!(watch.lines(&site).is_empty());
    site.posternd.start().unwrap();
}

#[test]
fn cookies_of_mapi_pass_and_no_others() {
    let mut site = site();
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let (_, typed) = site.app_password(&alice);
    let visitor = Visitor::new(&site);
    let answer = phone(&visitor, "POST", "/mapi/emsmdb?MailboxId=1", &basic("alice", &typed));
    assert_eq!(answer.headers("set-cookie"), ["MapiContext=MAPIAAAA=; Secure; HttpOnly"]);
    let (credentials, watch) = (basic("alice", &typed), site.watch());
    let cookies = format!("Cookie: MapiContext=MAPIAAAA=; X-BackEndCookie=x; {}", forged("bob", "x"));
    let url = visitor.address("/mapi/emsmdb?MailboxId=1");
    let own = [&credentials, &cookies, "X-RequestType: Connect", "X-OWA-CANARY: x"];
    let headers = own.iter().chain(INTERNAL).flat_map(|header| ["--header", header]);
    visitor.curl(headers.chain(["--data", "x", &url])).success().unwrap();
    let seen = &watch.reached(&site)[0];
    assert_eq!(seen.header("cookie"), "MapiContext=MAPIAAAA=");
    let mut names: Vec<String> = seen.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    let known = ["accept", "authorization", "content-length", "content-type", "cookie", "host", "user-agent"];
    let added = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-requesttype"];
    assert_eq!(names, [&known[..], &added].concat());
}

#[test]
fn a_door_is_open_to_its_networks_for_what_holds_for_one_request() {
    let mut site = Site::with_doors("ews = [\"127.0.0.0/8\", \"::1\"]\noab = [\"10.0.0.0/8\"]");
    let alice = site.mailbox("alice");
    site.protect(&alice);
    let visitor = Visitor::new(&site);
    let credentials = basic("alice", &alice.password);
    phone(&visitor, "POST", EWS, &credentials).shows(200, &alice.private_subject());
    phone(&visitor, "GET", "/OAB/1/oab.xml", &credentials).shows(403, "closed");
    // What would hold for a connection does not pass: it would be the next one's too.
    for scheme in ["NTLM", "Negotiate"] {
        let answer = phone(&visitor, "POST", EWS, &credentials.replace("Basic", scheme));
        assert_eq!(answer.status, 401);
        assert!(answer.headers("www-authenticate").iter().all(|line| line.starts_with("Basic ")), "{}", answer.head);
        assert_eq!(phone(&visitor, "POST", EWS, "Accept: */*").status, 401);
    }
    let cookies = format!("Cookie: {}", forged("alice", &alice.password));
    assert_eq!(phone(&visitor, "POST", EWS, &cookies).status, 401);
}
