//! The state that every verb works on: the records, the platforms, and the watchers of changes. A name is resolved to
//! an account here, and an event is loaded, decided and swapped.

use crate::actor::Actor;
use crate::checks::Checks;
use crate::clock::{self, Stopwatch};
use crate::config::Config;
use crate::effects::Effects;
use crate::key_source::KeySource;
use crate::metrics::{self, METRICS, channel_of};
use crate::notify::notices;
use crate::notify::outbox;
use crate::notify::senders::Senders;
use postern_engine::{Change, Engine, Revision};
use postern_process::log::Log;
use postern_rules::backup::BackupCodes;
use postern_rules::contact::Address;
use postern_rules::ends::{self, Ground};
use postern_rules::event::Random;
use postern_rules::name::{self, Addressee, LookupName, NameError, Named, SignInName};
use postern_rules::{
    Account, Decision, Event, Mailbox, Platform, Refusal, State, Time, Verdict, decide, notice, standing,
};
use postern_vault::audit;
use postern_vault::keys::sessions_key;
use postern_vault::records::{Records, Stored};
use postern_vault::seal::Sealer;
use postern_vault::{COMMIT_DEADLINE, RecordError};
use postern_wire::auth::WatchEvent;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::{Notify, broadcast};

/// How often an event is decided again because of a concurrent write. In each round another writer has made progress.
/// All rounds together are limited by [`COMMIT_DEADLINE`].
const ROUNDS: usize = 1000;

/// The state of the daemon.
pub struct Daemon {
    /// The stored records.
    pub records: Records,
    /// The configuration.
    pub config: Config,
    /// When it started.
    pub started: Time,
    /// The time since the start.
    pub uptime: Stopwatch,
    /// The effects of a commit.
    pub effects: Arc<Effects>,
    /// Passwords that the mail server is asked to check.
    pub checks: Checks,
    /// Delivery of codes and notices.
    pub senders: Arc<Senders>,
    /// Where the master key comes from.
    pub key_source: KeySource,
    /// The log, whose levels the administrator may change.
    pub log: Arc<Log>,
    /// Notified when there is a new master key.
    pub rotated: Notify,
}

/// What a name resolves to when it is used to sign in. This is a different type from [`Resolved`], so that no user is
/// admitted under a name that was resolved for another purpose.
pub enum SignInResolved {
    /// A mailbox that has an account.
    Account(Box<Account>, Platform),
    /// A mailbox of this platform without an account, under a name that may pass.
    Unlisted(Mailbox, Platform),
    /// A name in no platform's domain.
    Foreign(Mailbox),
}

/// What a name resolves to when it is not used to sign in.
pub enum Resolved {
    /// A mailbox that has an account.
    Account(Box<Stored<Account>>, Platform),
    /// A mailbox of this platform without an account.
    Unlisted(Mailbox, Platform),
    /// A name in no platform's domain.
    Foreign(Mailbox),
}

/// Why a name cannot be resolved.
#[derive(Debug)]
pub enum ResolveError {
    /// It is not a valid mailbox name.
    Name(NameError),
    /// The lookup failed.
    Record(RecordError),
}

impl From<RecordError> for ResolveError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
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

/// The result of one attempt.
enum Round {
    /// The event was applied, or there is no such account.
    Over(Option<Box<Applied>>),
    /// A concurrent write came first: try again.
    Again,
}

/// The result of an event.
pub struct Applied {
    /// The rules' answer.
    pub verdict: Verdict,
    /// The state before; none if no account was listed.
    pub before: Option<State>,
    /// The account as it is now.
    pub account: Account,
    /// When it was decided.
    pub now: Time,
}

impl Daemon {
    /// Creates the daemon's state over an open engine.
    ///
    /// # Errors
    /// When the platforms, or the files that sending codes needs, cannot be read.
    pub async fn new(
        engine: Arc<dyn Engine>,
        sealer: Arc<Sealer>,
        config: Config,
        key_source: KeySource,
        log: Arc<Log>,
    ) -> Result<Self, Box<dyn Error>> {
        let records = Records::new(engine, sealer);
        let senders = Arc::new(Senders::new(&config, records.clone())?);
        Ok(Self {
            effects: Arc::new(Effects::new(records.clone()).await?),
            records,
            config,
            started: clock::now(),
            uptime: Stopwatch::start(),
            checks: Checks::default(),
            senders,
            key_source,
            log,
            rotated: Notify::new(),
        })
    }

    /// Every platform.
    pub fn platforms(&self) -> Arc<Vec<Platform>> {
        self.effects.platforms()
    }

    /// Resolves a name that is not used to sign in, whatever its spelling. An alias resolves to its mailbox.
    ///
    /// # Errors
    /// [`ResolveError`].
    pub async fn look_up(&self, name: LookupName<'_>) -> Result<Resolved, ResolveError> {
        self.resolve_with(|platforms| name.read(platforms, &self.config.names.default_domain)).await
    }

    /// Resolves a name that is used to sign in. An alias resolves to its mailbox.
    ///
    /// # Errors
    /// [`ResolveError`], which is a refusal. [`NameError::Unlisted`] if no account is listed under that name and not
    /// every mail server reads its spelling in the same way.
    pub async fn resolve_sign_in(&self, name: SignInName<'_>) -> Result<SignInResolved, ResolveError> {
        let resolved = self.resolve_with(|platforms| name.read(platforms, &self.config.names.default_domain)).await?;
        let is_listed = matches!(&resolved, Resolved::Account(stored, _) if !stored.value.unlisted);
        name.may_pass(is_listed, &self.platforms()).map_err(ResolveError::Name)?;
        Ok(match resolved {
            Resolved::Account(stored, platform) => SignInResolved::Account(Box::new(stored.value), platform),
            Resolved::Unlisted(mailbox, platform) => SignInResolved::Unlisted(mailbox, platform),
            Resolved::Foreign(mailbox) => SignInResolved::Foreign(mailbox),
        })
    }

    async fn resolve_with(
        &self,
        read: impl FnOnce(&[Platform]) -> Result<Named<'_>, NameError>,
    ) -> Result<Resolved, ResolveError> {
        let platforms = self.effects.current_platforms().await?;
        let named = read(&platforms).map_err(ResolveError::Name)?;
        let (named, platform) = match named {
            Named::Foreign(mailbox) => return Ok(Resolved::Foreign(mailbox)),
            Named::Ours(mailbox, platform) => (mailbox, platform),
        };
        let mailbox = self.records.alias(&named).await?.map_or(named, |alias| alias.value);
        match self.records.account(&mailbox).await? {
            None => Ok(Resolved::Unlisted(mailbox, platform.clone())),
            Some(stored) => {
                // An alias may belong to another platform: the switch and the policy of the account's own platform
                // apply.
                let own = platforms.iter().find(|platform| platform.name == stored.value.platform);
                let own =
                    own.ok_or_else(|| RecordError::Content(format!("account/{mailbox} (its platform is missing)")))?;
                Ok(Resolved::Account(Box::new(stored), own.clone()))
            }
        }
    }

    /// Whether mail to this address may be delivered to this mailbox.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn leads_into(&self, address: &Address, mailbox: &Mailbox) -> Result<bool, RecordError> {
        let resolved = match self.look_up(LookupName::new(address.as_str())).await {
            Err(ResolveError::Record(error)) => return Err(error),
            resolved => resolved,
        };
        let addressee = match &resolved {
            Ok(Resolved::Account(stored, _)) if stored.value.unlisted => Addressee::Unlisted(&stored.value.mailbox),
            Ok(Resolved::Account(stored, _)) => Addressee::Listed(&stored.value.mailbox),
            Ok(Resolved::Unlisted(other, _)) => Addressee::Unlisted(other),
            Ok(Resolved::Foreign(_)) => Addressee::Foreign,
            Err(_) => Addressee::Unreadable,
        };
        Ok(name::leads_into(addressee, mailbox))
    }

    /// Applies an event to a mailbox's account, which is created if `create` names a platform: load, decide and swap,
    /// repeated until there is no concurrent write. `make` is called for each attempt.
    ///
    /// # Errors
    /// [`RecordError`]: no change is known to have been made.
    pub async fn apply<'e>(
        &self,
        mailbox: &Mailbox,
        create: Option<&Platform>,
        actor: &Actor,
        make: impl Fn() -> Result<Event<'e>, RecordError>,
    ) -> Result<Option<Applied>, RecordError> {
        self.apply_with(mailbox, (create, None), actor, |_, _| Ok(Some((make()?, Also::default())))).await
    }

    /// Does the same as [`Self::apply`], with changes of other records in the same commit: all changes are made, or
    /// none. `make` receives the account and the record with the key `beside`, as they are stored in this attempt, and
    /// returns none if there is nothing left to do; then this method returns none as well.
    ///
    /// # Errors
    /// [`RecordError`]: no change is known to have been made.
    pub async fn apply_with<'e>(
        &self,
        mailbox: &Mailbox,
        (create, beside): (Option<&Platform>, Option<&[u8]>),
        actor: &Actor,
        make: impl Fn(&Account, Option<&Sealed>) -> Result<Option<(Event<'e>, Also)>, RecordError>,
    ) -> Result<Option<Applied>, RecordError> {
        let rounds = async {
            for _ in 0..ROUNDS {
                if let Round::Over(applied) = self.round(mailbox, (create, beside), actor, &make).await? {
                    return Ok(applied.map(|applied| *applied));
                }
            }
            Err(RecordError::Contended)
        };
        tokio::time::timeout(COMMIT_DEADLINE, rounds).await.unwrap_or(Err(RecordError::Slow(COMMIT_DEADLINE)))
    }

    async fn round<'e>(
        &self,
        mailbox: &Mailbox,
        (create, beside): (Option<&Platform>, Option<&[u8]>),
        actor: &Actor,
        make: impl Fn(&Account, Option<&Sealed>) -> Result<Option<(Event<'e>, Also)>, RecordError>,
    ) -> Result<Round, RecordError> {
        let stored = self.records.account(mailbox).await?;
        let account = match (&stored, create) {
            (Some(stored), _) => stored.value.clone(),
            (None, Some(platform)) => Account::new(mailbox.clone(), &platform.name),
            (None, None) => return Ok(Round::Over(None)),
        };
        let platforms = self.effects.platform_set();
        let platform = platforms.all.iter().find(|platform| platform.name == account.platform);
        let platform = platform.ok_or_else(|| RecordError::Content(format!("account/{mailbox} (its platform)")))?;
        let beside = match beside {
            Some(key) => self.records.load_sealed(key).await?,
            None => None,
        };
        let Some((event, also)) = make(&account, beside.as_ref())? else { return Ok(Round::Over(None)) };
        let now = clock::now();
        let (action, channel, kind) = (action(&event), channel_of(&event), metrics::Change::of(&event));
        let before = stored.as_ref().map(|stored| stored.value.state(now));
        let listed_before = before.filter(|_| !account.unlisted);
        // What has expired has its own audit entries, whatever the event is.
        let settled = decide(&account, platform, Event::Tick, now).next;
        let mut entries = settled.as_ref().map_or_else(Vec::new, |settled| ended(&account, settled, now));
        let Decision { verdict, next } = decide(settled.as_ref().unwrap_or(&account), platform, event, now);
        // The other changes belong to the event; they are not written if only an expiry is written.
        let also = if next.is_some() { also } else { Also::default() };
        entries.extend(also.entries);
        if let Some(next) = &next {
            entries.push(audit::Record {
                time: now,
                actor: actor.name.clone(),
                action: action.to_owned(),
                mailbox: Some(mailbox.as_str().to_owned()),
                address: actor.address,
                before: before.map(Into::into),
                after: Some(next.state(now).into()),
                outcome: outcome(&verdict).to_owned(),
                detail: detail(&verdict, &actor.detail),
            });
        }
        let Some(next) = next.or(settled) else {
            METRICS.decide(channel, &verdict, &account);
            return Ok(Round::Over(Some(Box::new(Applied { verdict, before: listed_before, account, now }))));
        };
        let mut changes = self.records.put_account(&platforms, stored.as_ref(), &next).await?;
        changes.extend(also.changes);
        let notices = notice::of(&account, &next, &verdict);
        let written = notices::written(self.senders.sendable().mails, platform, (&account, &next), &notices, actor);
        changes.extend(outbox::queue(&self.records, written, now)?);
        if standing::may_end_sessions(stored.as_ref().map(|stored| &stored.value), &next, now) {
            changes.push(self.records.next_revision(&sessions_key(mailbox)).await?);
        }
        let follow = move |effects: &Effects| {
            METRICS.decide(channel, &verdict, &next);
            METRICS.change(kind, before, next.state(now));
            if !notices.is_empty() {
                effects.queued.notify_one();
            }
            Applied { verdict, before: listed_before, account: next, now }
        };
        let applied = self.effects.commit(changes, entries, follow).await?;
        Ok(applied.map_or(Round::Again, |applied| Round::Over(Some(Box::new(applied)))))
    }

    /// Tells every watching front that sessions may be over: those of one mailbox, or of any mailbox.
    pub fn announce(&self, mailbox: Option<&Mailbox>) {
        self.effects.announce(mailbox);
    }

    /// Subscribes to changes from now on.
    pub fn watch(&self) -> broadcast::Receiver<WatchEvent> {
        self.effects.watch()
    }
}

/// Takes random bytes from the kernel for a new factor.
///
/// # Errors
/// [`RecordError::Random`].
pub fn draw() -> Result<Random, RecordError> {
    let mut random = Random { id: [0; postern_rules::factor::ID_RANDOM], backup: [0; postern_rules::backup::RANDOM] };
    getrandom::fill(&mut random.id).map_err(|_| RecordError::Random)?;
    getrandom::fill(&mut random.backup).map_err(|_| RecordError::Random)?;
    Ok(random)
}

/// How many backup codes an account has left.
pub fn backup_codes_left(account: &Account) -> u32 {
    account.backup.as_ref().map_or(0, BackupCodes::left)
}

/// An event's name in the audit log.
fn action(event: &Event<'_>) -> &'static str {
    match event {
        Event::Ask(_) | Event::AskFor { .. } => "ask",
        Event::SignedIn { .. } => "signed in",
        Event::Answer { .. } | Event::AnswerKey { .. } => "answer",
        Event::Field { .. } => "field",
        Event::AddAppPassword { .. } => "add app password",
        Event::RevokeAppPassword { .. } => "revoke app password",
        Event::RenewAppPasswords(_) => "renew app passwords",
        Event::SealedRefused { .. } => "app passwords outdated",
        Event::Confirm { .. } => "enrol",
        Event::AddTotp { .. } => "add method",
        Event::ImportTotp(_) => "import method",
        Event::RemoveFactor(_) | Event::RemoveOwn { .. } => "remove method",
        Event::Send { .. } => "send code",
        Event::Rename { .. } => "rename method",
        Event::MakeBackupCodes { .. } => "make backup codes",
        Event::DeleteBackupCodes { .. } => "delete backup codes",
        Event::RemoveContact { .. } | Event::SetContact(None) => "remove contact address",
        Event::SetContact(Some(_)) => "set contact address",
        Event::RevokeTrust { .. } | Event::RevokeOtherTrust { .. } => "revoke trust",
        Event::SetLanguage { .. } => "set language",
        Event::Add => "add",
        Event::OpenRequest(_) => "open request",
        Event::Enable { .. } => "enable",
        Event::Suspend(_) => "suspend",
        Event::Resume => "resume",
        Event::Reset { .. } => "reset",
        Event::Remove => "remove",
        Event::Unlock => "unlock",
        // It only writes what has expired, and that has its own entries.
        Event::Tick => "tick",
    }
}

/// The audit entries for what has expired.
fn ended(before: &Account, settled: &Account, now: Time) -> Vec<audit::Record> {
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
        after: Some(settled.state(now).into()),
        outcome: "done".to_owned(),
        detail: String::new(),
    };
    ends::ended(before, settled, now).into_iter().map(entry).collect()
}

fn outcome(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted { .. } | Verdict::AcceptedBehind { .. } | Verdict::AppPassword { .. } => "accepted",
        Verdict::Refused(Refusal::Copied { .. }) => "copied key",
        Verdict::Refused(_) => "wrong code",
        _ => "done",
    }
}

fn detail(verdict: &Verdict, detail: &str) -> String {
    match verdict {
        Verdict::Accepted { backup_codes_left: Some(left), .. }
        | Verdict::AcceptedBehind { backup_codes_left: Some(left), .. } => format!("backup code, {left} left"),
        Verdict::Accepted { method, .. }
        | Verdict::AcceptedBehind { method, .. }
        | Verdict::Added { method, .. }
        | Verdict::Refused(Refusal::Copied { method }) => format!("method {method}"),
        Verdict::AppPassword { id, .. } => format!("app password {id}"),
        Verdict::Refused(Refusal::Wrong { failures }) => format!("{failures} in a row"),
        _ => detail.to_owned(),
    }
}
