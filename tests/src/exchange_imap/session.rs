//! One connection to the imitation.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};

use super::command::Line;
use super::shared::{BEFORE_TLS, GREETING, Mood, Place, Shared};

/// What happens to a connection after a command.
enum Next {
    Go,
    StartTls,
    Close,
}

/// A connection, and the mailbox that is signed in on it.
pub(super) struct Session<S: AsyncRead + AsyncWrite> {
    shared: Arc<Shared>,
    stream: BufStream<S>,
    capabilities: &'static str,
    place: Option<Place>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Uses a connection that was greeted before.
    pub(super) fn over(shared: Arc<Shared>, stream: S) -> Self {
        let capabilities = shared.manner.capabilities;
        Self { shared, stream: BufStream::new(stream), capabilities, place: None }
    }

    pub(super) async fn greet(shared: Arc<Shared>, stream: S) -> io::Result<Self> {
        let mut session = Self::over(shared, stream);
        session.say(GREETING).await?;
        Ok(session)
    }

    /// A session in which only STARTTLS works.
    pub(super) fn before_tls(self) -> Self {
        Self { capabilities: BEFORE_TLS, ..self }
    }

    /// Executes commands until the end; returns the connection if TLS is to begin on it. Bytes after STARTTLS are
    /// discarded.
    pub(super) async fn run(mut self) -> io::Result<Option<S>> {
        while let Some(words) = self.line().command().await? {
            match self.obey(&words).await? {
                Next::Go => {}
                Next::StartTls => return Ok(Some(self.stream.into_inner())),
                Next::Close => {
                    self.stream.shutdown().await?;
                    break;
                }
            }
        }
        Ok(None)
    }

    fn line(&mut self) -> Line<'_, S> {
        Line { stream: &mut self.stream, shared: &self.shared }
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn obey(&mut self, words: &[String]) -> io::Result<Next> {
        let [tag, verb, arguments @ ..] = words else {
            self.say("* BAD Command Error. 10").await?;
            return Ok(Next::Go);
        };
        let verb = verb.to_ascii_uppercase();
        let done = format!("{tag} OK {verb} completed.");
        match verb.as_str() {
            "CAPABILITY" => self.say(&format!("* CAPABILITY {}\r\n{done}", self.capabilities)).await?,
            "NOOP" => self.say(&done).await?,
            "ID" => self.say(&format!("* ID NIL\r\n{done}")).await?,
            "LOGOUT" => {
                let bye = "* BYE Microsoft Exchange Server 2013 IMAP4 server signing off.";
                self.say(&format!("{bye}\r\n{done}")).await?;
                return Ok(Next::Close);
            }
            "STARTTLS" if self.capabilities == BEFORE_TLS => {
                self.say(&format!("{tag} OK Begin TLS negotiation now.")).await?;
                return Ok(Next::StartTls);
            }
            "LOGIN" if self.place.is_none() && !self.capabilities.contains("LOGINDISABLED") => {
                let [name, password] = arguments else { return self.misunderstand(tag).await };
                self.sign_in(tag, "LOGIN", name, password).await?;
            }
            "AUTHENTICATE" if self.place.is_none() && self.capabilities != BEFORE_TLS => {
                self.authenticate(tag, arguments).await?;
            }
            _ => match self.place.take() {
                None => self.say(&format!("{tag} BAD Command received in Invalid state.")).await?,
                Some(place) => {
                    self.serve(&place, tag, &verb, arguments).await?;
                    self.place = Some(place);
                }
            },
        }
        Ok(Next::Go)
    }

    async fn misunderstand(&mut self, tag: &str) -> io::Result<Next> {
        self.say(&format!("{tag} BAD Command Argument Error. 11")).await?;
        Ok(Next::Go)
    }

    /// PLAIN, with or without an initial response; none of the other mechanisms that it announces.
    async fn authenticate(&mut self, tag: &str, arguments: &[String]) -> io::Result<()> {
        let response = match arguments {
            [mechanism, response] if mechanism.eq_ignore_ascii_case("PLAIN") => response.clone(),
            [mechanism] if mechanism.eq_ignore_ascii_case("PLAIN") => {
                self.say("+").await?;
                self.line().line().await?.unwrap_or_default()
            }
            _ => String::new(),
        };
        let message = String::from_utf8(STANDARD.decode(response).unwrap_or_default()).unwrap_or_default();
        self.shared.hear(message.as_bytes());
        let parts: Vec<&str> = message.split('\0').collect();
        match parts.as_slice() {
            ["", name, password] => self.sign_in(tag, "AUTHENTICATE", name, password).await,
            _ => self.say(&format!("{tag} NO AUTHENTICATE failed.")).await,
        }
    }

    async fn sign_in(&mut self, tag: &str, verb: &str, name: &str, password: &str) -> io::Result<()> {
        if self.shared.manner.mood == Mood::Unavailable {
            return self.say(&format!("{tag} NO Server Unavailable. 15")).await;
        }
        self.place = self.shared.admit(name, password);
        if self.place.is_none() {
            return self.say(&format!("{tag} NO {verb} failed.")).await;
        }
        if self.shared.manner.mood == Mood::Talkative {
            let news = format!("* CAPABILITY {}\r\n* OK [ALERT] The server is restarted at noon.", self.capabilities);
            self.say(&news).await?;
        }
        self.say(&format!("{tag} OK {verb} completed.")).await
    }

    /// The commands that require a sign-in.
    async fn serve(&mut self, place: &Place, tag: &str, verb: &str, arguments: &[String]) -> io::Result<()> {
        if self.shared.manner.mood == Mood::NotConnected {
            return self.say(&format!("{tag} BAD User is authenticated but not connected.")).await;
        }
        let messages = place.messages().map_err(io::Error::other)?;
        match verb {
            "NAMESPACE" => self.say("* NAMESPACE ((\"\" \"/\")) NIL NIL").await?,
            "LIST" => self.say("* LIST (\\HasNoChildren) \"/\" INBOX").await?,
            "SELECT" => {
                let flags = "(\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)";
                let (count, next) = (messages.len(), messages.len() + 1);
                self.say(&format!(
                    "* {count} EXISTS\r\n* 0 RECENT\r\n* FLAGS {flags}\r\n\
                     * OK [PERMANENTFLAGS {flags}] Permanent flags\r\n* OK [UIDVALIDITY 14] UIDVALIDITY value\r\n\
                     * OK [UIDNEXT {next}] The next unique identifier value\r\n{tag} OK [READ-WRITE] SELECT completed."
                ))
                .await?;
                return Ok(());
            }
            "SEARCH" => self.say("* SEARCH 1 2").await?,
            "FETCH" => {
                let [number, item] = arguments else { return self.misunderstand(tag).await.map(drop) };
                let message = number.parse().ok().and_then(|number: usize| messages.get(number.checked_sub(1)?));
                let Some(message) = message else { return self.misunderstand(tag).await.map(drop) };
                let item = if item.contains("RFC822") { "RFC822" } else { "BODY[]" };
                self.say(&format!("* {number} FETCH ({item} {{{}}}\r\n{message})", message.len())).await?;
            }
            "IDLE" => {
                self.say("+ IDLE accepted, awaiting DONE command.").await?;
                self.line().line().await?;
            }
            _ => return self.say(&format!("{tag} BAD Command Error. 10")).await,
        }
        self.say(&format!("{tag} OK {verb} completed.")).await
    }
}
