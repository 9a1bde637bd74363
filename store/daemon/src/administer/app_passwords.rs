//! App passwords: what mail apps sign in with.

use super::{account, explain, refuse};
use crate::clock;
use crate::daemon::{Actor, Daemon};
use crate::field::{renew, seal};
use crate::records::RecordError;
use crate::seal::app_password::public_key;
use postern_rules::app_password::{self, Typed};
use postern_rules::{Account, AppPassword, Event, Mailbox, Refusal, Stage, Verdict, factor};
use postern_wire::Secret;
use postern_wire::admin::{self, AppPasswordCreated, AppPasswords, CreateAppPassword, Refused, RevokeAppPassword};
use postern_wire::auth::{CheckOutcome, MAX_FIELD};
use zeroize::Zeroizing;

/// The app passwords of a mailbox.
///
/// # Errors
/// [`Refused`].
pub fn list(daemon: &Daemon, mailbox: &str) -> Result<AppPasswords, Refused> {
    Ok(shown(&account(daemon, mailbox)?.0.value))
}

/// Makes one, when the mail server has accepted the mailbox's password. The others of the mailbox are given that
/// password too.
///
/// # Errors
/// [`Refused`].
pub async fn create(daemon: &Daemon, actor: &str, wanted: &CreateAppPassword) -> Result<AppPasswordCreated, Refused> {
    let (kept, _) = account(daemon, &wanted.mailbox)?;
    let mailbox = kept.value.mailbox;
    if kept.value.stage == Stage::Off {
        return Err(explain(&mailbox, &Refusal::Off));
    }
    let limits = Limits::read(wanted)?;
    check(daemon, &mailbox, wanted).await?;
    let mut actor = Actor { name: actor.to_owned(), address: None, detail: String::new() };
    loop {
        let mut random = Zeroizing::new([0; app_password::RANDOM]);
        getrandom::fill(&mut *random).map_err(|_| RecordError::Random)?;
        let typed = Typed::made_of(&random);
        let sealed = seal(&public_key(&typed.key_material(&mailbox)), &mailbox, &wanted.password)?;
        let mut fresh = AppPassword::keep(&typed, &mailbox, sealed, clock::now());
        fresh.description = factor::description(&wanted.description);
        fresh.expires = limits.expires;
        fresh.networks.clone_from(&limits.networks);
        actor.detail = format!("app password {}", typed.id());
        let applied = daemon.apply(&mailbox, None, &actor, || Ok(Event::AddAppPassword(fresh.clone()))).await?;
        let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
        match applied.verdict {
            Verdict::Refused(Refusal::SameId) => {}
            Verdict::Refused(Refusal::TooMany) => {
                let most = app_password::APP_PASSWORDS_MAX;
                let message = format!("{mailbox} has {most} app passwords, which is the most. Revoke one first.");
                return Err(refuse("too_many", message));
            }
            Verdict::Refused(refusal) => return Err(explain(&mailbox, &refusal)),
            _ => {
                // The new one stands whatever becomes of this: the others are renewed at the next webmail sign-in.
                if let Err(error) = renew(daemon, &applied.account, &wanted.password, &actor).await {
                    tracing::warn!("the other app passwords of {mailbox} are not renewed: {error}");
                }
                let app_password = Secret::from(typed.shown().as_str());
                return Ok(AppPasswordCreated { id: typed.id().to_owned(), app_password });
            }
        }
    }
}

/// Takes one back; its sessions end.
///
/// # Errors
/// [`Refused`].
pub async fn revoke(daemon: &Daemon, actor: &str, wanted: &RevokeAppPassword) -> Result<AppPasswords, Refused> {
    let (kept, _) = account(daemon, &wanted.mailbox)?;
    let mailbox = kept.value.mailbox;
    let actor = Actor { name: actor.to_owned(), address: None, detail: format!("app password {}", wanted.id) };
    let applied = daemon.apply(&mailbox, None, &actor, || Ok(Event::RevokeAppPassword(&wanted.id))).await?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    match &applied.verdict {
        Verdict::Refused(refusal) => Err(explain(&mailbox, refusal)),
        _ => Ok(shown(&applied.account)),
    }
}

/// When and from where one is to be taken.
struct Limits {
    expires: Option<postern_rules::Time>,
    networks: Vec<ipnet::IpNet>,
}

impl Limits {
    fn read(wanted: &CreateAppPassword) -> Result<Self, Refused> {
        let expires = match &wanted.expires {
            None => None,
            Some(text) => Some(clock::parse_rfc3339(text).filter(|time| *time > clock::now()).ok_or_else(|| {
                let what = "it takes a time to come in RFC 3339, such as 2027-11-21T14:05:00Z";
                refuse("bad_time", format!("{text:?} is no time for an app password to end: {what}."))
            })?),
        };
        if wanted.networks.len() > app_password::NETWORKS_MAX {
            let most = app_password::NETWORKS_MAX;
            return Err(refuse("bad_network", format!("an app password takes {most} networks at most.")));
        }
        let network = |text: &String| {
            let address = || text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from).ok();
            text.parse().ok().or_else(address).map(|network: ipnet::IpNet| network.trunc()).ok_or_else(|| {
                refuse(
                    "bad_network",
                    format!("{text:?} is no network: it takes an address or CIDR, such as 192.0.2.0/24."),
                )
            })
        };
        Ok(Self { expires, networks: wanted.networks.iter().map(network).collect::<Result<_, _>>()? })
    }
}

/// Asks the mail server whether the password is right.
async fn check(daemon: &Daemon, mailbox: &Mailbox, wanted: &CreateAppPassword) -> Result<(), Refused> {
    let password = &wanted.password;
    if password.reveal().is_empty() || password.reveal().len() > MAX_FIELD {
        let message = format!("a password has 1 to {MAX_FIELD} bytes. It is read from standard input.");
        return Err(refuse("bad_password", message));
    }
    if wanted.unchecked {
        return Ok(());
    }
    match daemon.checks.ask(mailbox.as_str(), password).await {
        Ok(CheckOutcome::Accepted) => Ok(()),
        Ok(CheckOutcome::Refused) => {
            let message = format!("the mail server refuses this password of {mailbox}. No app password was made.");
            Err(refuse("wrong_password", message))
        }
        Ok(CheckOutcome::Unavailable) => {
            let message = "the mail server does not answer, so the password cannot be checked. The journal of \
                           postern-proxy says why. No app password was made.";
            Err(refuse("mail_server", message))
        }
        Err(crate::checks::Nobody) => {
            let message = "no IMAP front is connected, so the password cannot be checked with the mail server. Start \
                           postern-proxy with an [imap] section in its configuration, or, where there is none, answer \
                           for the password with --unchecked. No app password was made.";
            Err(refuse("no_front", message))
        }
    }
}

fn shown(account: &Account) -> AppPasswords {
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
