//! A released session is of one mailbox: no request, however it is dressed up, makes it another's.

use super::visitor::{Answer, Visitor, between};
use super::world;
use postern_tests::mailboxes::Mailbox;

/// A login as a request: target, headers, body.
struct Disguise {
    target: String,
    headers: Vec<String>,
    body: Body,
}

enum Body {
    None,
    Form(String),
    Parts(Vec<String>),
}

/// The ways in which Roundcube takes something for a login (or a sign-out before it).
fn disguises(token: &str, whose: &Mailbox) -> Vec<Disguise> {
    let (user, pass) = (&whose.name, &whose.password);
    let with = |task: &str, action: &str| {
        format!("_token={token}&{task}&{action}&_user={user}&_pass={pass}&_timezone=_default_&_url=")
    };
    let login = with("_task=login", "_action=login");
    let form =
        |target: &str, body: &str| Disguise { target: target.into(), headers: vec![], body: Body::Form(body.into()) };
    let headed = |target: &str, header: &str, body: &str| Disguise {
        target: target.into(),
        headers: vec![header.into()],
        body: Body::Form(body.into()),
    };
    let got = |target: String| Disguise { target, headers: vec![], body: Body::None };
    let mut all = vec![
        form("/?_task=login", &login),
        form("/", &login),
        form("/index.php", &login),
        form("/index.php/x", &login),
        form("/?_task=mail", &login),
        form("/?_task=mail&_task=login", &login),
        form("/?_task=login&_action=login", &login),
        form("/?_task=mail&_action=list&_remote=1", &login),
        form("/?.task=login", &with(".task=login", ".action=login")),
        form("/?%20_task=login", &with("+_task=login", "+_action=login")),
        form("/?_task=lo%3Cb%3Egin", &with("_task=lo<b>gin", "_action=lo<b>gin")),
        form("/?_task=LOGIN", &with("_task=LOGIN", "_action=LOGIN")),
        form("/?_task[]=login", &with("_task[]=login", "_action[]=login")),
        form("/?_task=mail", &format!("_task=mail&_action=none&{login}")),
        form("/?_task=mail", &format!("{login}&_task=mail&_action=none")),
        form("/", &with("_task=login%00", "_action=login%00")),
        form("/", &with("_task=%0alogin", "_action=login%09")),
        headed("/", "Cookie: _task=login; _action=login", &format!("_token={token}&_user={user}&_pass={pass}")),
        headed("/", &format!("X-Roundcube-Request: {token}"), &login),
        headed("/?_task=mail", "X-HTTP-Method-Override: POST", &login),
        headed("/", "Content-Type: application/x-www-form-urlencoded; charset=utf-16", &login),
        headed("/", "Content-Type: text/plain", &login),
        got(format!("/?{login}")),
        got(format!("/index.php?{login}")),
    ];
    let parts = login.split('&').map(str::to_owned).collect::<Vec<_>>();
    for target in ["/", "/?_task=login", "/?_task=mail"] {
        all.push(Disguise { target: target.into(), headers: vec![], body: Body::Parts(parts.clone()) });
    }
    all
}

/// A sign-out in as many words: Roundcube lets nobody in who is in.
fn farewells(token: &str) -> Vec<String> {
    [
        "/?_task=logout",
        "/?_task=lo%3Cb%3Egout",
        "/?.task=logout",
        "/index.php?_task=logout",
        "/?_task=mail&_task=logout",
    ]
    .map(|target| format!("{target}&_token={token}"))
    .to_vec()
}

impl Disguise {
    fn send(&self, visitor: &Visitor) -> Answer {
        let mut args = Vec::new();
        for header in &self.headers {
            args.extend(["--header".to_owned(), header.clone()]);
        }
        match &self.body {
            Body::None => {}
            Body::Form(body) => args.extend(["--data-binary".to_owned(), body.clone()]),
            Body::Parts(parts) => args.extend(parts.iter().flat_map(|part| ["--form-string".to_owned(), part.clone()])),
        }
        visitor.request(&self.target, &args.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// The token of the form that Roundcube shows in this session.
fn form_token(visitor: &Visitor) -> Option<String> {
    between(&visitor.get("/?_task=login").body, "name=\"_token\" value=\"", "\"").map(str::to_owned)
}

/// They are no inventions: Roundcube itself signs in whoever sends one.
#[test]
fn the_disguises_fool_the_webmail() {
    let world = world();
    let alice = world.mailbox("alice");
    let tried = disguises("", &alice).len();
    let fooled = |number: &usize| {
        let visitor = Visitor::going_around(&world);
        let token = form_token(&visitor).unwrap();
        disguises(&token, &alice)[*number].send(&visitor);
        visitor.get("/?_task=mail").body.contains(&alice.name)
    };
    let fooled: Vec<usize> = (0..tried).filter(fooled).collect();
    assert!(fooled.len() > tried / 2, "{fooled:?} of {tried}");
}

#[test]
fn a_session_never_becomes_anothers() {
    let mut world = world();
    let (alice, _, bob) = world.alice_and_bob();
    let is_hers = |body: &str| body.contains(&alice.private_subject()) || body.contains(&format!(">{}<", alice.name));
    let mut visitor = Visitor::new(&world);
    visitor.sign_in_without(&bob);
    let mut ended = 0;
    for number in 0..disguises("", &alice).len() {
        // With a sign-out before it, which is another one each time, and without.
        for farewell in [None, Some(number % farewells("").len())] {
            let mut token = visitor.get("/?_task=mail").request_token().to_owned();
            if let Some(farewell) = farewell {
                visitor.get(&farewells(&token)[farewell]);
                token = form_token(&visitor).unwrap_or(token);
            }
            let disguise = &disguises(&token, &alice)[number];
            let answer = disguise.send(&visitor);
            assert!(!is_hers(&answer.body), "{}\n{}", disguise.target, answer.body);
            for target in ["/?_task=mail", "/?_task=mail&_action=list&_mbox=INBOX&_remote=1"] {
                let after = visitor.get(target);
                assert!(!is_hers(&after.body), "{number} {farewell:?} {}\n{}", disguise.target, after.body);
            }
            if !visitor.get("/?_task=mail").body.contains(&bob.name) {
                ended += 1;
                visitor = Visitor::new(&world);
                visitor.sign_in_without(&bob);
            }
        }
    }
    assert!(ended > 0, "no farewell ended a session: was any of them understood?");
}
