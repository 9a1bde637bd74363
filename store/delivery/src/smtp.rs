//! Mail through a mail server (RFC 5321), which is responsible for a mail once it has acknowledged the end of the data.

use crate::config::{self, SmtpSecurity};
use crate::failure::{Failed, SetUpError};
use crate::line::{Destination, Line, Wire};
use crate::replies::Replies;
use crate::said::said;
use crate::secret_file;
use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use postern_wire::Secret;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// Timeout for everything before the mail data, TLS included: some servers delay clients that they do not know.
pub(crate) const DIALOGUE: Duration = Duration::from_secs(10);
/// Timeout for the server to accept the mail data.
pub(crate) const ACCEPT: Duration = Duration::from_secs(8);
/// Timeout for the reply to QUIT, which has no effect on the result.
pub(crate) const QUIT: Duration = Duration::from_secs(1);
/// Lines of a reply, and bytes of a line (RFC 5321, section 4.5.3.1.5), that are read before TLS.
const REPLY_MAX: (usize, u64) = (64, 512);
/// Maximum number of bytes that a server may send in all. lettre checks the length of a line only after it has read the
/// whole line.
const HEARD_MAX: u64 = 64 * 1024;
/// The greeting that lettre expects first on each connection. After STARTTLS a server does not send it again.
const GREETING: &[u8] = b"220 \r\n";

/// A mail server.
pub(crate) struct Smtp {
    place: Destination,
    security: SmtpSecurity,
    login: Option<(String, Secret)>,
    /// The client's name in EHLO.
    hello: ClientId,
}

/// The command that the server was to answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    Login,
    Sender,
    Recipient,
    Content,
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Smtp {
    /// Reads the files that the configuration names; does not connect. `domain` is the sender's domain.
    pub(crate) fn new(smtp: &config::Smtp, domain: &str) -> Result<Self, SetUpError> {
        let config::SmtpServer { security, host, port } = &smtp.server;
        let place = match security {
            SmtpSecurity::Plain => Destination::plain(host, *port),
            SmtpSecurity::Tls | SmtpSecurity::StartTls => Destination::with_tls(host, *port, smtp.ca.as_deref())?,
        };
        let login = match &smtp.login {
            None => None,
            Some(login) => Some((login.user.clone(), secret_file::read(&login.password_file)?)),
        };
        Ok(Self { place, security: *security, login, hello: ClientId::Domain(domain.to_owned()) })
    }

    /// Sends a mail. Its content is written once, whatever the result.
    pub(crate) async fn send(&self, from: &Address, to: &Address, content: &[u8]) -> Result<(), Failed> {
        let stream = self.place.reach().await?;
        let late = |limit: Duration| format!("{} did not answer within {} s", self.place, limit.as_secs());
        let begun = timeout(DIALOGUE, self.begin(stream, from, to)).await;
        let mut server = begun.unwrap_or_else(|_| Err(Failed::Unsent(late(DIALOGUE))))?;
        // The library writes the end of the last line itself.
        let content = content.strip_suffix(b"\r\n").unwrap_or(content);
        let accepted = timeout(ACCEPT, server.message(content)).await;
        accepted.map_err(|_| Failed::Unclear(late(ACCEPT)))?.map_err(|error| self.failed(Step::Content, &error))?;
        let _ = timeout(QUIT, server.quit()).await;
        Ok(())
    }

    /// Runs the dialogue up to the point where the server asks for the mail data.
    async fn begin(
        &self,
        stream: impl Wire + 'static,
        from: &Address,
        to: &Address,
    ) -> Result<AsyncSmtpConnection, Failed> {
        let (line, greeting) = match self.security {
            SmtpSecurity::StartTls => (self.start_tls(stream).await?, GREETING),
            SmtpSecurity::Tls | SmtpSecurity::Plain => (self.place.secure(stream).await?, &b""[..]),
        };
        let (read, write) = tokio::io::split(line);
        let line: Line = Box::new(tokio::io::join(greeting.chain(Replies::of(read.take(HEARD_MAX))), write));
        let at = |step| move |error: SmtpError| self.failed(step, &error);
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(line), &self.hello).await;
        let mut server = greeted.map_err(at(Step::Greeting))?;
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            server.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(at(Step::Login))?;
        }
        server.command(Mail::new(Some(from.clone()), Vec::new())).await.map_err(at(Step::Sender))?;
        server.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(at(Step::Recipient))?;
        server.command(Data).await.map_err(at(Step::Sender))?;
        Ok(server)
    }

    /// Requests and starts TLS. lettre could do it, but would go on reading unencrypted data that follows the server's
    /// answer.
    async fn start_tls(&self, stream: impl Wire + 'static) -> Result<Line, Failed> {
        let unsent = |why: &str| Failed::Unsent(format!("{} {why}", self.place));
        let broken = |error: io::Error| unsent(&format!("broke off: {error}"));
        let mut line = BufReader::new(stream);
        reply(&mut line, "220").await.map_err(broken)?;
        line.write_all(format!("EHLO {}\r\n", self.hello).as_bytes()).await.map_err(broken)?;
        let offers = reply(&mut line, "250").await.map_err(broken)?;
        if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
            return Err(unsent("does not offer STARTTLS; is it the right port?"));
        }
        line.write_all(b"STARTTLS\r\n").await.map_err(broken)?;
        reply(&mut line, "220").await.map_err(broken)?;
        if !line.buffer().is_empty() {
            return Err(unsent("sends data in the clear behind STARTTLS; an attacker may be in between"));
        }
        self.place.secure(line.into_inner()).await
    }

    fn failed(&self, step: Step, error: &SmtpError) -> Failed {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        let what = match error.status() {
            Some(code) => format!("{} answers {code} and says {}", self.place, said(&text)),
            None if error.is_response() => format!("{} answers no reply of SMTP: {}", self.place, said(&text)),
            // The error text of the library or of the system.
            None => format!("{} broke off: {error}", self.place),
        };
        match step {
            Step::Content if error.status().is_none() => Failed::Unclear(what),
            Step::Content | Step::Recipient if error.is_permanent() => Failed::Refused(what),
            Step::Login => Failed::Unsent(format!("{what}; see [mail] user and password_file")),
            Step::Sender if error.is_permanent() => Failed::Unsent(format!("{what}; see [mail] from and user")),
            Step::Greeting | Step::Sender | Step::Recipient | Step::Content => Failed::Unsent(what),
        }
    }
}

/// Reads a whole reply with this code, and returns its texts without the code.
async fn reply<S: Wire>(line: &mut BufReader<S>, code: &str) -> io::Result<Vec<String>> {
    let (lines, bytes) = REPLY_MAX;
    let mut texts = Vec::new();
    while texts.len() < lines {
        let mut text = Vec::new();
        (&mut *line).take(bytes).read_until(b'\n', &mut text).await?;
        let text = String::from_utf8_lossy(&text);
        let wanted = text.strip_suffix('\n').and_then(|text| text.trim_end().strip_prefix(code));
        // A code may come without text.
        let wanted = wanted.filter(|text| text.is_empty() || text.starts_with([' ', '-']));
        let wanted = wanted.ok_or_else(|| io::Error::other(format!("{} is not {code}", said(&text))))?;
        let is_last = !wanted.starts_with('-');
        texts.push(wanted.get(1..).unwrap_or_default().to_owned());
        if is_last {
            return Ok(texts);
        }
    }
    Err(io::Error::other("its reply is too long"))
}
