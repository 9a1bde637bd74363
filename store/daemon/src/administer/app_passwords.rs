//! App passwords: the administrator's verbs.

use crate::account::app_passwords::{Given, NoAppPassword, make, shown};
use crate::actor::Actor;
use crate::administer::verdicts::Explain;
use crate::administer::{account, refuse, unstored};
use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::Change;
use crate::verb::Verb;
use postern_rules::app_password::{Limits, LimitsError};
use postern_rules::decide::administer::Off;
use postern_rules::decide::app_passwords::{self as rules, Administrator};
use postern_rules::{Mailbox, Settled, app_password};
use postern_wire::address::{NoNetwork, parse_network};
use postern_wire::admin::{AppPasswordCreated, AppPasswords, CreateAppPassword, Refused, RevokeAppPassword};
use postern_wire::auth::MAX_FIELD;

/// Lists the app passwords of a mailbox.
///
/// # Errors
/// [`Refused`].
pub async fn list(daemon: &Daemon, mailbox: &str) -> Result<AppPasswords, Refused> {
    Ok(shown(&account(daemon, mailbox).await?.0.value))
}

/// Creates an app password after the mail server has accepted the mailbox's password. The other app passwords of the
/// mailbox are updated to that password as well.
///
/// # Errors
/// [`Refused`].
pub async fn create(daemon: &Daemon, actor: &str, wanted: &CreateAppPassword) -> Result<AppPasswordCreated, Refused> {
    let (stored, _) = account(daemon, &wanted.mailbox).await?;
    let limits = limits(wanted)?;
    let actor = Actor::new(actor, "");
    let given = Given { password: &wanted.password, unchecked: wanted.unchecked };
    let named = (wanted.description.as_str(), &limits);
    let made = make(daemon, &stored.value, given, &Administrator, named, &actor).await;
    made.map(|(made, _)| made).map_err(|error| in_words(&stored.value.mailbox, error))
}

fn in_words(mailbox: &Mailbox, error: NoAppPassword<Off>) -> Refused {
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
        NoAppPassword::Stale => refuse("stale", format!("{mailbox} was changed meanwhile. {NONE} Try again.")),
        NoAppPassword::NotAllowed(off) => off.explain(mailbox),
        NoAppPassword::Store(error) => unstored(error),
    }
}

/// Revokes an app password; its sessions end.
///
/// # Errors
/// [`Refused`].
pub async fn revoke(daemon: &Daemon, actor: &str, wanted: &RevokeAppPassword) -> Result<AppPasswords, Refused> {
    let (stored, _) = account(daemon, &wanted.mailbox).await?;
    let mailbox = stored.value.mailbox;
    let actor = Actor::new(actor, format!("app password {}", wanted.id));
    let verb = Verb::new("revoke app password").counted(Change::AppPasswordRevoked);
    let decide = |it: &Settled<'_>| Ok(rules::revoke(it, &wanted.id));
    let applied = daemon.apply(&mailbox, None, &actor, &verb, decide).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    applied.verdict.map_err(|refusal| refusal.explain(&mailbox))?;
    Ok(shown(&applied.account))
}

/// Returns when and from where the app password may be used.
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
