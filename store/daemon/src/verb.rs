//! What is recorded of an event: in the audit log, in the metrics, and in the notices to the owner.

use crate::actor::Actor;
use crate::metrics::{self, METRICS, Method};
use postern_rules::decide::code::Accepted;
use postern_rules::{Account, Channel, State, Time, notice};
use postern_vault::audit;

/// What the audit log, the metrics and the notices say of an event with this verdict. Each event has one, beside the
/// code that applies it.
pub struct Verb<V> {
    action: &'static str,
    change: Option<metrics::Change>,
    channel: Option<Channel>,
    said: fn(&V, &Account) -> Said,
}

impl<V> Verb<V> {
    /// An event with this name in the audit log.
    pub fn new(action: &'static str) -> Self {
        Self { action, change: None, channel: None, said: |_, _| Said::default() }
    }

    /// The metrics count it as this change, if it changes the account.
    #[must_use]
    pub fn counted(self, change: metrics::Change) -> Self {
        Self { change: Some(change), ..self }
    }

    /// The metrics count second factors that are accepted at this channel.
    #[must_use]
    pub fn at(self, channel: Channel) -> Self {
        Self { channel: Some(channel), ..self }
    }

    /// What its verdict says, with the account as it is then. A verdict that changes the account and is not simply done
    /// needs it.
    #[must_use]
    pub fn saying(self, said: fn(&V, &Account) -> Said) -> Self {
        Self { said, ..self }
    }

    pub(crate) fn record(&self, verdict: &V, account: &Account) -> Recorded {
        let Self { action, change, channel, said } = *self;
        Recorded { action, change, channel, said: said(verdict, account) }
    }
}

/// What a verdict says.
#[derive(Default)]
pub struct Said {
    /// The outcome in the audit log; `None`: "done".
    pub outcome: Option<&'static str>,
    /// The detail in the audit log; `None`: that of the [`Actor`].
    pub detail: Option<String>,
    /// The second factor that was accepted.
    pub accepted: Option<Method>,
    /// For the notices to the owner.
    pub cause: notice::Cause,
}

impl Said {
    /// This factor of the account was accepted.
    pub fn accepted(Accepted { method, backup_codes_left }: &Accepted, account: &Account) -> Self {
        let (detail, cause) = match backup_codes_left {
            Some(left) => (format!("backup code, {left} left"), notice::Cause::BackupCodeUsed(*left)),
            None => (format!("method {method}"), notice::Cause::Other),
        };
        let accepted = Method::of(account, method);
        Self { outcome: Some("accepted"), detail: Some(detail), accepted, cause }
    }

    /// A wrong code was counted; this many in a row.
    pub fn wrong_code(failures: u32) -> Self {
        Self { outcome: Some("wrong code"), detail: Some(format!("{failures} in a row")), ..Self::default() }
    }

    /// This method was added.
    pub fn added(method: &str) -> Self {
        let detail = Some(format!("method {method}"));
        Self { detail, cause: notice::Cause::MethodAdded, ..Self::default() }
    }
}

/// What is recorded of one event.
pub(crate) struct Recorded {
    action: &'static str,
    /// What the metrics count it as, if it changes the account.
    pub(crate) change: Option<metrics::Change>,
    channel: Option<Channel>,
    /// What its verdict says.
    pub(crate) said: Said,
}

impl Recorded {
    /// The entry of the audit log.
    pub(crate) fn entry(&self, (before, next): (Option<State>, &Account), actor: &Actor, now: Time) -> audit::Record {
        audit::Record {
            time: now,
            actor: actor.name.clone(),
            action: self.action.to_owned(),
            mailbox: Some(next.mailbox.to_string()),
            address: actor.address,
            before: before.map(Into::into),
            after: Some(next.state(now).into()),
            outcome: self.said.outcome.unwrap_or("done").to_owned(),
            detail: self.said.detail.as_ref().unwrap_or(&actor.detail).clone(),
        }
    }

    /// Counts a second factor that was accepted. If the event changed the account, the change is already on disk.
    pub(crate) fn count_accepted(&self) {
        if let (Some(channel), Some(method)) = (self.channel, self.said.accepted) {
            METRICS.accepted.count((channel.into(), method));
        }
    }
}
