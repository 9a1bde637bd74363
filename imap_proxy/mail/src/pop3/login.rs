//! The dialogue before sign-in.

use super::command::{Command, parse};
use super::offers::Shown;
use crate::before_sign_in::{self, Counts, FrontOptions};
use crate::line::{Line, Lines};
use crate::protocol::{self, Security};
use crate::refusal_text::RefusalText;
use crate::sasl::{Answered, Awaited};
use crate::verdict::SignInFailure;
use postern_front::credentials::Credentials;
use std::fmt;
use zeroize::Zeroizing;

type Step = protocol::Step<Listening>;
type Next = protocol::Next<Listening>;
type Judging = protocol::Judging<Listening>;

/// Waits for commands.
pub struct Listening {
    security: Security,
    options: FrontOptions,
    shown: Shown,
    lines: Lines,
    /// The SASL response that is awaited.
    asked: Option<Awaited>,
    /// The name of the last `USER`.
    user: Option<Zeroizing<Vec<u8>>>,
    counts: Counts,
}

type Turn = before_sign_in::Turn<()>;

impl Listening {
    /// A new connection, and its greeting. It has no timestamp, so no client tries APOP, which no second factor can go
    /// with (RFC 1939, section 7).
    pub fn begin(security: Security, options: FrontOptions, shown: Shown) -> Step {
        let (lines, asked, user, counts) = (Lines::default(), None, None, Counts::default());
        let listening = Self { security, options, shown, lines, asked, user, counts };
        Step::new("+OK Postern is ready\r\n".to_owned(), Next::Read(listening))
    }

    /// The capabilities (RFC 2449, section 5). After sign-in the backend lists its own.
    fn capabilities(&self) -> String {
        let own = match (self.security, self.options.login_mechanism) {
            (Security::Clear, _) => "STLS\r\n",
            (Security::Tls, false) => "USER\r\nSASL PLAIN\r\n",
            (Security::Tls, true) => "USER\r\nSASL PLAIN LOGIN\r\n",
        };
        format!("+OK\r\n{own}PIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n{}.\r\n", self.shown)
    }

    fn go_on(mut self, mut say: String) -> Step {
        loop {
            let turn = match self.lines.take() {
                Line::Incomplete => return Step::new(say, Next::Read(self)),
                Line::Whole(line) => self.hear(&line, &mut say),
                Line::TooLong => {
                    say += "-ERR That line is too long\r\n";
                    Turn::Close
                }
            };
            match turn {
                Turn::Read => {}
                Turn::Close => return Step::new(say, Next::Close),
                Turn::Judge((), credentials) => {
                    return Step::new(say, Next::Judge(Judging { tag: (), credentials, listening: self }));
                }
                Turn::StartTls => {
                    // Plaintext bytes after the command may have been injected, and so may a name before it.
                    let (lines, user) = (Lines::default(), None);
                    let listening = Self { security: Security::Tls, lines, user, ..self };
                    return Step::new(say, Next::StartTls(listening));
                }
            }
        }
    }

    fn hear(&mut self, line: &[u8], say: &mut String) -> Turn {
        let turn = match self.asked.take() {
            Some(asked) => self.hear_answer(asked, line, say),
            None => self.obey(parse(line), say),
        };
        self.counts.bytes(line.len(), turn, "-ERR Too much was said before signing in\r\n", say)
    }

    fn obey(&mut self, command: Command, say: &mut String) -> Turn {
        match command {
            Command::Capabilities => {
                *say += &self.capabilities();
                Turn::Read
            }
            Command::Quit => {
                *say += "+OK Goodbye\r\n";
                Turn::Close
            }
            Command::StartTls if self.security == Security::Clear => {
                *say += "+OK Begin TLS now\r\n";
                Turn::StartTls
            }
            Command::User(_) | Command::Pass(_) | Command::Plain(_) | Command::Login(_) | Command::Mechanisms
                if self.security == Security::Clear =>
            {
                *say += "-ERR Begin TLS first, with STLS\r\n";
                self.count_bad(say)
            }
            Command::User(name) => {
                // The same for every name: it is judged together with the password.
                *say += "+OK\r\n";
                self.user = Some(name);
                Turn::Read
            }
            Command::Pass(password) => {
                let credentials = self.user.take().and_then(|name| Credentials::new(&name, &password));
                match credentials {
                    Some(credentials) => Turn::Judge((), credentials),
                    None => self.misunderstand(say),
                }
            }
            Command::Mechanisms => {
                let login = if self.options.login_mechanism { "LOGIN\r\n" } else { "" };
                *say += &format!("+OK\r\nPLAIN\r\n{login}.\r\n");
                Turn::Read
            }
            Command::Plain(None) => self.ask(Awaited::Plain, say),
            Command::Plain(Some(message)) => self.hear_answer(Awaited::Plain, &message, say),
            Command::Login(None) if self.options.login_mechanism => self.ask(Awaited::Name, say),
            Command::Login(Some(name)) if self.options.login_mechanism => self.hear_answer(Awaited::Name, &name, say),
            Command::Login(_) | Command::OtherMechanism => {
                *say += "-ERR Only PLAIN works here\r\n";
                self.count_bad(say)
            }
            Command::StartTls | Command::Unknown => self.misunderstand(say),
        }
    }

    fn ask(&mut self, awaited: Awaited, say: &mut String) -> Turn {
        *say += &awaited.challenge();
        self.asked = Some(awaited);
        Turn::Read
    }

    /// Processes the line that an `AUTH` waits for; `*` cancels it (RFC 5034, section 4).
    fn hear_answer(&mut self, awaited: Awaited, line: &[u8], say: &mut String) -> Turn {
        match awaited.answered(line) {
            Some(Answered::Whole(credentials)) => Turn::Judge((), credentials),
            Some(Answered::Part(next)) => self.ask(next, say),
            None => self.misunderstand(say),
        }
    }

    fn misunderstand(&mut self, say: &mut String) -> Turn {
        *say += "-ERR That is not possible before signing in, or not written as it should be\r\n";
        self.count_bad(say)
    }

    fn count_bad(&mut self, say: &mut String) -> Turn {
        self.counts.bad("-ERR Too many commands that cannot be served\r\n", say)
    }
}

impl protocol::Listening for Listening {
    /// Replies come in the order of commands.
    type Tag = ();

    fn receive(mut self, piece: &[u8]) -> Step {
        self.lines.push(piece);
        self.go_on(String::new())
    }

    fn client(&self) -> Option<&str> {
        None
    }

    /// The codes are those of RFC 2449, section 8.1.1, and RFC 3206: `[AUTH]` has a client ask for a new password, the
    /// others do not.
    fn refuse(mut self, (): (), failure: SignInFailure) -> Step {
        let RefusalText { refused, expired, password_expired, unavailable, limit, contact_admin } = &self.options.texts;
        let mut say = match failure {
            SignInFailure::Refused => format!("-ERR [AUTH] {refused}\r\n"),
            SignInFailure::Expired => format!("-ERR [AUTH] {expired}\r\n"),
            SignInFailure::PasswordExpired => format!("-ERR [AUTH] {password_expired}\r\n"),
            SignInFailure::ContactAdmin => format!("-ERR [AUTH] {contact_admin}\r\n"),
            SignInFailure::Unavailable => format!("-ERR [SYS/TEMP] {unavailable}\r\n"),
            SignInFailure::Limit => format!("-ERR [IN-USE] {limit}\r\n"),
            SignInFailure::TooSoon => {
                "-ERR [LOGIN-DELAY] The mail server wants a longer time between two sign-ins.\r\n".to_owned()
            }
        };
        if !self.counts.too_many_failed() {
            return self.go_on(say);
        }
        say += "-ERR Too many sign-ins have failed\r\n";
        Step::new(say, Next::Close)
    }

    fn accept(self) -> Zeroizing<Vec<u8>> {
        self.lines.rest()
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("security", &self.security).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
