//! The state that every verb works on: the records, the platforms, and the watchers of changes. A name is resolved to
//! an account here.

use crate::checks::Checks;
use crate::clock::{self, Stopwatch};
use crate::config::Config;
use crate::effects::Effects;
use crate::key_source::KeySource;
use crate::notify::senders::Senders;
use postern_engine::Engine;
use postern_process::log::Log;
use postern_rules::backup::BackupCodes;
use postern_rules::contact::Address;
use postern_rules::decision::Random;
use postern_rules::name::{self, Addressee, LookupName, NameError, Named, SignInName};
use postern_rules::{Account, Mailbox, Platform, Time};
use postern_vault::RecordError;
use postern_vault::records::{Records, Stored};
use postern_vault::seal::Sealer;
use postern_wire::auth::WatchEvent;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::{Notify, broadcast};

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
        let alias = self.records.alias(&named).await?;
        let mailbox = alias.as_ref().map_or_else(|| named.clone(), |alias| alias.value.clone());
        match self.records.account(&mailbox).await? {
            // An alias always leads to an account; one that does not is damaged, and must not mean an unlisted name.
            None if alias.is_some() => {
                Err(RecordError::Content(format!("alias/{named} (the account of {mailbox} is missing)")).into())
            }
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
