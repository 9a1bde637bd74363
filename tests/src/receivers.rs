//! A telephone and an external mailbox: they receive codes and notices. The SMS gateway uses HTTP, the mail server SMTP
//! (RFC 5321), as far as a client that sends one mail needs it.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use mail_parser::MessageParser;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::wait;
use crate::{During, Result};

/// A received message.
#[derive(Debug, Clone)]
pub struct Message {
    /// `sms` or `mail`.
    pub by: &'static str,
    /// The number or the address.
    pub to: String,
    /// The subject of a mail.
    pub subject: String,
    /// The whole text.
    pub text: String,
}

impl Message {
    /// A received mail, decoded. If `to` is none, the recipient is in the mail: a mail server that delivered it to a
    /// mailbox has added it.
    pub(crate) fn mail(mail: &str, to: Option<String>) -> Message {
        let mail = MessageParser::default().parse(mail).unwrap_or_default();
        let to = to.or_else(|| Some(mail.header("Delivered-To")?.as_text()?.to_owned())).unwrap_or_default();
        let text = mail.body_text(0).unwrap_or_default().replace("\r\n", "\n");
        Message { by: "mail", to, subject: mail.subject().unwrap_or_default().to_owned(), text }
    }

    /// The code in it: six digits that are not part of a longer number.
    pub fn code(&self) -> Option<String> {
        let mut words = self.text.split(|c: char| !c.is_ascii_digit());
        words.find(|word| word.len() == 6).map(str::to_owned)
    }
}

/// The received messages, in order.
#[derive(Debug, Clone, Default)]
struct Inbox(Arc<Mutex<Vec<Message>>>);

impl Inbox {
    fn put(&self, message: Message) {
        self.with(|messages| messages.push(message));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Message>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Both servers, on loopback. They are stopped when the value is dropped.
#[derive(Debug)]
pub struct Receivers {
    /// Taken out only at the end.
    runtime: Option<Runtime>,
    gateway: u16,
    mail: u16,
    inbox: Inbox,
}

impl Receivers {
    /// Starts them.
    pub(crate) fn start() -> Result<Receivers> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().during("the receivers")?;
        let inbox = Inbox::default();
        let gateway = serve(&runtime, &inbox, |stream, inbox| async move {
            let service = service_fn(move |request| take_text(request, inbox.clone()));
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.map_err(io::Error::other)
        })?;
        let mail = serve(&runtime, &inbox, |stream, inbox| async move { take_mail(stream, &inbox).await })?;
        Ok(Receivers { runtime: Some(runtime), gateway, mail, inbox })
    }

    /// The lines of posternd.toml for them.
    pub(crate) fn configuration(&self) -> String {
        format!(
            "[sms]\nurl = \"http://127.0.0.1:{}/send\"\nheaders = {{ Content-Type = \"application/json\" }}\n\
             body = '{{\"to\":\"{{number}}\",\"text\":\"{{text}}\"}}'\n\
             [mail]\nfrom = \"Example <security@example.com>\"\nsmtp = \"smtp://127.0.0.1:{}\"\n",
            self.gateway, self.mail
        )
    }

    /// All messages received, by SMS or by mail.
    pub fn all(&self, by: &str) -> Vec<Message> {
        self.inbox.with(|messages| messages.iter().filter(|message| message.by == by).cloned().collect())
    }

    /// Removes and returns all messages received.
    pub fn take(&self) -> Vec<Message> {
        self.inbox.with(std::mem::take)
    }

    /// Waits for the next message that fits, and removes it.
    pub fn next(&self, by: &str, fits: impl Fn(&Message) -> bool) -> Result<Message> {
        wait::until("a message to arrive", || {
            let fits = |message: &Message| message.by == by && fits(message);
            Ok(self.inbox.with(|messages| messages.iter().position(fits).map(|at| messages.remove(at))))
        })
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        // A world may end inside another runtime, where waiting for this one would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Listens on a free port, which is returned, and serves each client with `connection`.
fn serve<F, S>(runtime: &Runtime, inbox: &Inbox, connection: F) -> Result<u16>
where
    F: Fn(TcpStream, Inbox) -> S + Send + 'static,
    S: Future<Output = io::Result<()>> + Send + 'static,
{
    let doing = "listening for messages";
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during(doing)?;
    listener.set_nonblocking(true).during(doing)?;
    let port = listener.local_addr().during(doing)?.port();
    let _inside = runtime.enter();
    let (listener, inbox) = (tokio::net::TcpListener::from_std(listener).during(doing)?, inbox.clone());
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, inbox.clone()));
        }
    });
    Ok(port)
}

/// The body that posternd posts for a text message, by [`Receivers::configuration`].
#[derive(Deserialize)]
struct Text {
    to: String,
    text: String,
}

/// Receives one text message; 400 for anything else.
async fn take_text(request: Request<Incoming>, inbox: Inbox) -> hyper::Result<Response<Empty<Bytes>>> {
    let body = request.into_body().collect().await?.to_bytes();
    let mut response = Response::new(Empty::new());
    match serde_json::from_slice(&body) {
        Ok(Text { to, text }) => inbox.put(Message { by: "sms", to, subject: String::new(), text }),
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(response)
}

/// Serves one SMTP connection: each mail goes to the inbox, for its first recipient.
async fn take_mail(stream: TcpStream, inbox: &Inbox) -> io::Result<()> {
    let mut stream = BufStream::new(stream);
    let mut to = None;
    say(&mut stream, "220 mail.elsewhere.example ESMTP").await?;
    while let Some(line) = line(&mut stream).await? {
        let command = line.to_ascii_uppercase();
        let reply = match command.split([' ', ':']).next() {
            Some("EHLO" | "HELO") => "250 mail.elsewhere.example",
            Some("RCPT") => {
                to = to.or_else(|| line.split_once('<')?.1.split_once('>').map(|(address, _)| address.to_owned()));
                "250 OK"
            }
            Some("DATA") => {
                say(&mut stream, "354 End with a line of one dot").await?;
                let Some(mail) = body(&mut stream).await? else { return Ok(()) };
                inbox.put(Message::mail(&mail, to.take()));
                "250 OK"
            }
            Some("MAIL" | "RSET" | "NOOP") => "250 OK",
            Some("QUIT") => return say(&mut stream, "221 Bye").await,
            _ => "502 Not here",
        };
        say(&mut stream, reply).await?;
    }
    Ok(())
}

async fn say(stream: &mut BufStream<TcpStream>, reply: &str) -> io::Result<()> {
    stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// The next line without its end; none if the client has closed the connection.
async fn line(stream: &mut BufStream<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let length = stream.read_until(b'\n', &mut line).await?;
    Ok((length > 0).then(|| String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

/// A mail up to the dot that ends it, without the dots that SMTP adds (RFC 5321, section 4.5.2).
async fn body(stream: &mut BufStream<TcpStream>) -> io::Result<Option<String>> {
    let mut mail = String::new();
    while let Some(line) = line(stream).await? {
        if line == "." {
            return Ok(Some(mail));
        }
        mail += line.strip_prefix('.').unwrap_or(&line);
        mail += "\n";
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools;

    /// Sent by another client: curl.
    #[test]
    fn a_text_and_a_mail_arrive_as_they_were_meant() {
        let receivers = Receivers::start().unwrap();
        let gateway = format!("http://127.0.0.1:{}/send", receivers.gateway);
        for (body, status) in [(r#"{"to":"+44","text":"a \"code\" é"}"#, "200"), ("nonsense", "400")] {
            let sent = tools::curl(["--write-out", "%{http_code}", "--data", body, &gateway]).unwrap();
            assert_eq!(sent.stdout, status);
        }
        let text = receivers.next("sms", |_| true).unwrap();
        assert_eq!((text.to.as_str(), text.text.as_str()), ("+44", "a \"code\" é"));

        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("mail");
        let mail = "Subject: =?utf-8?Q?D=C3=A9j=C3=A0?=\r\nContent-Type: text/plain; charset=utf-8\r\n\
                    Content-Transfer-Encoding: quoted-printable\r\n\r\n.a line with a dot, code =\r\n123456\r\n";
        std::fs::write(&file, mail).unwrap();
        let server = format!("smtp://127.0.0.1:{}", receivers.mail);
        let names =
            ["--mail-from", "a@example.com", "--mail-rcpt", "b@elsewhere.example", "--mail-rcpt", "c@x.example"];
        let fixed = [&server, "--upload-file", &file.to_string_lossy()].map(str::to_owned);
        tools::curl(fixed.into_iter().chain(names.map(str::to_owned))).unwrap().success().unwrap();
        let mail = receivers.next("mail", |_| true).unwrap();
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("b@elsewhere.example", "Déjà"));
        assert_eq!(mail.text, ".a line with a dot, code 123456\n");
        assert_eq!(mail.code().as_deref(), Some("123456"));
        assert!(receivers.take().is_empty());
    }
}
