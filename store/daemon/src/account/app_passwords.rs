//! Creating and listing app passwords.

use crate::actor::Actor;
use crate::apply::Verb;
use crate::checks::NoCheck;
use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::Change;
use crate::sign_in::field::{seal, seal_for_all};
use postern_rules::app_password::{Limits, Typed};
use postern_rules::decide::app_passwords::{self, Made, MakeRefusal, NotAllowed, may_be_made};
use postern_rules::{Account, AppPassword, Proof, Settled, app_password, factor};
use postern_vault::RecordError;
use postern_vault::app_password::public_key;
use postern_wire::admin::{AppPasswordCreated, AppPasswords};
use postern_wire::auth::{CheckOutcome, MAX_FIELD};
use postern_wire::{Secret, admin};
use zeroize::Zeroizing;

/// Why no app password was created.
#[derive(Debug)]
pub enum NoAppPassword {
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
    NotAllowed(NotAllowed),
    /// It cannot be stored.
    Store(RecordError),
}

impl From<RecordError> for NoAppPassword {
    fn from(error: RecordError) -> Self {
        Self::Store(error)
    }
}

/// Who creates an app password.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// An administrator; the password need not be checked if the administrator vouches for it.
    Administrator {
        /// Whether the administrator vouches for it.
        unchecked: bool,
    },
    /// The user who has presented a factor for it.
    Owner(&'a Proof),
}

/// Creates an app password for an account, and returns it with the updated account.
///
/// # Errors
/// [`NoAppPassword`].
pub async fn make(
    daemon: &Daemon,
    account: &Account,
    (password, by): (&Secret, By<'_>),
    description: &str,
    limits: &Limits,
    actor: &Actor,
) -> Result<(AppPasswordCreated, Account), NoAppPassword> {
    let mailbox = &account.mailbox;
    let proof = match by {
        By::Administrator { .. } => None,
        By::Owner(proof) => Some(proof),
    };
    may_be_made(account, proof, clock::now()).map_err(NoAppPassword::NotAllowed)?;
    if password.reveal().is_empty() || password.reveal().len() > MAX_FIELD {
        return Err(NoAppPassword::Unfit);
    }
    if !matches!(by, By::Administrator { unchecked: true }) {
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
            Ok(app_passwords::add(it, Made { fresh: fresh.clone(), epoch, proof, renewed }))
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
