//! App passwords: what mail apps sign in with.

use super::{account, explain, refuse};
use crate::administer::unstored;
use crate::checks::NoCheck;
use crate::clock;
use crate::daemon::{Actor, Also, Daemon, Sealed};
use crate::sign_in::field::{seal, seal_for_all};
use postern_rules::app_password::{self, Limits, LimitsError, Typed};
use postern_rules::decide::app_passwords::may_be_made;
use postern_rules::{Account, AppPassword, Event, Mailbox, Proof, Refusal, Verdict, factor};
use postern_vault::RecordError;
use postern_vault::app_password::public_key;
use postern_wire::Secret;
use postern_wire::address::{NoNetwork, parse_network};
use postern_wire::admin::{self, AppPasswordCreated, AppPasswords, CreateAppPassword, Refused, RevokeAppPassword};
use postern_wire::auth::{CheckOutcome, MAX_FIELD};
use zeroize::Zeroizing;

/// The app passwords of a mailbox.
///
/// # Errors
/// [`Refused`].
pub async fn list(daemon: &Daemon, mailbox: &str) -> Result<AppPasswords, Refused> {
    Ok(shown(&account(daemon, mailbox).await?.0.value))
}

/// Why none was made.
#[derive(Debug)]
pub enum NoAppPassword {
    /// What was given as the mailbox's password cannot be one.
    Unfit,
    /// The mail server refuses the mailbox's password.
    WrongPassword,
    /// The mail server does not answer.
    MailServer,
    /// No front offers to ask it.
    NoFront,
    /// Too many wrong passwords were tried for this mailbox, or one is being tried.
    Enough,
    /// The account has as many as it may have.
    Full,
    /// The rules say no.
    Refused(Refusal),
    /// It cannot be stored.
    Store(RecordError),
}

impl From<RecordError> for NoAppPassword {
    fn from(error: RecordError) -> Self {
        Self::Store(error)
    }
}

/// Makes one, when the mail server has accepted the mailbox's password. The others of the mailbox are given that
/// password too.
///
/// # Errors
/// [`Refused`].
pub async fn create(daemon: &Daemon, actor: &str, wanted: &CreateAppPassword) -> Result<AppPasswordCreated, Refused> {
    let (stored, _) = account(daemon, &wanted.mailbox).await?;
    let limits = limits(wanted)?;
    let actor = Actor::new(actor, "");
    let by = By::Administrator { unchecked: wanted.unchecked };
    let made = make(daemon, &stored.value, (&wanted.password, by), &wanted.description, &limits, &actor).await;
    made.map(|(made, _)| made).map_err(|error| in_words(&stored.value.mailbox, error))
}

/// Who makes one.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// An administrator; the password need not be checked where they answer for it.
    Administrator {
        /// They do.
        unchecked: bool,
    },
    /// Whoever has brought a factor for it.
    Owner(&'a Proof),
}

/// Makes one for an account, and gives it with the account as it is then.
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
    may_be_made(account, proof, clock::now()).map_err(NoAppPassword::Refused)?;
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
        let make = |account: &Account, _: Option<&Sealed>| {
            let renewed = seal_for_all(account, password)?;
            let event = Event::AddAppPassword { fresh: fresh.clone(), epoch, proof, renewed };
            Ok(Some((event, Also::default())))
        };
        let applied = daemon.apply_with(mailbox, (None, None), &actor, make).await?;
        let applied = applied.ok_or(NoAppPassword::Refused(Refusal::Stale))?;
        match applied.verdict {
            Verdict::Refused(Refusal::SameId) => {}
            Verdict::Refused(Refusal::Full) => return Err(NoAppPassword::Full),
            Verdict::Refused(refusal) => return Err(NoAppPassword::Refused(refusal)),
            _ => {
                let app_password = Secret::from(typed.shown().as_str());
                let made = AppPasswordCreated { id: typed.id().to_owned(), app_password };
                return Ok((made, applied.account));
            }
        }
    }
}

fn in_words(mailbox: &Mailbox, error: NoAppPassword) -> Refused {
    const NONE: &str = "No app password was made.";
    match error {
        NoAppPassword::Unfit => {
            refuse("bad_password", format!("a password has 1 to {MAX_FIELD} bytes. It is read from standard input."))
        }
        NoAppPassword::WrongPassword => {
            refuse("wrong_password", format!("the mail server refuses this password of {mailbox}. {NONE}"))
        }
        NoAppPassword::MailServer => {
            let why = "the mail server does not answer, so the password cannot be checked. The journal of \
                       postern-proxy says why.";
            refuse("mail_server", format!("{why} {NONE}"))
        }
        NoAppPassword::NoFront => {
            let why = "no IMAP front is connected, so the password cannot be checked with the mail server. Start \
                       postern-proxy with an [imap] section in its configuration, or, where there is none, answer for \
                       the password with --unchecked.";
            refuse("no_front", format!("{why} {NONE}"))
        }
        NoAppPassword::Enough => {
            let why = "the password of this mailbox was tried too often, or is being tried. Wait a quarter of an hour.";
            refuse("too_often", format!("{why} {NONE}"))
        }
        NoAppPassword::Full => {
            let most = app_password::APP_PASSWORDS_MAX;
            refuse("too_many", format!("{mailbox} has {most} app passwords, which is the most. Revoke one first."))
        }
        NoAppPassword::Refused(Refusal::Stale) => {
            refuse("stale", format!("{mailbox} was changed meanwhile. {NONE} Try again."))
        }
        NoAppPassword::Refused(refusal) => explain(mailbox, &refusal),
        NoAppPassword::Store(error) => unstored(error),
    }
}

/// Takes one back; its sessions end.
///
/// # Errors
/// [`Refused`].
pub async fn revoke(daemon: &Daemon, actor: &str, wanted: &RevokeAppPassword) -> Result<AppPasswords, Refused> {
    let (stored, _) = account(daemon, &wanted.mailbox).await?;
    let mailbox = stored.value.mailbox;
    let actor = Actor::new(actor, format!("app password {}", wanted.id));
    let applied = daemon
        .apply(&mailbox, None, &actor, || Ok(Event::RevokeAppPassword { id: &wanted.id, proof: None }))
        .await
        .map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    match &applied.verdict {
        Verdict::Refused(refusal) => Err(explain(&mailbox, refusal)),
        _ => Ok(shown(&applied.account)),
    }
}

/// When and from where one is to be taken.
fn limits(wanted: &CreateAppPassword) -> Result<Limits, Refused> {
    let time = wanted.expires.as_deref().unwrap_or_default();
    let bad_time = || {
        let what = "it takes a time to come in RFC 3339, such as 2027-11-21T14:05:00Z";
        refuse("bad_time", format!("{time:?} is no time for an app password to end: {what}."))
    };
    let expires = wanted.expires.as_deref().map(|text| clock::parse_rfc3339(text).ok_or_else(bad_time)).transpose()?;
    let network = |text: &String| -> Result<ipnet::IpNet, Refused> {
        let unfit = |why: NoNetwork| refuse("bad_network", format!("{text:?} {why}."));
        let (address, bits) = parse_network(text).map_err(unfit)?;
        ipnet::IpNet::new(address, bits).map_err(|_| unfit(NoNetwork::Bits))
    };
    let networks = wanted.networks.iter().map(network).collect::<Result<_, _>>()?;
    Limits::new(expires, networks, clock::now()).map_err(|error| match error {
        LimitsError::Past => bad_time(),
        LimitsError::Networks => {
            let most = app_password::NETWORKS_MAX;
            refuse("bad_network", format!("an app password takes {most} networks at most."))
        }
    })
}

/// As they are shown.
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
