//! Mail: its format, and its transport.

use crate::config::{self, MailWay};
use crate::failure::{Failed, SetUpError};
use crate::program;
use crate::smtp::Smtp;
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox, Message};
use postern_rules::Time;
use postern_wire::Secret;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};
use zeroize::Zeroizing;

/// RFC 3834, section 5: prevents automatic replies such as vacation notices.
const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");
/// Random bytes of a Message-ID (RFC 5322 section 3.6.4): a recipient can recognize a duplicate by it.
pub type MessageId = [u8; 16];

/// Composes and sends mail.
pub struct MailTransport {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(Smtp),
    Sendmail(PathBuf),
}

impl MailTransport {
    /// Reads the files that the configuration names; does not connect.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(mail: &config::Mail) -> Result<Self, SetUpError> {
        let way = match &mail.way {
            MailWay::Smtp(smtp) => Way::Smtp(Smtp::new(smtp, mail.from.email.domain())?),
            MailWay::Sendmail(program) => Way::Sendmail(program.clone()),
        };
        Ok(Self { from: mail.from.clone(), way })
    }

    /// Sends a plain-text mail, and returns when the mail server or sendmail has accepted it, within
    /// [`LONGEST`](crate::LONGEST).
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn send(
        &self,
        now: Time,
        id: &MessageId,
        to: &Address,
        subject: &str,
        body: &Secret,
    ) -> Result<(), Failed> {
        let content = write(&self.from, to, now, id, subject, body)?;
        match &self.way {
            Way::Smtp(smtp) => smtp.send(&self.from.email, to, &content).await,
            Way::Sendmail(sendmail) => {
                let arguments = ["-i", "-f", self.from.email.as_ref(), "--", to.as_ref()].into_iter();
                // A local program receives this system's line endings.
                let content = Zeroizing::new(content.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>());
                program::run(sendmail, arguments, &content).await
            }
        }
    }
}

/// Composes the mail as it is sent: in ASCII, with CRLF line endings.
fn write(
    from: &Mailbox,
    to: &Address,
    now: Time,
    id: &MessageId,
    subject: &str,
    body: &Secret,
) -> Result<Zeroizing<Vec<u8>>, Failed> {
    if subject.contains(char::is_control) {
        return Err(Failed::Unsent("the subject has more than one line".to_owned()));
    }
    let body = body.reveal().to_owned();
    let body = match body.is_ascii() {
        true => Body::new(body),
        // Some filters treat a short text in base64 as suspicious.
        false => Body::new_with_encoding(body, ContentTransferEncoding::QuotedPrintable)
            .map_err(|_| Failed::Unsent("the mail cannot be written as quoted-printable".to_owned()))?,
    };
    let id = format!("<{:032x}@{}>", u128::from_be_bytes(*id), from.email.domain());
    let (name, value) = AUTO_SUBMITTED;
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(subject)
        .date(UNIX_EPOCH + Duration::from_secs(now.unsigned()))
        .message_id(Some(id))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()))
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN)
        .body(body);
    let message = message.map_err(|error| Failed::Unsent(format!("the mail cannot be written: {error}")))?;
    Ok(Zeroizing::new(message.formatted()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipient::read_address;

    fn written(from: &str, subject: &str, body: &str) -> Result<String, Failed> {
        let to = read_address("bob@example.org").unwrap();
        let content = write(&from.parse().unwrap(), &to, Time(1_795_305_600), &[7; 16], subject, &Secret::from(body))?;
        Ok(String::from_utf8(content.to_vec()).unwrap())
    }

    #[test]
    fn a_mail_is_simple() {
        let mail = written("Postern <security@example.com>", "Your code", "Hello.\n123456 is your code.\n").unwrap();
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        let mut lines: Vec<_> = head.lines().collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "Auto-Submitted: auto-generated",
                "Content-Transfer-Encoding: 7bit",
                "Content-Type: text/plain; charset=utf-8",
                "Date: Sun, 22 Nov 2026 00:00:00 +0000",
                "From: Postern <security@example.com>",
                "MIME-Version: 1.0",
                "Message-ID: <07070707070707070707070707070707@example.com>",
                "Subject: Your code",
                "To: bob@example.org",
            ]
        );
        assert_eq!(body, "Hello.\r\n123456 is your code.\r\n");
    }

    #[test]
    fn letters_beyond_ascii_are_encoded() {
        let mail = written("Poterne « é » <security@example.com>", "Votre code à usage unique", "Été.\n").unwrap();
        assert!(mail.is_ascii(), "{mail}");
        assert!(mail.contains("Subject: Votre code =?utf-8?b?"), "{mail}");
        assert!(mail.ends_with("=C3=89t=C3=A9.\r\n"), "{mail}");
    }

    #[test]
    fn a_subject_cannot_end_its_header() {
        for subject in ["a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\0"] {
            assert!(matches!(written("a@example.com", subject, ""), Err(Failed::Unsent(_))), "{subject:?}");
        }
        let long = written("a@example.com", &"é ".repeat(500), "").unwrap();
        assert!(long.lines().all(|line| line.len() <= 998), "{long}");
    }
}
