//! All configured transports: messages are counted, and a transport is chosen.

use crate::config::Config;
use crate::metrics::{Delivery, METRICS};
use crate::notify::letter::Letter;
use crate::notify::senders::budget::Budget;
use crate::notify::senders::failure::SendError;
use crate::notify::senders::recipients::Recipients;
use postern_delivery::recipient::{SmsRecipient, mask, read_address};
use postern_delivery::{Failed, MailTransport, MessageId, SetUpError, SmsTransport};
use postern_rules::Time;
use postern_rules::message_cap::Medium;
use postern_rules::offers::Sendable;
use postern_vault::records::Records;
use postern_wire::Secret;
use std::fmt;
use std::num::NonZeroU32;

struct Texts {
    way: SmsTransport,
    daily_budget: NonZeroU32,
    /// Prefixes of the numbers that text messages are sent to; empty: all numbers.
    prefixes: Vec<String>,
}

/// All configured transports.
pub struct Senders {
    text: Option<Texts>,
    mail: Option<(MailTransport, NonZeroU32)>,
    budget: Budget,
    recipients: Recipients,
}

/// Reads the files that the configuration names, without sending anything.
///
/// # Errors
/// [`SetUpError`].
pub fn judge(config: &Config) -> Result<(), SetUpError> {
    ways(config).map(drop)
}

type Ways = (Option<Texts>, Option<(MailTransport, NonZeroU32)>);

fn ways(config: &Config) -> Result<Ways, SetUpError> {
    let text = match &config.sms {
        None => None,
        Some(sms) => Some(Texts {
            way: SmsTransport::new(&sms.way)?,
            daily_budget: sms.daily_budget,
            prefixes: sms.prefixes.clone(),
        }),
    };
    let mail = config.mail.as_ref().map(|mail| Ok((MailTransport::new(mail)?, mail.daily_budget))).transpose()?;
    Ok((text, mail))
}

impl Senders {
    /// Creates the transports of the configuration; the records hold the counts of today.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(config: &Config, records: Records) -> Result<Self, SetUpError> {
        let (text, mail) = ways(config)?;
        Ok(Self { text, mail, budget: Budget::new(records), recipients: Recipients::default() })
    }

    /// Returns which kinds of message can be sent at all.
    pub fn sendable(&self) -> Sendable {
        Sendable { texts: self.text.is_some(), mails: self.mail.is_some() }
    }

    /// Returns how many messages of a kind may still be sent today; none if there is no such transport, or the records
    /// cannot be read.
    pub async fn left(&self, now: Time, kind: Medium) -> Option<u32> {
        let most = match kind {
            Medium::Text => self.text.as_ref()?.daily_budget,
            Medium::Mail => self.mail.as_ref()?.1,
        };
        self.budget.left(now, kind, most).await.ok()
    }

    /// Sends a text message to a number in international format, and returns when the gateway or the program has
    /// accepted it, within [`LONGEST`](super::LONGEST).
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn text(&self, now: Time, number: &str, text: &Secret) -> Result<(), SendError> {
        let outcome = self.send_text(now, number, text).await;
        METRICS.messages.count((Medium::Text.into(), delivery(&outcome)));
        outcome
    }

    async fn send_text(&self, now: Time, number: &str, text: &Secret) -> Result<(), SendError> {
        let Texts { way, daily_budget, prefixes } = self.text.as_ref().ok_or(SendError::NotConfigured(Medium::Text))?;
        let number = SmsRecipient::read(number)
            .ok_or_else(|| SendError::Refused("no text was sent: its number is not in international format".into()))?;
        if !prefixes.is_empty() && !prefixes.iter().any(|prefix| number.number().starts_with(prefix.as_str())) {
            let allowed = prefixes.join(", ");
            return Err(SendError::Refused(format!(
                "no text was sent to {number}: [sms] prefixes has {allowed} only; add its country's code if people live there"
            )));
        }
        self.count(now, Medium::Text, number.number())?;
        let recipient = (number.number(), &number as &(dyn fmt::Display + Sync));
        self.spend(now, Medium::Text, *daily_budget, recipient, way.send(now, &number, text)).await
    }

    /// Sends a plain-text mail, and returns when the mail server or sendmail has accepted it, within [`LONGEST`](super::LONGEST).
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn mail(&self, now: Time, to: &str, subject: &str, body: &Secret) -> Result<(), SendError> {
        let mut id = MessageId::default();
        let drawn = getrandom::fill(&mut id);
        drawn.map_err(|_| SendError::Unavailable("no mail was sent: the kernel gave no random bytes".to_owned()))?;
        self.send_mail(now, &id, to, (subject, body)).await
    }

    /// Sends a notice with its own Message-ID, which is the same for each attempt; see [`Self::mail`].
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn notice(&self, now: Time, id: &MessageId, letter: &Letter) -> Result<(), SendError> {
        self.send_mail(now, id, &letter.to, (&letter.subject, &letter.text)).await
    }

    async fn send_mail(&self, now: Time, id: &MessageId, to: &str, content: (&str, &Secret)) -> Result<(), SendError> {
        let outcome = self.try_mail(now, id, to, content).await;
        METRICS.messages.count((Medium::Mail.into(), delivery(&outcome)));
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

/// Returns the outcome of a message, for the metrics.
fn delivery(outcome: &Result<(), SendError>) -> Delivery {
    match outcome {
        Ok(()) => Delivery::Sent,
        Err(SendError::Refused(_)) => Delivery::Refused,
        Err(SendError::Unavailable(_)) => Delivery::Unavailable,
        Err(SendError::Budget(..)) => Delivery::Budget,
        Err(SendError::Recipient(_)) => Delivery::Recipient,
        Err(SendError::NotConfigured(_)) => Delivery::NotConfigured,
    }
}
