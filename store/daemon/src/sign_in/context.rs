//! What every verb of the auth socket needs: the account that a name resolves to, the source of a request, and the
//! reply for a refusal.

use crate::actor::Actor;
use crate::daemon::{Daemon, ResolveError, SignInResolved};
use crate::metrics::METRICS;
use postern_rules::name::{NameError, SignInName};
use postern_rules::several_names::{Conflict, the_same_owner};
use postern_rules::source::Source;
use postern_rules::{Account, Channel, Mailbox, Platform};
use postern_vault::RecordError;
use postern_wire::auth::{self, Origin, Reason};

/// The owner of a sign-in.
pub(crate) enum Owner {
    /// No account here: the name is outside every platform's domains, and such names pass.
    Foreign(Mailbox),
    /// This account; a new, unwritten one if there is none.
    Ours(Box<Account>, Platform),
}

impl Owner {
    /// The mailbox that the name leads to.
    pub(crate) fn mailbox(&self) -> &Mailbox {
        match self {
            Self::Foreign(mailbox) => mailbox,
            Self::Ours(account, _) => &account.mailbox,
        }
    }
}

/// Returns the owner of a sign-in under this name and these further names.
///
/// # Errors
/// [`Reason::Name`], also if they lead to different mailboxes; [`Reason::Unavailable`].
pub(crate) async fn owner_by_all(
    daemon: &Daemon,
    channel: Channel,
    name: &str,
    also: &[String],
) -> Result<Owner, Reason> {
    let first = owner(daemon, channel, name).await;
    let mut others = Vec::with_capacity(also.len());
    for other in also {
        others.push(owner(daemon, channel, other).await);
    }
    the_same_owner(first, others, Owner::mailbox).map_err(|conflict| match conflict {
        Conflict::Refused(reason) => reason,
        Conflict::Differ => {
            tracing::info!(?name, ?also, "a sign-in is refused: its names lead to different mailboxes");
            Reason::Name
        }
    })
}

/// Returns the owner of a sign-in under this name.
///
/// # Errors
/// [`Reason::Name`], [`Reason::Unavailable`].
pub(crate) async fn owner(daemon: &Daemon, channel: Channel, name: &str) -> Result<Owner, Reason> {
    Ok(match resolve(daemon, channel, name).await? {
        SignInResolved::Foreign(mailbox) => {
            daemon.config.names.foreign.may_pass().map_err(|why| name_refused(name, why))?;
            Owner::Foreign(mailbox)
        }
        SignInResolved::Unlisted(mailbox, platform) => {
            Owner::Ours(Box::new(Account::new(mailbox, &platform.name)), platform)
        }
        SignInResolved::Account(account, platform) => Owner::Ours(account, platform),
    })
}

pub(crate) async fn resolve(daemon: &Daemon, channel: Channel, name: &str) -> Result<SignInResolved, Reason> {
    daemon.resolve_sign_in(SignInName::new(channel, name)).await.map_err(|error| match error {
        ResolveError::Name(why) => name_refused(name, why),
        ResolveError::Record(error) => unavailable(&error),
    })
}

/// The client does not learn why a name is refused; the administrator, who reads the log, needs to know what to do about
/// it.
fn name_refused(name: &str, why: NameError) -> Reason {
    tracing::info!(?name, "a sign-in is refused: {why}");
    Reason::Name
}

/// Returns the account of a mailbox that a verdict has named. For one that was removed or is foreign, the front has to
/// ask again.
pub(crate) async fn account(
    daemon: &Daemon,
    channel: auth::Channel,
    name: &str,
) -> Result<(Account, Platform), Reason> {
    match resolve(daemon, self::channel(channel), name).await? {
        SignInResolved::Account(account, platform) => Ok((*account, platform)),
        SignInResolved::Unlisted(..) | SignInResolved::Foreign(_) => Err(Reason::Stale),
    }
}

pub(crate) fn channel(channel: auth::Channel) -> Channel {
    match channel {
        auth::Channel::Webmail => Channel::Webmail,
        auth::Channel::Imap => Channel::Imap,
        auth::Channel::Pop3 => Channel::Pop3,
        auth::Channel::Pam => Channel::Pam,
    }
}

pub(crate) fn actor(channel: auth::Channel, origin: &Origin) -> Actor {
    Actor { address: origin.address, ..Actor::new(channel.to_string(), "") }
}

/// Returns the source of a sign-in, for the rules.
pub(crate) fn source(origin: &Origin) -> Source<'_> {
    Source {
        address: origin.address,
        service: origin.service.as_deref(),
        client: origin.client.as_deref(),
        browser: origin.browser.as_ref().and_then(|token| postern_rules::source::token(token.reveal())),
        before_exchange: origin.before_exchange,
    }
}

pub(crate) fn unavailable(error: &RecordError) -> Reason {
    tracing::error!("a sign-in is refused: {error}");
    Reason::Unavailable
}

/// Logs a refusal that is not written to the store. `%?` of the name escapes characters that would forge a line.
pub(crate) fn journal(verb: &str, name: &str, channel: auth::Channel, origin: &Origin, refusal: &auth::Refusal) {
    METRICS.refused.count((self::channel(channel).into(), refusal.reason.into()));
    let address = origin.address.map_or(String::new(), |address| address.to_string());
    tracing::info!(target: "signin", verb, name = ?name, door = %channel, address, reason = ?refusal.reason, "refused");
}
