//! Tries places concurrently, and returns their answers. No credentials are ever sent.

use crate::clock;
use crate::connection::{Connection, Silence};
use crate::http::{self, Answer};
use crate::place::{Place, Speaks};
use rustls::pki_types::CertificateDer;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The limit for all places together, with all requests.
const ALL: Duration = Duration::from_secs(45);
/// The most bytes of a greeting: a line with some capabilities.
const MAX_GREETING: usize = 1024;

/// A page that every Postern front has, and no other server. Load balancers use it as a health check.
pub(crate) const OURS: &str = "/postern/style.css";
/// The greeting of the IMAP front.
const OUR_GREETING: &str = "Postern is ready";

/// An endpoint that accepts a password, beside a webmail's own page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    /// Its name in `[webmail.endpoints]`.
    pub(crate) key: &'static str,
}

/// The endpoints of Exchange and of SOGo.
pub(crate) const ENDPOINTS: [Endpoint; 9] = [
    Endpoint { path: "/EWS/Exchange.asmx", key: "ews" },
    Endpoint { path: "/Microsoft-Server-ActiveSync", key: "activesync" },
    Endpoint { path: "/mapi/emsmdb", key: "mapi" },
    Endpoint { path: "/rpc/rpcproxy.dll", key: "rpc" },
    Endpoint { path: "/OAB/", key: "oab" },
    Endpoint { path: "/Autodiscover/Autodiscover.xml", key: "autodiscover" },
    Endpoint { path: "/PowerShell", key: "powershell" },
    Endpoint { path: "/api/", key: "api" },
    Endpoint { path: "/SOGo/dav/", key: "dav" },
];
/// The sign-in pages of webmails: path, text on the page (in lower case), and name.
const SIGN_INS: [(&str, &str, &str); 7] = [
    ("/", "name=\"_pass\"", "Roundcube"),
    ("/roundcube/", "name=\"_pass\"", "Roundcube"),
    ("/webmail/", "name=\"_pass\"", "Roundcube"),
    ("/owa/auth/logon.aspx", "type=\"password\"", "Outlook on the web"),
    ("/SOGo/", "sogo", "SOGo"),
    ("/", "id=\"rl-app\"", "SnappyMail"),
    ("/snappymail/", "id=\"rl-app\"", "SnappyMail"),
];

/// The answers of a place.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) said: Said,
}

#[derive(Debug)]
pub(crate) enum Said {
    /// A web server: its answer for [`OURS`], and its answers without credentials at each of [`ENDPOINTS`].
    Web { ours: Answer, endpoints: Vec<(Endpoint, Result<Answer, Silence>)>, sign_ins: Vec<SignIn> },
    /// A mail service: its first line.
    Mail(String),
}

/// A webmail's own sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub(crate) path: &'static str,
    pub(crate) product: &'static str,
}

impl Heard {
    /// Whether a Postern front answers.
    pub(crate) fn is_postern(&self) -> bool {
        match &self.said {
            Said::Web { ours, .. } => is_ours(ours),
            Said::Mail(greeting) => greeting.contains(OUR_GREETING),
        }
    }
}

fn is_ours(answer: &Answer) -> bool {
    let is_style = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/css"));
    answer.status == 200 && is_style && answer.headers("content-security-policy").next().is_some()
}

/// The result for a place.
pub(crate) type Outcome = Result<Heard, Silence>;

/// Tries all places; tells `progress` how many are done, and of how many.
pub(crate) fn all(places: &[Place], progress: &dyn Fn(usize, usize)) -> Vec<Outcome> {
    progress(0, places.len());
    let (sender, receiver) = mpsc::channel();
    for (number, place) in places.iter().cloned().enumerate() {
        let sender = sender.clone();
        // Not joined: a thread that hangs in the resolver is abandoned.
        thread::spawn(move || drop(sender.send((number, one(&place)))));
    }
    drop(sender);
    let late = || Err(Silence::Broken(format!("not done within {} s", ALL.as_secs())));
    let mut outcomes: Vec<Outcome> = places.iter().map(|_| late()).collect();
    let end = clock::monotonic() + ALL;
    let mut done = 0;
    while let Ok((number, outcome)) = receiver.recv_timeout(end.saturating_duration_since(clock::monotonic())) {
        outcomes[number] = outcome;
        done += 1;
        progress(done, places.len());
    }
    outcomes
}

fn one(place: &Place) -> Outcome {
    match place.service.speaks {
        Speaks::Http => web(place),
        Speaks::Greeting(start) => mail(place, start),
    }
}

fn web(place: &Place) -> Outcome {
    let (ours, chain) = http::ask(place, OURS)?;
    let ask = |path| http::ask(place, path).map(|(answer, _)| answer);
    let endpoints = ENDPOINTS.map(|endpoint| {
        let answer = ask(endpoint.path);
        (endpoint, answer)
    });
    let mut sign_ins = Vec::new();
    if !is_ours(&ours) {
        let mut page = ("", None);
        for (path, mark, product) in SIGN_INS {
            if page.0 != path {
                page = (path, ask(path).ok());
            }
            let is_shown = |page: &Answer| page.status == 200 && page.body.to_ascii_lowercase().contains(mark);
            if page.1.as_ref().is_some_and(is_shown) {
                sign_ins.push(SignIn { path, product });
            }
        }
    }
    Ok(Heard { chain, said: Said::Web { ours, endpoints: endpoints.into(), sign_ins } })
}

fn mail(place: &Place, start: &str) -> Outcome {
    let mut connection = Connection::open(place)?;
    let heard = connection.hear(MAX_GREETING, |bytes| bytes.contains(&b'\n'))?;
    let text = String::from_utf8_lossy(&heard);
    let line = text.lines().next().unwrap_or_default().trim().to_owned();
    if !line.starts_with(start) {
        return Err(Silence::Broken(format!("it does not greet as {} does", place.service.scheme)));
    }
    Ok(Heard { chain: connection.chain, said: Said::Mail(line) })
}
