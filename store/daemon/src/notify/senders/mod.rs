//! How codes and notices leave the daemon: texts through an HTTP gateway or a local program, mails through a mail
//! server or sendmail. Who is sent what, and how often, is decided elsewhere; here are transport and the day's budget.
//!
//! From outside in: [`Senders`] counts (`budget.rs`) and chooses the way; `gateway.rs`, `program.rs`, and `mail.rs` with
//! `smtp.rs` are the ways; `line.rs` connects. [`template`] and [`recipient`] keep values from being anything else.
//!
//! Nothing is sent twice here: what is tried again is connecting, and never once a byte of a message has left. Notices that
//! were not taken are tried again by [`crate::notify::outbox`].

mod budget;
mod gateway;
mod line;
mod mail;
mod ovh;
mod program;
pub mod recipient;
mod recipients;
mod replies;
mod said;
mod secret_file;
mod smtp;
pub mod template;

use crate::config::{Config, SmsWay};
use crate::metrics::{Delivery, METRICS};
use crate::notify::notices::Letter;
use budget::Budget;
use gateway::Gateway;
use mail::Mail;
use postern_rules::Time;
use postern_rules::message_cap::Medium;
use postern_rules::offers::Sendable;
use postern_vault::records::Records;
use postern_wire::Secret;
use program::Texter;
use recipient::{Number, mask, read_address};
use recipients::Recipients;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

pub use mail::MessageId;

/// How long a message takes at most, beside what the store takes to count it: who waits for it at a front is given more.
pub const LONGEST: Duration = Duration::from_secs(25);

/// Why a configuration cannot be put to use: a file of a secret, or of an authority. For people.
#[derive(Debug)]
pub struct SetUpError(String);

impl fmt::Display for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetUpError {}

/// Why a message has not been sent. `Display` is for the journal: what, why, and what to do; it shows neither what was
/// to be sent nor to whom.
#[derive(Debug, PartialEq, Eq)]
pub enum SendError {
    /// The configuration has no such way.
    NotConfigured(Medium),
    /// As many as a day may have.
    Budget(Medium, NonZeroU32),
    /// As many as one number or address may have in a day.
    Recipient(Medium),
    /// The number or the address is none, or the receiver does not take it: another one is needed.
    Refused(String),
    /// It cannot be sent now; or it may have been sent, and nobody confirms it.
    Unavailable(String),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured(kind) => {
                write!(f, "no {kind} can be sent: add a section [{}] to posternd.toml", kind.section())
            }
            Self::Budget(kind, most) => write!(
                f,
                "no {kind} is sent before midnight UTC: {most} have been sent today. If that is too few, raise \
                 [{}] daily_budget; if it is more than people ask for, look who does",
                kind.section()
            ),
            Self::Recipient(kind) => write!(
                f,
                "no {kind} is sent to this recipient before midnight UTC: as many as one gets in a day have been sent. Look \
                 who asks for them: postern audit"
            ),
            Self::Refused(why) | Self::Unavailable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SendError {}

/// What went wrong on a way, and how much may have left.
#[derive(Debug)]
enum Failed {
    /// Nothing was accepted, for sure.
    Unsent(String),
    /// The receiver says no to this message.
    Refused(String),
    /// It may have been accepted.
    Unclear(String),
}

enum TextWay {
    Gateway(Box<Gateway>),
    Program(Texter),
}

struct Texts {
    way: TextWay,
    daily_budget: NonZeroU32,
    /// How numbers begin that get one; empty: all do.
    prefixes: Vec<String>,
}

/// Every way that is configured.
pub struct Senders {
    text: Option<Texts>,
    mail: Option<(Mail, NonZeroU32)>,
    budget: Budget,
    recipients: Recipients,
}

/// Reads the files that the configuration names, and sends nothing.
///
/// # Errors
/// [`SetUpError`].
pub fn judge(config: &Config) -> Result<(), SetUpError> {
    ways(config).map(drop)
}

type Ways = (Option<Texts>, Option<(Mail, NonZeroU32)>);

fn ways(config: &Config) -> Result<Ways, SetUpError> {
    let text = match &config.sms {
        None => None,
        Some(sms) => {
            let way = match &sms.way {
                SmsWay::Gateway(gateway) => TextWay::Gateway(Box::new(Gateway::new(gateway)?)),
                SmsWay::Command(command) => TextWay::Program(Texter::new(command)),
            };
            Some(Texts { way, daily_budget: sms.daily_budget, prefixes: sms.prefixes.clone() })
        }
    };
    let mail = config.mail.as_ref().map(|mail| Ok((Mail::new(mail)?, mail.daily_budget))).transpose()?;
    Ok((text, mail))
}

impl Senders {
    /// What the configuration names; what has left today stands in the records.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(config: &Config, records: Records) -> Result<Self, SetUpError> {
        let (text, mail) = ways(config)?;
        Ok(Self { text, mail, budget: Budget::new(records), recipients: Recipients::default() })
    }

    /// What can be sent at all.
    pub fn sendable(&self) -> Sendable {
        Sendable { texts: self.text.is_some(), mails: self.mail.is_some() }
    }

    /// How many of a kind may still leave today; none where there is no such way, or the records do not say.
    pub async fn left(&self, now: Time, kind: Medium) -> Option<u32> {
        let most = match kind {
            Medium::Text => self.text.as_ref()?.daily_budget,
            Medium::Mail => self.mail.as_ref()?.1,
        };
        self.budget.left(now, kind, most).await.ok()
    }

    /// Sends a text to a number in international format, and answers when the gateway or the program has taken it, within
    /// [`LONGEST`].
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn text(&self, now: Time, number: &str, text: &Secret) -> Result<(), SendError> {
        let outcome = self.send_text(now, number, text).await;
        METRICS.messages.count((Medium::Text.into(), Delivery::of(&outcome)));
        outcome
    }

    async fn send_text(&self, now: Time, number: &str, text: &Secret) -> Result<(), SendError> {
        let Texts { way, daily_budget, prefixes } = self.text.as_ref().ok_or(SendError::NotConfigured(Medium::Text))?;
        let number = Number::read(number)
            .ok_or_else(|| SendError::Refused("no text was sent: its number is not in international format".into()))?;
        if !prefixes.is_empty() && !prefixes.iter().any(|prefix| number.number().starts_with(prefix.as_str())) {
            let allowed = prefixes.join(", ");
            return Err(SendError::Refused(format!(
                "no text was sent to {number}: [sms] prefixes has {allowed} only; add its country's code if people live there"
            )));
        }
        self.count(now, Medium::Text, number.number())?;
        let sent = async {
            match way {
                TextWay::Gateway(gateway) => gateway.send(now, &number, text).await,
                TextWay::Program(texter) => texter.send(&number, text).await,
            }
        };
        self.spend(now, Medium::Text, *daily_budget, (number.number(), &number), sent).await
    }

    /// Sends a mail of plain text, and answers when the mail server or sendmail has taken it, within [`LONGEST`].
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn mail(&self, now: Time, to: &str, subject: &str, body: &Secret) -> Result<(), SendError> {
        let mut id = MessageId::default();
        let drawn = getrandom::fill(&mut id);
        drawn.map_err(|_| SendError::Unavailable("no mail was sent: the kernel gave no random bytes".to_owned()))?;
        self.send_mail(now, &id, to, (subject, body)).await
    }

    /// Sends a notice under a Message-ID that is its own, whichever try this is; see [`Self::mail`].
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn notice(&self, now: Time, id: &MessageId, letter: &Letter) -> Result<(), SendError> {
        self.send_mail(now, id, &letter.to, (&letter.subject, &letter.text)).await
    }

    async fn send_mail(&self, now: Time, id: &MessageId, to: &str, content: (&str, &Secret)) -> Result<(), SendError> {
        let outcome = self.try_mail(now, id, to, content).await;
        METRICS.messages.count((Medium::Mail.into(), Delivery::of(&outcome)));
        outcome
    }

    async fn try_mail(
        &self,
        now: Time,
        id: &MessageId,
        to: &str,
        (subject, body): (&str, &Secret),
    ) -> Result<(), SendError> {
        let (way, most) = self.mail.as_ref().ok_or(SendError::NotConfigured(Medium::Mail))?;
        let to = read_address(to)
            .ok_or_else(|| SendError::Refused("no mail was sent: its address is none that mail servers take".into()))?;
        self.count(now, Medium::Mail, to.as_ref())?;
        let recipient = (to.as_ref(), &mask(&to) as &(dyn fmt::Display + Sync));
        self.spend(now, Medium::Mail, *most, recipient, way.send(now, id, &to, subject, body)).await
    }

    fn count(&self, now: Time, kind: Medium, recipient: &str) -> Result<(), SendError> {
        if self.recipients.take(now, kind, recipient) { Ok(()) } else { Err(SendError::Recipient(kind)) }
    }

    async fn spend(
        &self,
        now: Time,
        kind: Medium,
        most: NonZeroU32,
        (recipient, shown): (&str, &(dyn fmt::Display + Sync)),
        sent: impl Future<Output = Result<(), Failed>>,
    ) -> Result<(), SendError> {
        let counted = self.budget.take(now, kind, most).await;
        let taken = counted.map_err(|error| SendError::Unavailable(format!("no {kind} was sent: {error}")))?;
        if !taken {
            return Err(SendError::Budget(kind, most));
        }
        match sent.await {
            Ok(()) => Ok(()),
            Err(Failed::Refused(why)) => Err(SendError::Refused(format!("a {kind} to {shown} was refused: {why}"))),
            Err(Failed::Unclear(why)) => {
                Err(SendError::Unavailable(format!("whether a {kind} to {shown} was sent is not known: {why}")))
            }
            Err(Failed::Unsent(why)) => {
                self.recipients.give_back(now, recipient);
                if let Err(error) = self.budget.give_back(now, kind).await {
                    tracing::warn!("today's budget counts a {kind} that was not sent: {error}");
                }
                Err(SendError::Unavailable(format!("a {kind} to {shown} could not be sent: {why}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_takes_longer_than_is_promised() {
        let ways = [
            // Connecting, TLS, and the answer.
            line::REACH + line::REACH + gateway::ANSWER,
            line::REACH + smtp::DIALOGUE + smtp::ACCEPT + smtp::QUIT,
            program::PATIENCE,
        ];
        assert!(ways.into_iter().all(|way| way <= LONGEST), "{ways:?}");
    }
}
