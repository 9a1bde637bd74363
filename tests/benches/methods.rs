//! What a sign-in at the webmail costs by each method, in one run:
//!
//! ```text
//! cargo bench --package postern-tests --bench methods      (about a minute once it is built)
//! ```
//!
//! One sign-in is what a browser does: a TLS connection of its own, the password, the page that asks, and the answer,
//! until the session is released. For a backup code the person goes by "Try another method", which is two pages more. A
//! code that is sent goes out for real, through HTTP and SMTP on loopback; a key signs with P-256. Every account signs
//! in once, so that no code is spent twice. Before the front stands an imitation of Roundcube which takes any password.
//!
//! What is counted is the CPU of postern-proxy and of posternd; not that of the gateway, the mail server, the webmail or
//! this program, which wait or work beside them.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures time and prints it")]

use postern_tests::security_key::SecurityKey;
use postern_tests::{Plan, Upstream, World};
use postern_wire::auth::{self, Channel, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Origin};
use postern_wire::{Client, Secret, admin};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Ways to sign in; the first is an account without a second factor.
const METHODS: [&str; 6] = ["none", "totp", "sms", "email", "key", "backup"];
/// The method that the others are compared with.
const COMPARED: usize = 1;
/// Rounds; the methods take turns, so that what else the machine does meets all of them.
const ROUNDS: usize = 9;
/// Sign-ins of a round by each method. With as many codes for setting up, it stays below a day's budget of texts.
const SIGN_INS: usize = 50;
const DEADLINE: Duration = Duration::from_secs(10);
/// Clock ticks of a second in `/proc/PID/stat`, on each Linux.
const TICKS: f64 = 100.0;
/// The webmail's page for strangers.
const FORM: &str = r#"<body class="task-login"><form><input type="hidden" name="_token" value="token"></form>"#;

/// Who signs in, and what they have.
struct Person {
    mailbox: String,
    /// The secret of an authenticator, a backup code, or where codes go.
    has: String,
    key: Option<SecurityKey>,
}

/// What one round of one method cost.
#[derive(Default, Clone, Copy)]
struct Cost {
    front: Duration,
    daemon: Duration,
    /// The median of how long a sign-in took.
    took: Duration,
}

fn main() {
    let upstream = imitate_roundcube();
    let plan = Plan { upstream: Upstream::Url(upstream), receivers: true, ..Plan::default() };
    let mut world = World::start(plan).expect("a world");
    let people: Vec<Vec<Person>> = METHODS.iter().map(|method| enrol(&world, method)).collect();
    let pids = [world.proxy.pid().expect("postern-proxy"), world.posternd.pid().expect("posternd")];
    let tls = trust(&world);
    let mut costs = [[Cost::default(); ROUNDS]; METHODS.len()];
    for round in 0..ROUNDS {
        for ((method, people), costs) in METHODS.iter().zip(&people).zip(&mut costs) {
            let sign_in = |person: &Person| {
                // An authenticator shows its code before anybody asks.
                let shown = if *method == "totp" { world.code(&person.has).expect("oathtool") } else { String::new() };
                let start = Instant::now();
                sign_in(&world, &tls, method, person, &shown);
                start.elapsed()
            };
            let before = pids.map(cpu_of);
            let mut waits: Vec<Duration> = people[round * SIGN_INS..][..SIGN_INS].iter().map(sign_in).collect();
            waits.sort_unstable();
            let [front, daemon] = [0, 1].map(|at| cpu_of(pids[at]) - before[at]);
            costs[round] = Cost { front, daemon, took: waits[SIGN_INS / 2] };
        }
    }
    println!("per sign-in   front CPU ms  daemon CPU ms  both  beside totp  p50 ms");
    let each = |costs: &[Cost; ROUNDS], of: fn(&Cost) -> Duration| {
        costs.iter().map(|cost| of(cost).as_secs_f64()).sum::<f64>() * 1e3 / (ROUNDS * SIGN_INS) as f64
    };
    let both = |costs| each(costs, |cost| cost.front + cost.daemon);
    for (method, costs_of) in METHODS.iter().zip(&costs) {
        let mut took: Vec<Duration> = costs_of.iter().map(|cost| cost.took).collect();
        took.sort_unstable();
        print!(
            "{method:12}  {:12.2}  {:13.2}  ",
            each(costs_of, |cost| cost.front),
            each(costs_of, |cost| cost.daemon)
        );
        let (cost, ratio) = (both(costs_of), both(costs_of) / both(&costs[COMPARED]));
        println!("{cost:4.2}  {ratio:11.2}  {:6.2}", took[ROUNDS / 2].as_secs_f64() * 1e3);
    }
}

/// One sign-in, from the first packet to the released session; `shown` is what an authenticator shows.
fn sign_in(world: &World, tls: &Arc<ClientConfig>, method: &str, person: &Person, shown: &str) {
    let mut browser = Browser::open(world, tls);
    let login = format!("_task=login&_action=login&_token=x&_user={}&_pass=secret", person.mailbox);
    let mut at = browser.post("/?_task=login", &login);
    if method == "backup" {
        browser.get("/postern/methods");
        at = browser.post("/postern/methods", "method=backup");
    }
    if method != "none" {
        let page = browser.get(&at);
        let answer = match method {
            "totp" => format!("code={shown}"),
            "sms" | "email" => format!("code={}", sent(world, method, &person.has)),
            "key" => {
                let options = page.split_once("id=\"options\"").and_then(|(_, rest)| rest.split_once('>'));
                let options = options.and_then(|(_, rest)| rest.split("</script>").next()).expect("a question");
                let origin = world.files.webmail_url();
                let key = person.key.as_ref().expect("a key");
                let response = key.sign(options, origin.trim_end_matches('/'), 0).expect("an answer");
                format!("response={}", percent(&response))
            }
            _ => format!("code={}", person.has),
        };
        at = browser.post(&at, &answer);
    }
    assert!(at.starts_with("/?_task=mail"), "{method}: {} is led to {at:?}", person.mailbox);
}

/// The code that has come to this number or address.
fn sent(world: &World, method: &str, to: &str) -> String {
    let by = if method == "sms" { "sms" } else { "mail" };
    let receivers = world.receivers.as_ref().expect("receivers");
    receivers.next(by, |message| message.to == to).expect("a message").code().expect("a code")
}

/// A browser's one connection.
struct Browser {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    cookies: BTreeMap<String, String>,
    port: u16,
}

impl Browser {
    fn open(world: &World, tls: &Arc<ClientConfig>) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", world.files.webmail)).expect("postern-proxy");
        tcp.set_nodelay(true).expect("a socket");
        let name = ServerName::try_from("localhost").expect("a name");
        let tls = ClientConnection::new(Arc::clone(tls), name).expect("TLS");
        let stream = BufReader::new(StreamOwned::new(tls, tcp));
        Self { stream, cookies: BTreeMap::new(), port: world.files.webmail }
    }

    /// A page.
    fn get(&mut self, path: &str) -> String {
        self.request("GET", path, "").1
    }

    /// Where a form leads.
    fn post(&mut self, path: &str, form: &str) -> String {
        let (location, page) = self.request("POST", path, form);
        assert!(!location.is_empty(), "{path}: {page}");
        location
    }

    /// The `Location` and the body of the answer.
    fn request(&mut self, method: &str, path: &str, form: &str) -> (String, String) {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
            self.port,
            cookies.join("; "),
            form.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("a request");
        let head = head(&mut self.stream);
        for cookie in head.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.1.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = body(&mut self.stream, &head);
        let location = head.iter().find(|(name, _)| name == "location");
        (location.map(|(_, value)| value.clone()).unwrap_or_default(), body)
    }
}

/// The header fields of a message, the names in lower case; empty at the end of a connection.
fn head(stream: &mut impl BufRead) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("a header");
        let line = line.trim_end();
        if line.is_empty() {
            return fields;
        }
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        fields.push((name.to_ascii_lowercase(), value.to_owned()));
    }
}

fn body(stream: &mut impl Read, head: &[(String, String)]) -> String {
    let length = head.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("UTF-8")
}

/// A whole handshake for each connection, as for a person who comes in the morning.
fn trust(world: &World) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&world.certificates.ca).expect("the authority")).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

/// A webmail that shows Roundcube's form to strangers, lets in whoever sends it, and says then who they are.
fn imitate_roundcube() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("a port").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer_as_roundcube(stream));
        }
    });
    format!("http://127.0.0.1:{port}/")
}

fn answer_as_roundcube(stream: TcpStream) {
    stream.set_nodelay(true).expect("a socket");
    let mut stream = BufReader::new(stream);
    loop {
        let head = head(&mut stream);
        let Some((request, _)) = head.first() else { return };
        let form = body(&mut stream, &head);
        // The session's cookie is the name before the @.
        let answer = if request.starts_with("post") {
            let user = form.split('&').find_map(|field| field.strip_prefix("_user=")?.split(['@', '%']).next());
            format!(
                "302 Found\r\nSet-Cookie: roundcube_sessid={}; path=/; HttpOnly\r\n\
                 Set-Cookie: roundcube_sessauth=proof; path=/; HttpOnly\r\n\
                 Location: /?_task=mail&_token=secret\r\nContent-Length: 0\r\n\r\n",
                user.expect("a name")
            )
        } else {
            let cookies = head.iter().find(|(name, _)| name == "cookie").map_or("", |(_, cookies)| cookies);
            let user = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("roundcube_sessid="));
            let (more, page) = match user.filter(|_| cookies.contains("roundcube_sessauth=proof")) {
                Some(user) => ("", format!("<span class=\"header-title username\">{user}@example.com</span>")),
                None => ("Set-Cookie: roundcube_sessid=anonymous; path=/; HttpOnly\r\n", FORM.to_owned()),
            };
            let length = page.len();
            format!("200 OK\r\n{more}Content-Type: text/html\r\nContent-Length: {length}\r\n\r\n{page}")
        };
        if stream.get_mut().write_all(format!("HTTP/1.1 {answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// As many people with this method as the rounds take.
fn enrol(world: &World, method: &str) -> Vec<Person> {
    let mut order = Client::connect(&world.files.admin_socket, DEADLINE).expect("posternd");
    let mut front = Client::connect(&world.files.auth_socket, DEADLINE).expect("posternd");
    let origin = world.files.webmail_url();
    let site = origin.trim_end_matches('/');
    let people = (0..ROUNDS * SIGN_INS).map(|number| {
        let mailbox = format!("{method}{number}@example.com");
        let to = match method {
            "sms" => format!("+4461{number:07}"),
            _ => format!("person{number}@elsewhere.example"),
        };
        if method == "none" {
            return Person { mailbox, has: String::new(), key: None };
        }
        let enable = admin::ChangeAccount {
            mailbox: mailbox.clone(),
            action: admin::Action::Enable,
            hours: None,
            dry_run: false,
            enrolment_code: false,
        };
        let _: admin::Changed = order.call(admin::INTERFACE, "ChangeAccount", &enable).expect("enabled");
        if let "totp" | "backup" = method {
            let add = admin::AddTotp { mailbox: mailbox.clone(), ..admin::AddTotp::default() };
            let added: admin::TotpAdded = order.call(admin::INTERFACE, "AddTotp", &add).expect("added");
            let codes = added.backup_codes.unwrap_or_default();
            let has = if method == "totp" { added.secret.reveal() } else { codes[0].reveal() };
            return Person { mailbox, has: has.to_owned(), key: None };
        }
        let begin = Enrol {
            name: mailbox.clone(),
            kind: Some(method.to_owned()),
            to: (method != "key").then(|| to.clone()),
            site: Some(site.to_owned()),
            ..Enrol::default()
        };
        let key = SecurityKey::new(mailbox.as_bytes()).expect("a key");
        let (ticket, code) = match front.call(auth::INTERFACE, "Enrol", &begin).expect("a verdict") {
            EnrolVerdict::Sent { ticket, .. } => (ticket, sent(world, method, &to)),
            EnrolVerdict::Key { ticket, options, .. } => (ticket, key.register(&options, site).expect("an answer")),
            other => panic!("{other:?}"),
        };
        let confirm = Confirm {
            name: mailbox.clone(),
            channel: Channel::Webmail,
            origin: Origin::default(),
            ticket,
            code: Secret::from(code),
            description: String::new(),
        };
        let confirmed = front.call(auth::INTERFACE, "Confirm", &confirm).expect("a verdict");
        assert!(matches!(confirmed, ConfirmVerdict::Accepted { .. }), "{confirmed:?}");
        Person { mailbox, has: to, key: Some(key) }
    });
    people.collect()
}

/// A value of a form (application/x-www-form-urlencoded).
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |coded, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            coded + char::from(byte).encode_utf8(&mut [0; 4])
        }
        _ => coded + &format!("%{byte:02X}"),
    })
}

/// User and system time of a process.
fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 and 15 of proc(5); the second ends at the parenthesis.
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap_or_default()).sum();
    Duration::from_secs_f64(ticks / TICKS)
}
