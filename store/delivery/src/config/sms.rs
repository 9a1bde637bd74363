//! `[sms]`: how the daemon sends text messages.

use super::login::{Login, is_this_host, login};
use crate::template::{Escape, Placeholder, Template};
use http::header::{self, HeaderName};
use http::{Method, Uri};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Text messages per day unless `daily_budget` is set.
const TEXTS_A_DAY: NonZeroU32 = NonZeroU32::new(1000).expect("it is not zero");
/// Headers that only this program sets.
const OWN_HEADERS: [HeaderName; 5] =
    [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];

/// `[sms]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Sms {
    /// How a text message is sent.
    pub way: SmsWay,
    /// The host in the last line of a text message, `@webmail.example.com #123456`: a phone fills the code in on that
    /// host's pages only.
    pub host: Option<String>,
    /// Maximum number of text messages per day (UTC).
    pub daily_budget: NonZeroU32,
    /// Prefixes of the numbers that text messages are sent to, such as `+33`; empty: all numbers.
    pub prefixes: Vec<String>,
}

/// How a text message is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsWay {
    /// With a request to an HTTP gateway.
    Gateway(Box<Gateway>),
    /// With a program and its arguments; the text is its standard input.
    Command(Vec<Template>),
}

/// A request to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The URL. Scheme and host come before the first placeholder.
    pub url: Template,
    /// `GET` or `POST`.
    pub method: Method,
    /// The headers of the request.
    pub headers: Vec<(HeaderName, Template)>,
    /// The body of the request, and how values are escaped in it.
    pub body: Option<(Template, Escape)>,
    /// Text that the response must contain, in addition to a status of 2xx.
    pub answer_has: Option<String>,
    /// HTTP basic authentication.
    pub login: Option<Login>,
    /// The files of the secrets, by the name of the placeholder (in capitals).
    pub secret_files: BTreeMap<String, PathBuf>,
    /// The file of the CA that has signed the gateway's certificate; none: a CA that this system trusts.
    pub ca: Option<PathBuf>,
    /// Signs the request for OVHcloud's API.
    pub ovh: Option<Ovh>,
}

/// `[sms.ovh]`: the three keys of an application of OVHcloud's API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ovh {
    /// The application key.
    pub application_key: String,
    /// The application secret's file.
    pub application_secret_file: PathBuf,
    /// The consumer key's file.
    pub consumer_key_file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    url: Option<Template>,
    method: Option<Verb>,
    #[serde(default)]
    headers: BTreeMap<String, Template>,
    body: Option<Template>,
    answer_has: Option<String>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    secret_files: BTreeMap<String, PathBuf>,
    ca: Option<PathBuf>,
    ovh: Option<Ovh>,
    command: Option<Vec<Template>>,
    host: Option<String>,
    daily_budget: Option<NonZeroU32>,
    prefixes: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    Get,
    Post,
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl TryFrom<Keys> for Sms {
    type Error = String;

    fn try_from(mut keys: Keys) -> Result<Self, String> {
        let (host, daily_budget) = (keys.host.take(), keys.daily_budget.unwrap_or(TEXTS_A_DAY));
        if let Some(host) = &host
            && postern_rules::name::canonical_domain(host).as_ref() != Ok(host)
        {
            return Err(format!("`host` = {host:?} is no host; write it like \"webmail.example.com\""));
        }
        let prefixes = keys.prefixes.take().map(judge_prefixes).transpose()?.unwrap_or_default();
        let way = match (keys.url.take(), keys.command.take()) {
            (Some(url), None) => SmsWay::Gateway(Box::new(keys.gateway(url)?)),
            (None, Some(_)) if keys.is_of_a_request() => {
                return Err("beside `command` there can be `host`, `daily_budget` and `prefixes` only".to_owned());
            }
            (None, Some(command)) => SmsWay::Command(judge_command(command)?),
            (None, None) => return Err("[sms] needs a `url` or a `command`".to_owned()),
            (Some(_), Some(_)) => return Err("[sms] has a `url` and a `command`; take one out".to_owned()),
        };
        Ok(Self { way, host, daily_budget, prefixes })
    }
}

impl Keys {
    fn is_of_a_request(&self) -> bool {
        let single = [&self.password_file, &self.ca].into_iter().any(Option::is_some)
            || [&self.answer_has, &self.user].into_iter().any(Option::is_some);
        single
            || (self.method.is_some() || self.body.is_some() || self.ovh.is_some())
            || !(self.headers.is_empty() && self.secret_files.is_empty())
    }

    fn gateway(self, url: Template) -> Result<Gateway, String> {
        judge_url(&url)?;
        let method = match (self.method, &self.body) {
            (Some(Verb::Get), Some(_)) => return Err("a `body` goes with `method = \"POST\"`".to_owned()),
            (Some(Verb::Get), None) | (None, None) => Method::GET,
            (Some(Verb::Post), _) | (None, Some(_)) => Method::POST,
        };
        let headers = self.headers.into_iter().map(judge_header).collect::<Result<Vec<_>, _>>()?;
        let body = self.body.map(|body| judge_body(body, &headers)).transpose()?;
        let said = || url.placeholders().chain(body.iter().flat_map(|(body, _)| body.placeholders()));
        if !said().any(|place| *place == Placeholder::Text) {
            return Err("neither `url` nor `body` has {text} in it: what would be sent?".to_owned());
        }
        if !said().any(|place| matches!(place, Placeholder::Number | Placeholder::Digits)) {
            return Err("neither `url` nor `body` has {number} or {digits} in it: to whom would it go?".to_owned());
        }
        for place in said().chain(headers.iter().flat_map(|(_, value)| value.placeholders())) {
            if let Placeholder::Secret(name) = place
                && !self.secret_files.contains_key(name)
            {
                return Err(format!(
                    "there is no file for {{{name}}}: secret_files = {{ {name} = \"/etc/postern/…\" }}"
                ));
            }
        }
        let login = login(self.user, self.password_file)?;
        if login.is_some() && headers.iter().any(|(name, _)| name == header::AUTHORIZATION) {
            return Err("`headers` has an Authorization, and `user` makes one; take one out".to_owned());
        }
        if self.answer_has.as_deref() == Some("") {
            return Err("`answer_has` is empty, which every answer has in it".to_owned());
        }
        let Self { answer_has, secret_files, ca, ovh, .. } = self;
        Ok(Gateway { url, method, headers, body, answer_has, login, secret_files, ca, ovh })
    }
}

/// Validates number prefixes: a country code and optional further digits (ITU-T E.164).
fn judge_prefixes(prefixes: Vec<String>) -> Result<Vec<String>, String> {
    let is_one = |prefix: &str| {
        let digits = prefix.strip_prefix('+').unwrap_or_default();
        !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match prefixes.iter().find(|prefix| !is_one(prefix)) {
        Some(prefix) => Err(format!("`prefixes` has {prefix:?}, with which no number begins; write it like \"+33\"")),
        None if prefixes.is_empty() => Err("`prefixes` is empty, so no number gets a text; take it out".to_owned()),
        None => Ok(prefixes),
    }
}

fn judge_command(command: Vec<Template>) -> Result<Vec<Template>, String> {
    let is_program = |first: &Template| first.head().starts_with('/') && first.placeholders().next().is_none();
    if !command.first().is_some_and(is_program) {
        return Err("`command` begins with a program's full path: [\"/usr/bin/send\", \"{number}\"]".to_owned());
    }
    let placeholders = || command.iter().flat_map(Template::placeholders);
    if placeholders().next().is_none() {
        return Err("`command` has neither {number} nor {digits} in it: to whom would the text go?".to_owned());
    }
    // Every user on this host can read a program's arguments.
    if placeholders().any(|place| !matches!(place, Placeholder::Number | Placeholder::Digits)) {
        return Err("`command` can have {number} and {digits} in it; the text is its standard input".to_owned());
    }
    Ok(command)
}

fn judge_url(url: &Template) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("`url` {why}; write it like \"https://sms.example.com/send\""));
    let Ok(uri) = url.fill(Escape::Percent, |_| "x").parse::<Uri>() else { return wrong("is not a URL") };
    let Some(authority) = uri.authority().filter(|it| !it.as_str().contains('@')) else {
        return wrong("has no host, or a name and password before it: these are `user` and `password_file`");
    };
    // A substituted value must not change the host.
    let head = url.head().split_once("://").map_or("", |(_, place)| place);
    if url.placeholders().next().is_some() && !head.contains(['/', '?']) {
        return wrong("has something to fill in before its path");
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_this_host(authority.host()) => Ok(()),
        Some("http") => wrong("would send codes in the clear to another host"),
        _ => wrong("does not begin with https://"),
    }
}

fn judge_header((name, value): (String, Template)) -> Result<(HeaderName, Template), String> {
    let known = name.parse::<HeaderName>().map_err(|_| format!("`headers` has {name:?}, which is no header"))?;
    if OWN_HEADERS.contains(&known) {
        return Err(format!("`headers` has {name}, which posternd writes by itself; take it out"));
    }
    if value.placeholders().any(|place| *place == Placeholder::Text) {
        return Err(format!("the header {name} has {{text}} in it, which belongs into `url` or `body`"));
    }
    if http::HeaderValue::from_str(&value.fill(Escape::Plain, |_| "x")).is_err() {
        return Err(format!("the header {name} has letters in it that no header can have"));
    }
    Ok((known, value))
}

fn judge_body(body: Template, headers: &[(HeaderName, Template)]) -> Result<(Template, Escape), String> {
    let kind = headers.iter().find(|(name, _)| name == header::CONTENT_TYPE).map_or("", |(_, value)| value.head());
    let escape = match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => Escape::Json,
        "application/x-www-form-urlencoded" => Escape::Percent,
        "text/plain" => Escape::Plain,
        _ => {
            return Err("`headers` needs a Content-Type that says what the body is: application/json, \
                        application/x-www-form-urlencoded or text/plain"
                .to_owned());
        }
    };
    let sample = body.fill(escape, |_| "x");
    if escape == Escape::Json
        && let Err(error) = serde_json::from_str::<IgnoredAny>(&sample)
    {
        return Err(format!("`body` is not JSON when it is filled in ({error}); places stand in quotes: \"{{text}}\""));
    }
    Ok((body, escape))
}
