//! `[mail]`: how the daemon sends mail.

use super::login::{Login, is_this_host, login};
use crate::recipient::read_address;
use http::Uri;
use lettre::message::Mailbox;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Mails per day unless `daily_budget` is set.
const MAILS_A_DAY: NonZeroU32 = NonZeroU32::new(5000).expect("it is not zero");

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Mail {
    /// The sender's address.
    pub from: Mailbox,
    /// How a mail is sent.
    pub way: MailWay,
    /// Maximum number of mails per day (UTC).
    pub daily_budget: NonZeroU32,
}

/// How a mail is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailWay {
    /// Through a mail server.
    Smtp(Smtp),
    /// Through this program, which accepts sendmail's arguments.
    Sendmail(PathBuf),
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Its address.
    pub server: SmtpServer,
    /// The login for the server; none: no authentication.
    pub login: Option<Login>,
    /// The file of the CA that has signed the server's certificate; none: a CA that this system trusts.
    pub ca: Option<PathBuf>,
}

/// The transport security of the connection to a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS before any confidential data is sent (RFC 3207).
    StartTls,
    /// No TLS: on this host only.
    Plain,
}

/// The address of a mail server: `smtps://mail.example.com:465`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SmtpServer {
    /// The transport security of the connection.
    pub security: SmtpSecurity,
    /// Its host name or IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    from: String,
    smtp: Option<SmtpServer>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    sendmail: Option<PathBuf>,
    daily_budget: Option<NonZeroU32>,
}

impl TryFrom<Keys> for Mail {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let mistaken = || format!("`from` = {:?}; write it like \"Postern <security@example.com>\"", keys.from);
        let from: Mailbox = keys.from.parse().map_err(|_| mistaken())?;
        let email = read_address(from.email.as_ref()).ok_or_else(mistaken)?;
        if from.name.as_ref().is_some_and(|name| name.contains(char::is_control)) {
            return Err(mistaken());
        }
        let has_keys_of_smtp = keys.user.is_some() || keys.password_file.is_some() || keys.ca.is_some();
        let way = match (keys.smtp, keys.sendmail) {
            (Some(server), None) => {
                if server.security == SmtpSecurity::Plain && keys.ca.is_some() {
                    return Err("`ca` is for TLS, and `smtp` is without; write smtps:// or take it out".to_owned());
                }
                MailWay::Smtp(Smtp { server, login: login(keys.user, keys.password_file)?, ca: keys.ca })
            }
            (None, Some(_)) if has_keys_of_smtp => {
                return Err("`user`, `password_file` and `ca` go with `smtp`, not with `sendmail`".to_owned());
            }
            (None, Some(program)) if program.is_absolute() => MailWay::Sendmail(program),
            (None, Some(_)) => return Err("`sendmail` needs a full path, such as \"/usr/sbin/sendmail\"".to_owned()),
            (None, None) => return Err("[mail] needs `smtp` or `sendmail`".to_owned()),
            (Some(_), Some(_)) => return Err("[mail] has `smtp` and `sendmail`; take one out".to_owned()),
        };
        Ok(Self { from: Mailbox::new(from.name, email), way, daily_budget: keys.daily_budget.unwrap_or(MAILS_A_DAY) })
    }
}

impl TryFrom<String> for SmtpServer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` {why}; write it like \"smtps://mail.example.com:465\"");
        let (scheme, place) = text.split_once("://").ok_or_else(|| wrong("is not a URL"))?;
        let (security, default) = match scheme {
            "smtps" => (SmtpSecurity::Tls, 465),
            "smtp+starttls" => (SmtpSecurity::StartTls, 587),
            "smtp" => (SmtpSecurity::Plain, 25),
            _ => return Err(wrong("begins with none of smtps://, smtp+starttls:// and smtp://")),
        };
        // Without a scheme the library would parse a path as a host, so a scheme that it knows is added.
        let uri: Uri = format!("https://{place}").parse().map_err(|_| wrong("is not a URL"))?;
        let authority = uri.authority().filter(|it| !it.as_str().contains('@')).ok_or_else(|| wrong("is not a URL"))?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(wrong("has more than host and port"));
        }
        if security == SmtpSecurity::Plain && !is_this_host(authority.host()) {
            return Err(wrong("would send codes in the clear to another host"));
        }
        let has_port = authority.as_str().len() > authority.host().len();
        let port = if has_port { authority.port_u16().ok_or_else(|| wrong("has no proper port"))? } else { default };
        // An IPv6 address has brackets in a URL, and nowhere else.
        Ok(Self { security, host: authority.host().trim_matches(['[', ']']).to_owned(), port })
    }
}
