//! The way of a change of an account: load, decide, commit; again if there was a concurrent write.

use crate::actor::Actor;
use crate::clock;
use crate::daemon::Daemon;
use crate::effects::Effects;
use crate::metrics::METRICS;
use crate::notify::notices;
use crate::notify::outbox;
use crate::verb::{Recorded, Verb};
use postern_engine::{Change, Revision};
use postern_rules::ends::{self, Ground};
use postern_rules::{Account, Decision, Mailbox, Platform, Settled, State, Time, notice, standing};
use postern_vault::audit;
use postern_vault::keys::sessions_key;
use postern_vault::records::{PlatformSet, Stored};
use postern_vault::{COMMIT_DEADLINE, RecordError};
use std::sync::Arc;

/// How often an event is decided again because of a concurrent write. In each round another writer has made progress.
/// All rounds together are limited by [`COMMIT_DEADLINE`].
const ROUNDS: usize = 1000;

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
