//! The address for notices, and for codes when a sign-in is unusual. The administrator vouches for the address: no
//! confirmation is sent to it.

use super::{mailbox, refuse, shown};
use crate::actor::Actor;
use crate::administer::unstored;
use crate::daemon::Daemon;
use crate::verb::Verb;
use postern_rules::contact::Address;
use postern_rules::decide::administer;
use postern_rules::{Mailbox, Settled};
use postern_wire::admin::{Accounts, Refused, SetContact};

/// Sets or removes the contact address. A name without an account gets a record, which does not change what the name
/// may do.
///
/// # Errors
/// [`Refused`].
pub async fn set(daemon: &Daemon, actor: &str, wanted: &SetContact) -> Result<Accounts, Refused> {
    let (mailbox, platform) = mailbox(daemon, &wanted.mailbox).await?;
    let address = match &wanted.address {
        Some(typed) => Some(read(daemon, &mailbox, typed).await?),
        None => None,
    };
    let actor = Actor::new(actor, wanted.address.clone().unwrap_or_default());
    let create = address.is_some().then_some(&platform);
    let verb = Verb::new(if address.is_some() { "set contact address" } else { "remove contact address" });
    let decide = |it: &Settled<'_>| Ok(administer::set_contact(it, address.clone()));
    let applied = daemon.apply(&mailbox, create, &actor, &verb, decide).await.map_err(unstored)?;
    let applied = applied.ok_or_else(|| refuse("unknown_mailbox", format!("{mailbox} has no account.")))?;
    Ok(Accounts { accounts: vec![shown(&applied.account, applied.now)] })
}

async fn read(daemon: &Daemon, mailbox: &Mailbox, typed: &str) -> Result<Address, Refused> {
    let address = Address::read(typed);
    let address = address.ok_or_else(|| refuse("bad_address", format!("{typed:?} is not an e-mail address.")))?;
    if daemon.leads_into(&address, mailbox).await.map_err(unstored)? {
        let why = "a code that lies in the mailbox it guards is none. Take an address elsewhere";
        return Err(refuse("bad_address", format!("mail to {typed} ends in {mailbox} itself: {why}.")));
    }
    Ok(address)
}
