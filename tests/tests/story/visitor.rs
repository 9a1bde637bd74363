//! A visitor without a browser: curl with a cookie jar of its own. What a thief uses, and what needs no eyes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_tests::backend::private_directory;
use postern_tests::mailboxes::Mailbox;
use postern_tests::tools::Outcome;
use postern_tests::{World, tools};
use std::fs;
use tempfile::TempDir;

/// The one cookie that a browser gets.
pub(crate) const COOKIE: &str = "__Host-postern";
/// A background request, as Roundcube's script makes it.
pub(crate) const BACKGROUND: &str = "/?_task=mail&_action=refresh&_remote=1";
/// Roundcube's own word to its script for a session that is gone.
pub(crate) const SESSION_GONE: &str = "session_error";

/// curl's exit code for it.
const STREAM_RESET: i32 = 92;

/// See the module.
pub(crate) struct Visitor {
    url: String,
    ca: String,
    directory: TempDir,
}

/// What curl got.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads what `curl --include` prints.
    pub(crate) fn read(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Every value of a header.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    /// Where it sends the browser; empty when nowhere.
    pub(crate) fn location(&self) -> &str {
        self.headers("location").first().copied().unwrap_or_default()
    }

    /// Sends the browser to `path`.
    #[track_caller]
    pub(crate) fn leads_to(&self, path: &str) {
        assert_eq!((self.status, self.location()), (303, path), "{}\n{}", self.head, self.body);
    }

    /// Sends the browser to the mail: the sign-in is through.
    #[track_caller]
    pub(crate) fn lets_in(&self) {
        assert!(self.is_let_in(), "{}\n{}", self.head, self.body);
    }

    /// Whether it sends the browser to the mail.
    pub(crate) fn is_let_in(&self) -> bool {
        self.location().starts_with("/?_task=mail")
    }

    /// Has this status, and this text in it.
    #[track_caller]
    pub(crate) fn shows(&self, status: u16, text: &str) {
        assert!(
            self.status == status && self.body.contains(text),
            "wanted {status} {text}\n{}\n{}",
            self.head,
            self.body
        );
    }

    /// The text between two others.
    #[track_caller]
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        between(&self.body, before, after).unwrap_or_else(|| panic!("no {before} in {}\n{}", self.head, self.body))
    }

    /// What Roundcube wants back with the requests of its script.
    pub(crate) fn request_token(&self) -> &str {
        self.between(r#""request_token":""#, "\"")
    }
}

/// A session cookie as a header.
pub(crate) fn session_header(session: &str) -> String {
    format!("Cookie: {COOKIE}={session}")
}

/// Basic authentication as a header (RFC 7617).
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// The first text between two others.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

impl Visitor {
    pub(crate) fn new(world: &World) -> Visitor {
        Visitor {
            url: world.files.webmail_url().trim_end_matches('/').to_owned(),
            ca: world.certificates.ca.to_str().unwrap().to_owned(),
            directory: private_directory().unwrap(),
        }
    }

    /// A visitor who is signed in to a mailbox where no code is asked for.
    #[track_caller]
    pub(crate) fn inside(world: &World, mailbox: &Mailbox) -> Visitor {
        let visitor = Visitor::new(world);
        visitor.sign_in_without(mailbox);
        visitor
    }

    /// A visitor who has typed the password and is asked for a code.
    #[track_caller]
    pub(crate) fn challenged(world: &World, mailbox: &Mailbox) -> Visitor {
        let visitor = Visitor::new(world);
        visitor.sign_in(mailbox).leads_to("/postern/code");
        visitor
    }

    /// A visitor who has typed the password and is asked to set up a method.
    #[track_caller]
    pub(crate) fn enrolling(world: &World, mailbox: &Mailbox) -> Visitor {
        let visitor = Visitor::new(world);
        visitor.sign_in(mailbox).leads_to("/postern/set-up");
        visitor
    }

    /// A visitor who has signed in with the next code of the authenticator.
    #[track_caller]
    pub(crate) fn signed_in(world: &mut World, mailbox: &Mailbox, secret: &str) -> Visitor {
        let (visitor, code) = (Visitor::new(world), world.next_code(secret));
        visitor.sign_in_with(mailbox, &code);
        visitor
    }

    /// A visitor who reaches the webmail itself, which nobody can.
    pub(crate) fn going_around(world: &World) -> Visitor {
        let url = world.backend.as_ref().unwrap().roundcube.url();
        Visitor { url: url.trim_end_matches('/').to_owned(), ..Visitor::new(world) }
    }

    /// Asks for `target` as it stands, with more arguments for curl. Status 0: the front would not hear of it, and reset
    /// the stream.
    pub(crate) fn request(&self, target: &str, args: &[&str]) -> Answer {
        let jar = self.directory.path().join("cookies");
        let (jar, url) = (jar.to_str().unwrap(), format!("{}{target}", self.url));
        let fixed = ["--include", "--cookie", jar, "--cookie-jar", jar];
        let outcome = self.curl(fixed.iter().chain(args).chain(&[url.as_str()]).copied());
        assert!([0, STREAM_RESET].contains(&outcome.code), "{target}: {outcome:?}");
        Answer::read(&outcome.stdout)
    }

    /// Runs curl without the jar.
    pub(crate) fn curl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        let fixed = ["--cacert", &self.ca, "--globoff", "--path-as-is", "--header", "Expect:", "--max-time", "60"];
        tools::curl(fixed.into_iter().map(String::from).chain(args.into_iter().map(String::from))).unwrap()
    }

    /// What a program asks for: it has these headers, and no cookies but those in them.
    pub(crate) fn program(&self, method: &str, target: &str, headers: &[&str], more: &[&str]) -> Answer {
        let url = self.address(target);
        let headers = headers.iter().flat_map(|header| ["--header", header]);
        let args = ["--include", "--request", method].into_iter().chain(headers).chain(more.iter().copied());
        Answer::read(&self.curl(args.chain([url.as_str()])).stdout)
    }

    /// The address of `target` at the front.
    pub(crate) fn address(&self, target: &str) -> String {
        format!("{}{target}", self.url)
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.request(target, &[])
    }

    pub(crate) fn post(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let args: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", field]).collect();
        // A form without fields is a form still.
        self.request(target, if args.is_empty() { &["--data", ""] } else { &args })
    }

    /// Sends the webmail's form.
    pub(crate) fn password(&self, name: &str, password: &str) -> Answer {
        let fixed = [("_task", "login"), ("_action", "login"), ("_timezone", "_default_"), ("_url", "")];
        self.post("/?_task=login", &[&fixed[..], &[("_user", name), ("_pass", password)]].concat())
    }

    pub(crate) fn sign_in(&self, mailbox: &Mailbox) -> Answer {
        self.password(&mailbox.name, &mailbox.password)
    }

    pub(crate) fn code(&self, code: &str) -> Answer {
        self.post("/postern/code", &[("code", code)])
    }

    /// Signs in where a code is asked for.
    #[track_caller]
    pub(crate) fn sign_in_with(&self, mailbox: &Mailbox, code: &str) {
        self.sign_in(mailbox).leads_to("/postern/code");
        self.code(code).lets_in();
    }

    /// Signs in where no code is asked for.
    #[track_caller]
    pub(crate) fn sign_in_without(&self, mailbox: &Mailbox) {
        self.sign_in(mailbox).lets_in();
    }

    /// What the set-up page offers, from the address that it gives to an app on the same phone.
    pub(crate) fn offered_secret(&self) -> String {
        self.get("/postern/set-up").between("secret=", "&").to_owned()
    }

    /// The backup codes that its page shows. From now on they must be in no log.
    pub(crate) fn shown_codes(&self, world: &mut World) -> Vec<String> {
        let page = self.get("/postern/backup-codes").body;
        let codes = page.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next());
        let codes: Vec<String> = codes.map(str::to_owned).collect();
        codes.iter().for_each(|code| world.plant(code));
        codes
    }

    /// Whether its session reaches the webmail.
    pub(crate) fn is_in(&self) -> bool {
        let answer = self.request(BACKGROUND, &["--header", "X-Requested-With: XMLHttpRequest"]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        !answer.body.contains(SESSION_GONE)
    }

    /// The value of its session cookie; empty when it has none.
    pub(crate) fn session(&self) -> String {
        self.cookie(COOKIE)
    }

    /// Its session cookie as a header, for curl without the jar.
    pub(crate) fn session_header(&self) -> String {
        session_header(&self.session())
    }

    /// The same of any cookie.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let jar = fs::read_to_string(self.directory.path().join("cookies")).unwrap_or_default();
        let cookie = jar.lines().rev().find_map(|line| Some(line.split_once(&format!("\t{name}\t"))?.1.to_owned()));
        cookie.unwrap_or_default()
    }
}
