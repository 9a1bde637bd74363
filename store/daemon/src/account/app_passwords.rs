//! Creating and listing app passwords.

use crate::actor::Actor;
use crate::checks::NoCheck;
use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::Change;
use crate::sign_in::field::{seal, seal_for_all};
use crate::verb::Verb;
use postern_rules::app_password::{Limits, Typed};
use postern_rules::decide::app_passwords::{self, Made, MakeRefusal, Maker};
use postern_rules::{Account, AppPassword, Settled, app_password, factor};
use postern_vault::RecordError;
use postern_vault::app_password::public_key;
use postern_wire::admin::{AppPasswordCreated, AppPasswords};
use postern_wire::auth::{CheckOutcome, MAX_FIELD};
use postern_wire::{Secret, admin};
use zeroize::Zeroizing;

/// Why no app password was created; `R`: the refusal of its [`Maker`].
#[derive(Debug)]
pub enum NoAppPassword<R> {
    /// The value given as the mailbox's password cannot be a password.
    Unfit,
    /// The mail server rejects the mailbox's password.
    WrongPassword,
    /// The mail server does not answer.
    MailServer,
    /// No front offers to ask the mail server.
    NoFront,
    /// Too many wrong passwords were tried for this mailbox, or a check is in progress.
    Enough,
    /// The account has the maximum number of app passwords.
    Full,
    /// The account has changed since it was requested.
    Stale,
    /// The rules do not allow it.
    NotAllowed(R),
    /// It cannot be stored.
    Store(RecordError),
}

impl<R> From<RecordError> for NoAppPassword<R> {
    fn from(error: RecordError) -> Self {
        Self::Store(error)
    }
}

/// The mailbox's password for an app password.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The password.
    pub password: &'a Secret,
    /// Whether an administrator vouches for it: then the mail server is not asked.
    pub unchecked: bool,
}

/// Creates an app password for an account, and returns it with the updated account.
///
/// # Errors
/// [`NoAppPassword`].
pub async fn make<M: Maker>(
    daemon: &Daemon,
    account: &Account,
    Given { password, unchecked }: Given<'_>,
    by: &M,
    (description, limits): (&str, &Limits),
    actor: &Actor,
) -> Result<(AppPasswordCreated, Account), NoAppPassword<M::Refusal>> {
    let mailbox = &account.mailbox;
    by.may_make(account, clock::now()).map_err(NoAppPassword::NotAllowed)?;
    if password.reveal().is_empty() || password.reveal().len() > MAX_FIELD {
        return Err(NoAppPassword::Unfit);
    }
    if !unchecked {
        match daemon.checks.ask(mailbox.as_str(), password).await {
            Ok(CheckOutcome::Accepted) => {}
            Ok(CheckOutcome::Refused) => return Err(NoAppPassword::WrongPassword),
            Ok(CheckOutcome::Unavailable) => return Err(NoAppPassword::MailServer),
            Err(NoCheck::Nobody) => return Err(NoAppPassword::NoFront),
            Err(NoCheck::Enough) => return Err(NoAppPassword::Enough),
        }
    }
    let epoch = account.epoch;
    loop {
        let mut random = Zeroizing::new([0; app_password::RANDOM]);
        getrandom::fill(&mut *random).map_err(|_| RecordError::Random)?;
        let typed = Typed::made_of(&random);
        let sealed = seal(&public_key(&typed.key_material(mailbox)), mailbox, password)?;
        let mut fresh = AppPassword::keep(&typed, mailbox, sealed, clock::now()).within(limits.clone());
        fresh.description = factor::description(description);
        let actor = Actor { detail: format!("app password {}", typed.id()), ..actor.clone() };
        let decide = |it: &Settled<'_>| {
            let renewed = seal_for_all(it.account(), password)?;
            Ok(app_passwords::add(it, Made { fresh: fresh.clone(), epoch, renewed }, by))
        };
        let verb = Verb::new("add app password").counted(Change::AppPasswordMade);
        let applied = daemon.apply(mailbox, None, &actor, &verb, decide).await?;
        let applied = applied.ok_or(NoAppPassword::Stale)?;
        match applied.verdict {
            Ok(()) => {
                let app_password = Secret::from(typed.shown().as_str());
                let made = AppPasswordCreated { id: typed.id().to_owned(), app_password };
                return Ok((made, applied.account));
            }
            Err(MakeRefusal::SameId) => {}
            Err(MakeRefusal::Stale) => return Err(NoAppPassword::Stale),
            Err(MakeRefusal::Full) => return Err(NoAppPassword::Full),
            Err(MakeRefusal::NotAllowed(why)) => return Err(NoAppPassword::NotAllowed(why)),
        }
    }
}

/// Returns the app passwords of an account in the wire format.
pub fn shown(account: &Account) -> AppPasswords {
    let one = |it: &AppPassword| {
        let used = it.last_used.as_ref();
        admin::AppPassword {
            id: it.id.clone(),
            description: it.description.clone(),
            created: clock::rfc3339(it.created),
            expires: it.expires.map(clock::rfc3339),
            networks: it.networks.iter().map(ToString::to_string).collect(),
            last_used: used.map(|used| clock::rfc3339(used.time)),
            last_address: used.and_then(|used| used.address).map(|address| address.to_string()),
            last_client: used.and_then(|used| used.client.clone()),
            outdated: it.outdated,
        }
    };
    AppPasswords {
        mailbox: account.mailbox.to_string(),
        app_passwords: account.app_passwords.iter().map(one).collect(),
    }
}
