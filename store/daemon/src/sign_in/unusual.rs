//! Unusual sign-ins where nothing else is required: a code to the contact address.

use crate::daemon::Daemon;
use crate::sign_in::context::unavailable;
use postern_rules::contact::Address;
use postern_rules::factor::{CONTACT, KindName};
use postern_rules::{Account, offers, sent};
use postern_wire::auth::{self, AskVerdict, Offer, Reason};

/// Returns the address that receives a code when a sign-in is unusual.
///
/// # Errors
/// [`Reason::Unusual`] if no code can be sent: no mail is configured, or the address now resolves to the mailbox
/// itself.
pub async fn contact<'a>(daemon: &Daemon, account: &'a Account) -> Result<&'a Address, auth::Refusal> {
    let leads_into = match &account.contact {
        Some(address) => daemon.leads_into(address, &account.mailbox).await,
        None => Ok(false),
    };
    let leads_into = leads_into.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    offers::unusual_contact(account, daemon.senders.sendable(), leads_into).ok_or(auth::Refusal::new(Reason::Unusual))
}

/// The only challenge for an unusual sign-in.
pub async fn challenge(daemon: &Daemon, account: &Account) -> AskVerdict {
    let offer = |address: &Address| Offer {
        id: CONTACT.to_owned(),
        kind: KindName::Email.as_str().to_owned(),
        description: String::new(),
        digits: Some(sent::DIGITS),
        hint: Some(address.masked()),
    };
    match contact(daemon, account).await {
        Ok(address) => AskVerdict::Challenge {
            mailbox: account.mailbox.to_string(),
            methods: vec![offer(address)],
            trust_days: None,
        },
        Err(refusal) => AskVerdict::Refused(refusal),
    }
}
