//! Without the code nothing of the mailbox gets out: what a whole session asked the webmail for is asked for again in
//! every state before release, and the webmail's own log says that none of it arrived there.

use super::person::{Person, USER};
use super::visitor::{COOKIE, Visitor};
use super::world;
use postern_tests::browser::Look;
use postern_tests::mailboxes::{ATTACHMENT, Mailbox};
use postern_tests::{World, tools, wait};
use std::collections::BTreeSet;

/// Reads the webmail's access log from here on.
pub(super) struct Watch(usize);

/// What the marks in the log are called: nothing else asks for it.
const MARK: &str = "/mark-of-the-test";

impl Watch {
    pub(super) fn begin(world: &World) -> Watch {
        Watch(marked(world).lines().count())
    }

    /// What has reached the webmail since: each request with its method.
    pub(super) fn reached(&self, world: &World) -> Vec<String> {
        let log = marked(world);
        let lines = log.lines().skip(self.0).filter(|line| !line.contains(MARK));
        lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    }
}

/// The log with all that was asked for until now: nginx writes its lines one after the other.
fn marked(world: &World) -> String {
    let roundcube = &world.roundcube();
    let marks = roundcube.requests().matches(MARK).count();
    tools::curl(["--output", "/dev/null", &format!("{}{}", roundcube.url().trim_end_matches('/'), MARK)]).unwrap();
    wait::until("the mark in the log", || {
        let log = roundcube.requests();
        Ok((log.matches(MARK).count() > marks).then_some(log))
    })
    .unwrap()
}

/// What somebody who reads, writes and tidies up asks the webmail for: the targets, in Roundcube's own words.
async fn recorded(world: &mut World, mailbox: &Mailbox, secret: &str) -> Vec<String> {
    let watch = Watch::begin(world);
    let person = Person::at(world, Look::DESKTOP).await;
    person.signs_in(mailbox).await;
    person.gets_in(&world.next_code(secret), mailbox).await;
    person.opens(&mailbox.private_subject()).await;
    for (target, sign) in [
        ("/?_task=mail&_mbox=INBOX&_uid=1&_action=show", "#messagebody"),
        ("/?_task=mail&_action=compose", "#compose-subject"),
        ("/?_task=settings&_action=identities", "#identities-table"),
        ("/?_task=settings&_action=folders", "#subscription-table"),
        ("/?_task=addressbook", "#contacts-table"),
        ("/?_task=mail&_mbox=Drafts", "#messagelist"),
    ] {
        person.goes_to(target).await;
        person.sees(sign).await;
    }
    // What a browser would save to disk is asked for by the same session's scripts.
    person.goes_to("/?_task=mail&_mbox=INBOX").await;
    person.is_in(mailbox).await;
    for target in [
        "/?_task=mail&_uid=1&_mbox=INBOX&_action=viewsource",
        "/?_task=mail&_uid=1&_mbox=INBOX&_action=viewsource&_save=1",
        "/?_task=mail&_uid=3&_mbox=INBOX&_part=2&_action=get&_download=1",
        "/?_task=mail&_uid=3&_mbox=INBOX&_part=2&_action=get&_frame=1",
        "/?_task=mail&_uid=1&_mbox=INBOX&_action=headers",
        "/?_task=mail&_action=export&_mbox=INBOX",
        "/?_task=addressbook&_source=0&_action=export",
        "/?_task=mail&_action=list&_mbox=INBOX&_remote=1",
        "/?_task=mail&_action=search&_q=numbers&_headers=subject%2Ctext&_mbox=INBOX&_remote=1",
        "/?_task=mail&_action=autocomplete&_search=gate&_remote=1",
        "/?_task=mail&_action=refresh&_remote=1&_folderlist=1&_list=1&_mbox=INBOX",
        "/index.php?_task=mail&_mbox=INBOX&_uid=1&_action=show",
        "/index.php/x?_task=mail&_mbox=INBOX&_uid=1&_action=show",
    ] {
        let script = "const done = arguments[1]; fetch(arguments[0], { headers: { 'X-Requested-With': \
                      'XMLHttpRequest', 'X-Roundcube-Request': rcmail.env.request_token } }).then(r => done(r.status))";
        person.client().execute_async(script, vec![target.into()]).await.unwrap();
    }
    person.signs_out().await;
    let requests = watch.reached(world);
    let targets: BTreeSet<String> =
        requests.iter().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect();
    let task = |task: &str| targets.iter().filter(|target| target.contains(task)).count();
    assert!(task("_task=mail") > 20 && task("_task=addressbook") > 2 && task("_task=settings") > 1, "{targets:#?}");
    targets.into_iter().collect()
}

/// Asks for all of `targets` with this session: what came back, in one text.
fn replay(visitor: &Visitor, session: &str, method: &str, targets: &[String]) -> String {
    let cookie = format!("Cookie: {COOKIE}={session}");
    let urls: Vec<String> = targets.iter().map(|target| visitor.address(target)).collect();
    // Over HTTP/2 this curl loses an answer that comes before it has sent its body.
    let mut args = vec!["--http1.1", "--include", "--request", method];
    args.extend(["--header", "X-Requested-With: XMLHttpRequest"]);
    if method == "POST" {
        args.extend(["--data", "_uid=1&_mbox=INBOX"]);
    }
    if !session.is_empty() {
        args.extend(["--header", &cookie]);
    }
    visitor.curl(args.into_iter().chain(urls.iter().map(String::as_str))).success().unwrap()
}

/// What a stranger may have: the form, and what it is drawn with.
fn is_open(request: &str) -> bool {
    let Some(target) = request.strip_prefix("GET ").or_else(|| request.strip_prefix("HEAD ")) else { return false };
    let path = target.split('?').next().unwrap_or_default();
    matches!(target, "/?_task=login" | "/?_task=login&_err=session")
        || ["/skins/", "/plugins/", "/program/"].iter().any(|start| path.starts_with(start))
}

#[tokio::test]
async fn a_recorded_session_is_worth_nothing_without_the_code() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let targets = recorded(&mut world, &alice, &secret).await;

    let visitors = [(); 6].map(|()| Visitor::new(&world));
    let [stranger, challenged, left, other, enrolling, saving] = &visitors;
    challenged.sign_in(&alice).leads_to("/postern/code");
    left.sign_in_with(&alice, &world.next_code(&secret));
    let after_sign_out = left.session();
    left.get(&format!("/?_task=logout&_token={}", left.get("/?_task=mail").request_token()));
    // Their own mail is behind these, and as closed: the same requests fetch it.
    let carol = world.mailbox("carol");
    world.enable(&carol);
    enrolling.sign_in(&carol).leads_to("/postern/set-up");
    saving.sign_in(&carol).leads_to("/postern/set-up");
    let offered = saving.offered_secret();
    saving.post("/postern/set-up", &[("code", &world.code(&offered).unwrap())]).leads_to("/postern/backup-codes");

    let made_up = "A".repeat(43);
    for (state, session) in [
        ("anonymous", String::new()),
        ("made up", made_up),
        ("challenged", challenged.session()),
        ("enrolling", enrolling.session()),
        ("saving codes", saving.session()),
        ("after sign-out", after_sign_out),
    ] {
        for method in ["GET", "POST", "PUT"] {
            let watch = Watch::begin(&world);
            let came = replay(stranger, &session, method, &targets);
            assert_eq!(came.matches("HTTP/1.1 ").count(), targets.len(), "{state} {method}");
            for leak in [&alice.private_subject(), &carol.private_subject(), "Gatekeeper", ATTACHMENT, "oak planks"] {
                assert!(!came.contains(leak), "{state} {method}: {leak}");
            }
            let reached: Vec<String> = watch.reached(&world);
            let pending = ["challenged", "enrolling", "saving codes"].contains(&state);
            let closed: Vec<&String> = reached.iter().filter(|request| pending || !is_open(request)).collect();
            assert!(closed.is_empty(), "{state} {method}: {closed:#?}");
        }
    }

    // With a session for one mailbox, the words of another's session show the one mailbox only.
    other.sign_in_without(&bob);
    let mine: Vec<String> = targets.iter().filter(|target| !target.contains("logout")).cloned().collect();
    let came = replay(other, &other.session(), "GET", &mine);
    assert!(came.contains(&bob.private_subject()));
    assert!(!came.contains(&alice.private_subject()) && !came.contains(&alice.name));
}

#[test]
fn the_webmails_own_cookies_open_nothing_here() {
    let world = world();
    let bob = world.mailbox("bob");
    let upstream = world.roundcube().url();
    let cookies = tempfile::NamedTempFile::new().unwrap();
    let jar = cookies.path().to_str().unwrap();
    let direct = |args: &[&str]| {
        let fixed = ["--cookie", jar, "--cookie-jar", jar, "--include"];
        tools::curl(fixed.iter().chain(args)).unwrap().success().unwrap()
    };
    let page = direct(&[&upstream]);
    let token = super::visitor::between(&page, "name=\"_token\" value=\"", "\"").unwrap();
    let form = format!("_token={token}&_task=login&_action=login&_user={}&_pass={}", bob.name, bob.password);
    direct(&["--data", &form, &format!("{upstream}?_task=login")]);
    assert!(direct(&[&format!("{upstream}?_task=mail")]).contains(&bob.name), "the cookies are good at the webmail");

    let jar_text = std::fs::read_to_string(jar).unwrap();
    let pairs: Vec<String> = jar_text
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|fields| fields.len() == 7)
        .map(|fields| format!("{}={}", fields[5], fields[6]))
        .collect();
    assert!(pairs.len() >= 2, "{jar_text}");
    let watch = Watch::begin(&world);
    let visitor = Visitor::new(&world);
    let stolen = format!("Cookie: {}", pairs.join("; "));
    let password = format!("{}:{}", bob.name, bob.password);
    for args in [
        &["--header", &stolen][..],
        &["--header", &stolen, "--header", "Cookie: _task=mail; _action=list"],
        &["--header", "Cookie: _task=mail; _action=list; _mbox=INBOX"],
        &["--user", &password],
        &["--user", &password, "--header", &stolen],
        &["--header", &format!("Remote-User: {}", bob.name), "--header", &format!("X-Forwarded-User: {}", bob.name)],
        &["--header", "X-Original-URL: /?_task=mail", "--header", "X-Rewrite-URL: /?_task=mail"],
        &["--header", "X-HTTP-Method-Override: POST", "--header", &stolen],
    ] {
        for target in ["/?_task=mail", "/?_task=mail&_action=list&_remote=1", "/index.php?_task=mail", "/"] {
            let answer = visitor.request(target, args);
            assert!(!answer.body.contains(&bob.name), "{args:?} {target}\n{}", answer.body);
        }
    }
    let reached = watch.reached(&world);
    assert!(reached.iter().all(|request| is_open(request)), "{reached:#?}");
}

#[test]
fn no_spelling_of_a_path_leads_around() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let [stranger, challenged] = [(); 2].map(|()| Visitor::new(&world));
    challenged.sign_in(&alice).leads_to("/postern/code");
    let watch = Watch::begin(&world);
    for visitor in [&stranger, &challenged] {
        for path in [
            "//",
            "//index.php",
            "/./",
            "/./index.php",
            "/../",
            "/%2e/",
            "/%2e%2e/",
            "/skins/../index.php",
            "/skins/..%2findex.php",
            "/skins/%2e%2e/index.php",
            "/skins/..;/index.php",
            "/skins/..%252findex.php",
            "/skins/..%5cindex.php",
            "/skins/..\\index.php",
            "/skins/elastic/x.css/../../../index.php",
            "/skins/elastic;x.css",
            "/index.php;x.css",
            "/index.php%00.css",
            "/index.php%0a.css",
            "/index.php%3f.css",
            "/index.php%23.css",
            "/index.php/x.css",
            "/index.php/skins/x.css",
            "/skins/x.php/y.css",
            "/skins/x.php.css",
            "/%69ndex.php",
            "/INDEX.PHP",
            "/index.php.",
            "/index.php%20",
            "/postern/../index.php",
            "/postern/..%2f",
            "/POSTERN/code",
            "/postern%2fcode",
            "/%ff",
            "/%c0%ae%c0%ae/",
            "/%zz",
        ] {
            for query in ["?_task=mail", "?_task=mail&_action=list&_remote=1"] {
                let answer = visitor.request(&format!("{path}{query}"), &[]);
                assert!(!answer.body.contains(&alice.private_subject()));
                assert_ne!(answer.status, 502, "{path}");
            }
        }
        for method in ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "CONNECT", "get", "X"] {
            let answer = visitor.request("/?_task=mail", &["--request", method]);
            assert_ne!(answer.status, 200, "{method} {}", answer.body.len());
        }
        assert_eq!(visitor.request("/?_task=mail", &["--head"]).body, "");
    }
    let reached = watch.reached(&world);
    assert!(reached.iter().all(|request| is_open(request)), "{reached:#?}");
}

/// Whom the webmail's log names as the visitor, whatever he says of himself.
#[test]
fn the_webmail_is_told_the_true_address() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::new(&world);
    let form = format!("_task=login&_action=login&_user={}&_pass={}", bob.name, bob.password);
    let lies = ["X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9"];
    let lies = lies.iter().flat_map(|lie| ["--header", lie]);
    // Every address of 127.0.0.0/8 is this machine.
    let fixed = ["--interface", "127.0.0.2", "--header", "X_Forwarded_For: 203.0.113.9", "--data", &form];
    visitor.request("/?_task=login", &fixed.into_iter().chain(lies).collect::<Vec<_>>()).lets_in();
    let log = world.roundcube().sign_ins();
    assert!(log.contains("127.0.0.2") && !log.contains("203.0.113.9"), "{log}");
    assert!(!world.postern(["audit"]).unwrap().stdout.contains("203.0.113.9"));
}

#[tokio::test]
async fn a_page_that_waits_for_the_code_shows_no_frame_of_the_webmail() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let person = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    person.is_at("/postern/code").await;
    // The address of a message, pasted: the page comes again.
    person.goes_to("/?_task=mail&_mbox=INBOX&_uid=1&_action=show").await;
    person.is_at("/postern/code").await;
    person.follows("button[form=cancel]").await;
    person.sees(USER).await;
}
