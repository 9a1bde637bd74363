//! The dialogue before sign-in.

use super::command::{self, Tag, Verb};
use super::splitter::{MAX_COMMAND, Split, Splitter};
use crate::before_sign_in::{self, Counts, FrontOptions};
use crate::protocol::{self, Security};
use crate::refusal_text::RefusalText;
use crate::sasl::{Answered, Awaited};
use crate::verdict::SignInFailure;
use zeroize::Zeroizing;

type Step = protocol::Step<Listening>;
type Next = protocol::Next<Listening>;
type Judging = protocol::Judging<Listening>;

/// Waits for commands.
pub struct Listening {
    security: Security,
    options: FrontOptions,
    splitter: Splitter,
    /// The `AUTHENTICATE` whose response is awaited.
    asked: Option<(Tag, Awaited)>,
    client: Option<String>,
    counts: Counts,
}

type Turn = before_sign_in::Turn<Tag>;

impl Listening {
    /// A new connection, and its greeting.
    pub fn begin(security: Security, options: FrontOptions) -> Step {
        let (splitter, asked, client, counts) = (Splitter::default(), None, None, Counts::default());
        let listening = Self { security, options, splitter, asked, client, counts };
        let say = format!("* OK [CAPABILITY {}] Postern is ready\r\n", listening.capabilities());
        Step::new(say, Next::Read(listening))
    }

    /// The capabilities of the front (RFC 9051, section 7.2.2). The backend sends its own after sign-in.
    fn capabilities(&self) -> &'static str {
        match (self.security, self.options.login_mechanism) {
            (Security::Tls, false) => "IMAP4rev1 LITERAL- SASL-IR ID AUTH=PLAIN",
            (Security::Tls, true) => "IMAP4rev1 LITERAL- SASL-IR ID AUTH=PLAIN AUTH=LOGIN",
            (Security::Clear, _) => "IMAP4rev1 LITERAL- SASL-IR ID STARTTLS LOGINDISABLED",
        }
    }

    fn go_on(mut self, mut say: String) -> Step {
        loop {
            let split = if self.asked.is_some() { self.splitter.line() } else { self.splitter.command() };
            let turn = match split {
                Split::Incomplete => return Step::new(say, Next::Read(self)),
                Split::Invite => {
                    say += "+ Go on\r\n";
                    continue;
                }
                Split::TooLong { start, is_over } => self.refuse_long(&start, is_over, &mut say),
                Split::Whole(message) => self.hear(&message, &mut say),
            };
            match turn {
                Turn::Read => {}
                Turn::Close => return Step::new(say, Next::Close),
                Turn::Judge(tag, credentials) => {
                    return Step::new(say, Next::Judge(Judging { tag, credentials, listening: self }));
                }
                Turn::StartTls => {
                    // Plaintext bytes after the command may have been injected.
                    let listening = Self { security: Security::Tls, splitter: Splitter::default(), ..self };
                    return Step::new(say, Next::StartTls(listening));
                }
            }
        }
    }

    fn hear(&mut self, message: &[u8], say: &mut String) -> Turn {
        let turn = match self.asked.take() {
            Some((tag, asked)) => self.hear_answer(tag, asked, message, say),
            None => match command::parse(message) {
                (Some(tag), Ok(verb)) => self.obey(tag, verb, say),
                (Some(tag), Err(command::Bad)) => self.misunderstand(&tag, say),
                (None, _) => self.misunderstand(&"*", say),
            },
        };
        self.counts.bytes(message.len(), turn, "* BYE Too much was said before signing in\r\n", say)
    }

    fn obey(&mut self, tag: Tag, verb: Verb, say: &mut String) -> Turn {
        match verb {
            Verb::Capability => {
                *say += &format!("* CAPABILITY {}\r\n{tag} OK Done\r\n", self.capabilities());
                Turn::Read
            }
            Verb::Noop => {
                *say += &format!("{tag} OK Done\r\n");
                Turn::Read
            }
            Verb::Id(client) => {
                self.client = client.filter(|client| !client.is_empty());
                *say += &format!("* ID (\"name\" \"Postern\")\r\n{tag} OK Done\r\n");
                Turn::Read
            }
            Verb::Logout => {
                *say += &format!("* BYE Goodbye\r\n{tag} OK Done\r\n");
                Turn::Close
            }
            Verb::StartTls if self.security == Security::Clear => {
                *say += &format!("{tag} OK Begin TLS now\r\n");
                Turn::StartTls
            }
            Verb::StartTls => self.misunderstand(&tag, say),
            Verb::Login(_) | Verb::Plain(_) | Verb::LoginMechanism if self.security == Security::Clear => {
                *say += &format!("{tag} NO [PRIVACYREQUIRED] Begin TLS first, with STARTTLS\r\n");
                self.count_bad(say)
            }
            Verb::Login(credentials) | Verb::Plain(Some(credentials)) => Turn::Judge(tag, credentials),
            Verb::Plain(None) => self.ask(tag, Awaited::Plain, say),
            Verb::LoginMechanism if self.options.login_mechanism => self.ask(tag, Awaited::Name, say),
            Verb::LoginMechanism | Verb::OtherMechanism => {
                *say += &format!("{tag} NO [CANNOT] Only PLAIN works here\r\n");
                self.count_bad(say)
            }
        }
    }

    fn ask(&mut self, tag: Tag, awaited: Awaited, say: &mut String) -> Turn {
        *say += &awaited.challenge();
        self.asked = Some((tag, awaited));
        Turn::Read
    }

    /// Processes the line that an `AUTHENTICATE` waits for; `*` cancels it.
    fn hear_answer(&mut self, tag: Tag, awaited: Awaited, line: &[u8], say: &mut String) -> Turn {
        match awaited.answered(line.trim_ascii_end()) {
            Some(Answered::Whole(credentials)) => Turn::Judge(tag, credentials),
            Some(Answered::Part(next)) => self.ask(tag, next, say),
            None => self.misunderstand(&tag, say),
        }
    }

    /// Refuses a command that is too long (RFC 7888, section 4). If the client waits to send a literal, this answer
    /// ends its command; otherwise the bytes that follow cannot be interpreted, and the connection is closed.
    fn refuse_long(&mut self, start: &[u8], is_over: bool, say: &mut String) -> Turn {
        let tag = self.asked.take().map(|(tag, _)| tag).or_else(|| command::tag(start));
        let tag = tag.map_or_else(|| "*".to_owned(), |tag| tag.to_string());
        *say += &format!("{tag} BAD [TOOBIG] A command may have {MAX_COMMAND} bytes before signing in\r\n");
        if is_over {
            return self.count_bad(say);
        }
        *say += "* BYE That command is too long\r\n";
        Turn::Close
    }

    fn misunderstand(&mut self, tag: &dyn std::fmt::Display, say: &mut String) -> Turn {
        *say += &format!("{tag} BAD That is not possible before signing in, or not written as it should be\r\n");
        self.count_bad(say)
    }

    fn count_bad(&mut self, say: &mut String) -> Turn {
        self.counts.bad("* BYE Too many commands that cannot be served\r\n", say)
    }
}

impl protocol::Listening for Listening {
    type Tag = Tag;

    fn receive(mut self, piece: &[u8]) -> Step {
        self.splitter.push(piece);
        self.go_on(String::new())
    }

    /// The client's name from its ID.
    fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    fn refuse(mut self, tag: Tag, failure: SignInFailure) -> Step {
        let RefusalText { refused, expired, password_expired, unavailable, limit, contact_admin } = &self.options.texts;
        let mut say = match failure {
            SignInFailure::Refused => format!("{tag} NO [AUTHENTICATIONFAILED] {refused}\r\n"),
            SignInFailure::Expired => format!("{tag} NO [EXPIRED] {expired}\r\n"),
            SignInFailure::Unavailable => format!("{tag} NO [UNAVAILABLE] {unavailable}\r\n"),
            // IMAP servers have no such limit.
            SignInFailure::Limit | SignInFailure::TooSoon => format!("{tag} NO [LIMIT] {limit}\r\n"),
            SignInFailure::PasswordExpired => format!("{tag} NO [EXPIRED] {password_expired}\r\n"),
            SignInFailure::ContactAdmin => format!("{tag} NO [CONTACTADMIN] {contact_admin}\r\n"),
        };
        if !self.counts.too_many_failed() {
            return self.go_on(say);
        }
        say += "* BYE Too many sign-ins have failed\r\n";
        Step::new(say, Next::Close)
    }

    fn accept(self) -> Zeroizing<Vec<u8>> {
        self.splitter.rest()
    }
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("security", &self.security).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
