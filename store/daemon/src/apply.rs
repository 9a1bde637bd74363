//! The way of a change of an account: load, decide, commit; again if there was a concurrent write.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::effects::Effects;
use crate::metrics::{self, METRICS, Method};
use crate::notify::notices;
use crate::notify::outbox;
use postern_engine::{Change, Revision};
use postern_rules::decide::code::Accepted;
use postern_rules::ends::{self, Ground};
use postern_rules::{Account, Channel, Decision, Mailbox, Platform, Settled, State, Time, notice, standing};
use postern_vault::audit;
use postern_vault::keys::sessions_key;
use postern_vault::records::{PlatformSet, Stored};
use postern_vault::{COMMIT_DEADLINE, RecordError};
use std::sync::Arc;

/// How often an event is decided again because of a concurrent write. In each round another writer has made progress.
/// All rounds together are limited by [`COMMIT_DEADLINE`].
const ROUNDS: usize = 1000;

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

    fn record(&self, verdict: &V, account: &Account) -> Recorded {
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
struct Recorded {
    action: &'static str,
    change: Option<metrics::Change>,
    channel: Option<Channel>,
    said: Said,
}

impl Recorded {
    /// The entry of the audit log.
    fn entry(&self, (before, next): (Option<State>, &Account), actor: &Actor, now: Time) -> audit::Record {
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
    fn count_accepted(&self) {
        if let (Some(channel), Some(method)) = (self.channel, self.said.accepted) {
            METRICS.accepted.count((channel.into(), method));
        }
    }
}

/// What is written in the same commit as an event.
#[derive(Default)]
pub struct Also {
    /// Changes of other records.
    pub changes: Vec<Change>,
    /// Entries of the audit log, written before the entry of the event.
    pub entries: Vec<audit::Record>,
}

/// A record as it is stored, and its revision.
pub type Sealed = (Vec<u8>, Revision);

/// The result of an event.
pub struct Applied<V> {
    /// The rules' answer.
    pub verdict: V,
    /// The state before; none if no account was listed.
    pub before: Option<State>,
    /// The account as it is now.
    pub account: Account,
    /// When it was decided.
    pub now: Time,
}

/// What an event is decided about, as it is stored in this attempt.
struct Loaded {
    stored: Option<Stored<Account>>,
    /// The platforms that the decision is made with.
    platforms: Arc<PlatformSet>,
    /// The stored account, or a new one.
    account: Account,
    platform: Platform,
    beside: Option<Sealed>,
}

impl Loaded {
    /// The state of the stored account.
    fn state(&self, now: Time) -> Option<State> {
        self.stored.as_ref().map(|stored| stored.value.state(now))
    }
}

impl Daemon {
    /// Applies an event to a mailbox's account, which is created if `create` names a platform: load, decide and swap,
    /// repeated until there is no concurrent write. `decide` is called for each attempt. Returns none if there is no
    /// such account.
    ///
    /// # Errors
    /// [`RecordError`]: no change is known to have been made.
    pub async fn apply<V>(
        &self,
        mailbox: &Mailbox,
        create: Option<&Platform>,
        actor: &Actor,
        verb: &Verb<V>,
        decide: impl Fn(&Settled<'_>) -> Result<Decision<V>, RecordError>,
    ) -> Result<Option<Applied<V>>, RecordError> {
        let decide = |it: &Settled<'_>, _: Option<&Sealed>| Ok(Some((decide(it)?, Also::default())));
        self.apply_with(mailbox, (create, None), actor, verb, decide).await
    }

    /// Does the same as [`Self::apply`], with changes of other records in the same commit: all changes are made, or
    /// none. `decide` receives the account and the record with the key `beside`, as they are stored in this attempt,
    /// and returns none if there is nothing left to do; then this method returns none as well.
    ///
    /// # Errors
    /// [`RecordError`]: no change is known to have been made.
    pub async fn apply_with<V>(
        &self,
        mailbox: &Mailbox,
        (create, beside): (Option<&Platform>, Option<&[u8]>),
        actor: &Actor,
        verb: &Verb<V>,
        decide: impl Fn(&Settled<'_>, Option<&Sealed>) -> Result<Option<(Decision<V>, Also)>, RecordError>,
    ) -> Result<Option<Applied<V>>, RecordError> {
        let rounds = async {
            for _ in 0..ROUNDS {
                let Some(loaded) = self.load(mailbox, create, beside).await? else { return Ok(None) };
                let now = clock::now();
                let settled = Settled::of(&loaded.account, &loaded.platform, now);
                let Some((decision, also)) = decide(&settled, loaded.beside.as_ref())? else { return Ok(None) };
                let Decision { verdict, next } = decision;
                let recorded = verb.record(&verdict, next.as_ref().unwrap_or(settled.account()));
                if self.write(&loaded, &settled, (next.as_ref(), also), recorded, actor).await? {
                    let before = loaded.state(now).filter(|_| !loaded.account.unlisted);
                    let account = next.unwrap_or_else(|| settled.account().clone());
                    return Ok(Some(Applied { verdict, before, account, now }));
                }
            }
            Err(RecordError::Contended)
        };
        tokio::time::timeout(COMMIT_DEADLINE, rounds).await.unwrap_or(Err(RecordError::Slow(COMMIT_DEADLINE)))
    }

    async fn load(
        &self,
        mailbox: &Mailbox,
        create: Option<&Platform>,
        beside: Option<&[u8]>,
    ) -> Result<Option<Loaded>, RecordError> {
        let stored = self.records.account(mailbox).await?;
        let account = match (&stored, create) {
            (Some(stored), _) => stored.value.clone(),
            (None, Some(platform)) => Account::new(mailbox.clone(), &platform.name),
            (None, None) => return Ok(None),
        };
        let platforms = self.effects.platform_set();
        let platform = platforms.all.iter().find(|platform| platform.name == account.platform).cloned();
        let platform = platform.ok_or_else(|| RecordError::Content(format!("account/{mailbox} (its platform)")))?;
        let beside = match beside {
            Some(key) => self.records.load_sealed(key).await?,
            None => None,
        };
        Ok(Some(Loaded { stored, platforms, account, platform, beside }))
    }

    /// Writes what was decided, and what has expired, with everything that belongs to it. Returns whether it is written
    /// now; if not, there was a concurrent write.
    async fn write(
        &self,
        loaded: &Loaded,
        settled: &Settled<'_>,
        (decided, also): (Option<&Account>, Also),
        recorded: Recorded,
        actor: &Actor,
    ) -> Result<bool, RecordError> {
        let Some(next) = decided.or(settled.expired()) else {
            recorded.count_accepted();
            return Ok(true);
        };
        let (now, stored) = (settled.now(), loaded.stored.as_ref());
        let (before, after) = (loaded.state(now), next.state(now));
        let mut changes = self.records.put_account(&loaded.platforms, stored, next).await?;
        // What has expired has its own audit entries, whatever the event is.
        let mut entries = ended(&loaded.account, settled);
        // The other changes belong to the event; they are not written if only an expiry is written.
        if decided.is_some() {
            changes.extend(also.changes);
            entries.extend(also.entries);
            entries.push(recorded.entry((before, next), actor, now));
        }
        let notices = notice::of(&loaded.account, next, recorded.said.cause);
        let accounts = (&loaded.account, next);
        let letters = notices::written(self.senders.sendable().mails, &loaded.platform, accounts, &notices, actor);
        changes.extend(outbox::queue(&self.records, letters, now)?);
        if standing::may_end_sessions(stored.map(|stored| &stored.value), next, now) {
            changes.push(self.records.next_revision(&sessions_key(&next.mailbox)).await?);
        }
        let change = recorded.change.filter(|_| decided.is_some());
        let follow = move |effects: &Effects| {
            recorded.count_accepted();
            METRICS.change(change, before, after);
            if !notices.is_empty() {
                effects.queued.notify_one();
            }
        };
        Ok(self.effects.commit(changes, entries, follow).await?.is_some())
    }
}

/// The audit entries for what has expired.
fn ended(before: &Account, settled: &Settled<'_>) -> Vec<audit::Record> {
    let now = settled.now();
    let entry = |ground| audit::Record {
        time: now,
        actor: "posternd".to_owned(),
        action: match ground {
            Ground::Suspension => "suspension ended",
            Ground::AppPassword => "app password expired",
            Ground::TrustedBrowser => "trust ended",
        }
        .to_owned(),
        mailbox: Some(before.mailbox.to_string()),
        address: None,
        before: Some(before.state(now).into()),
        after: Some(settled.account().state(now).into()),
        outcome: "done".to_owned(),
        detail: String::new(),
    };
    ends::ended(before, settled.account(), now).into_iter().map(entry).collect()
}
