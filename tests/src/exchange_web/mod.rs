//! An imitation of the web side of Exchange 2016 to SE, which Debian cannot run: forms-based authentication as in IIS,
//! enough of Outlook on the web to sign in and read mail, and the endpoints beside it. It listens on loopback, and
//! keeps every byte it receives. It interprets paths in every way that any server may ([`canonical`]).
//!
//! Its behaviour is documented, or was observed on Microsoft's servers:
//!
//! | what | from |
//! |---|---|
//! | GET is sent to the logon page with `url` and `reason=0`; all else gets 440 | GNOME's evolution-exchange, "Forms-Based Authentication" |
//! | the body of a 440 | Ericsson/exchangecalendar 489 |
//! | `reason` 1 to 4 | devnulli/EvlWatcher 140 |
//! | fields of the form, `PBack` | the logon page of Exchange 2016; DavMail's form authenticator |
//! | the five cookies, what is in them, and that the certificate's public key is enough to make them | Orange Tsai, "ProxyOracle" (2021) |
//! | a cookie is replaced when half of its time has passed | TechNet bb123719 |
//! | `expiredpassword.aspx` | TechNet, `ChangeExpiredPasswordEnabled`; myuclab.nl, "Exchange 2007 Service Pack 3" |
//! | `languageselection.aspx` before a mailbox is first opened | DavMail's form authenticator |
//! | `X-OWA-CANARY` in a cookie that scripts read, wanted back as a header or a parameter | browser extensions for OWA on GitHub |
//! | `GetOwaUserConfiguration`, `sessiondata.ashx` and their `SessionSettings` | the same |
//! | `ev.owa2?ns=PendingRequest` | the same; Target's "SharePoint" write-up (2021) |
//! | OPTIONS and commands of ActiveSync | MS-ASHTTP 4.1, 4.2 |
//! | which of Basic, NTLM and Negotiate a folder offers | Microsoft Learn, "Default settings for Exchange virtual directories" |

mod endpoints;
mod http;
mod owa;
mod request;
mod session;
mod shared;
mod sign_in;

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use crate::mailboxes::Mailbox;
use crate::{During, Result};
pub use endpoints::{ENDPOINTS, PUBLIC};
use http::{Answer, Line};
pub use request::Request;
use request::decoded;
pub use session::forged;
pub use shared::NETBIOS;
use shared::Shared;

/// The imitation, listening until it is dropped.
#[derive(Debug)]
pub struct ExchangeWeb {
    shared: Arc<Shared>,
    port: u16,
}

impl ExchangeWeb {
    /// Starts it for these mailboxes, on a port of 127.0.0.1 that the kernel chooses.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn start(mailboxes: Vec<Mailbox>) -> Result<ExchangeWeb> {
        let doing = "starting the imitation of Exchange";
        let socket = TcpListener::bind("127.0.0.1:0").during(doing)?;
        let port = socket.local_addr().during(doing)?.port();
        let (state, news, over) = Default::default();
        let shared = Arc::new(Shared { mailboxes, state, news, over });
        let listening = Arc::clone(&shared);
        thread::spawn(move || listening.listen(&socket));
        Ok(ExchangeWeb { shared, port })
    }

    /// Its URL, as a front's `upstream`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The requests that it received.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// All bytes that it received; base64 is not decoded.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.shared.state().heard).into_owned()
    }

    /// The path that this request can be interpreted as.
    pub fn meaning(request: &Request) -> String {
        canonical(request)
    }

    /// Changes the password of this mailbox.
    pub fn set_password(&self, mailbox: &str, password: &str) {
        self.shared.state().passwords.insert(mailbox.to_owned(), password.to_owned());
    }

    /// Makes the password of this mailbox expire.
    pub fn expire(&self, mailbox: &str) {
        self.shared.state().expired.push(mailbox.to_owned());
    }

    /// Marks this mailbox as never opened: it asks for a language first.
    pub fn never_opened(&self, mailbox: &str) {
        self.shared.state().unopened.push(mailbox.to_owned());
    }

    /// From now on `GetOwaUserConfiguration` fails, and `sessiondata.ashx` contains the user's name.
    pub fn be_reticent(&self) {
        self.shared.state().reticent = true;
    }

    /// Sets whether this folder accepts Basic besides Windows authentication.
    pub fn take_basic(&self, folder: &str, taken: bool) {
        let without = &mut self.shared.state().without_basic;
        without.retain(|it| it != folder);
        if !taken {
            without.push(folder.to_owned());
        }
    }

    /// Delivers a message.
    pub fn deliver(&self, mailbox: &str, subject: &str) {
        self.shared.state().arrived.push((mailbox.to_owned(), subject.to_owned()));
        self.shared.news.notify_all();
    }

    /// Ends all sessions, as after a restart.
    pub fn forget_sessions(&self) {
        self.shared.state().sessions.clear();
    }
}

impl Drop for ExchangeWeb {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.news.notify_all();
        for stream in self.shared.state().open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the listening thread.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn listen(self: &Arc<Self>, socket: &TcpListener) {
        for stream in socket.incoming() {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let shared = Arc::clone(self);
            thread::spawn(move || shared.talk(stream));
        }
    }

    fn talk(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let _ = stream.set_nodelay(true);
        self.state().open.push(stream.try_clone().ok()?);
        let mut line = Line::over(stream, Arc::clone(&self)).ok()?;
        while let Some(request) = line.request() {
            self.state().requests.push(request.clone());
            self.serve(&mut line, &request)?;
        }
        None
    }

    fn serve(&self, line: &mut Line, request: &Request) -> Option<()> {
        let path = canonical(request);
        let method = Some(request.header("x-http-method-override")).filter(|method| !method.is_empty());
        let method = method.unwrap_or(&request.method).to_owned();
        if method == "POST" && (path.ends_with("auth.owa") || path.ends_with("owaauth.dll")) {
            return line.answer(&self.sign_in(request));
        }
        let mut folders = path[1..].splitn(2, '/');
        let (folder, rest) = (folders.next().unwrap_or_default(), folders.next().unwrap_or_default());
        match folder {
            "owa" if rest.starts_with("auth/") => line.answer(&self.beside_sign_in(&method, rest, request)),
            "owa" | "ecp" => self.in_session(line, &method, &path, request),
            _ if ENDPOINTS.iter().any(|endpoint| endpoint.eq_ignore_ascii_case(folder)) => {
                self.endpoint(line, &method, folder, request)
            }
            "" => line.answer(&Answer::found("/owa/")),
            _ => line.answer(&Answer::new(404, "text/html", "404 - File or directory not found.")),
        }
    }
}

/// The path as the most permissive server interprets it: an absolute URI, a header that overrides it, two rounds of
/// percent decoding, backslashes, parameters after a semicolon, empty and dot segments, dots and blanks at an end, any
/// case.
fn canonical(request: &Request) -> String {
    let override_by = ["x-rewrite-url", "x-original-url"].map(|name| request.header(name));
    let target = override_by.into_iter().find(|target| !target.is_empty()).unwrap_or(&request.target);
    let target = target.split_once("://").map_or(target, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let path = decoded(&decoded(target.split('?').next().unwrap_or_default())).replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        let segment = segment.split([';', ':']).next().unwrap_or_default();
        match segment {
            ".." => drop(segments.pop()),
            _ if segment.trim_matches(['.', ' ', '\0']).is_empty() => {}
            _ => segments.push(segment.trim_end_matches(['.', ' '])),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/")).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trick_with_a_path_works_here() {
        for target in [
            "/ews/exchange.asmx",
            "/EWS/Exchange.asmx?x=1",
            "//EWS//exchange.asmx",
            "/owa/../EWS/exchange.asmx",
            "/owa/%2e%2e/EWS/exchange.asmx",
            "/owa/%252e%252e/EWS/exchange.asmx",
            "/owa%2f..%2fEWS/exchange.asmx",
            "/owa/..\\EWS/exchange.asmx",
            "/EWS./exchange.asmx",
            "/EWS%20/exchange.asmx",
            "/EWS;x/exchange.asmx",
            "/EWS::$INDEX_ALLOCATION/exchange.asmx",
            "http://elsewhere/EWS/exchange.asmx",
        ] {
            let request = Request { target: target.to_owned(), ..Request::default() };
            assert_eq!(canonical(&request), "/ews/exchange.asmx", "{target}");
        }
        let headers = vec![("X-Rewrite-URL".to_owned(), "/ews/exchange.asmx".to_owned())];
        let request = Request { target: "/owa/".to_owned(), headers, ..Request::default() };
        assert_eq!(canonical(&request), "/ews/exchange.asmx");
    }
}
