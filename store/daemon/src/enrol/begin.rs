//! Beginning to set up a method: the first one, for a user who knows the password; further ones, and a contact address,
//! for a user who has presented a factor for that purpose.

use crate::clock;
use crate::daemon::Daemon;
use crate::enrol::ticket::{Begun, PURPOSE, Ticket};
use crate::notify::texts;
use crate::security_keys;
use crate::sign_in::codes::Wanted;
use crate::sign_in::context::{account, actor, channel, journal, unavailable};
use crate::sign_in::offers::kinds;
use crate::sign_in::refusals::refused;
use crate::sign_in::{codes, proof};
use postern_rules::contact::{Address, Destination, PhoneNumber};
use postern_rules::decide::entitlement::By;
use postern_rules::decide::sent::{NewRecipient, for_setup};
use postern_rules::enrolment::Authority;
use postern_rules::factor::CONTACT;
use postern_rules::totp::Totp;
use postern_rules::{
    Account, Channel, Kind, KindName, Platform, Proof, Seed, Time, enrolment, enrolment_code, offers, seed, ticket,
};
use postern_vault::{RecordError, tickets};
use postern_wire::auth::{Enrol, EnrolVerdict, Reason};
use postern_wire::{Secret, auth};

/// Begins to set up a method, or returns the state of one that was begun.
pub async fn enrol(daemon: &Daemon, enrol: &Enrol) -> EnrolVerdict {
    begun(daemon, enrol).await.unwrap_or_else(|refusal| {
        journal("enrol", &enrol.name, enrol.channel, &enrol.origin, &refusal);
        EnrolVerdict::Refused(refusal)
    })
}

async fn begun(daemon: &Daemon, enrol: &Enrol) -> Result<EnrolVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, enrol.channel, &enrol.name).await.map_err(auth::Refusal::new)?;
    let now = clock::now();
    let earlier = enrol.ticket.as_ref().map(|shown| Ticket::open(daemon, shown, &account, now)).transpose()?;
    daemon.settle_if_possible(&account).await;
    // What replaces an earlier attempt does not last longer than that attempt would have.
    let until = earlier.as_ref().map_or(now.plus(ticket::ENROLMENT), |ticket| ticket.until);
    let kind = enrol.kind.as_deref().or(earlier.as_ref().map(|ticket| ticket.begun.kind()));
    let kind = kind.unwrap_or_else(|| KindName::Totp.as_str()).to_owned();
    let sendable = daemon.senders.sendable();
    let kinds = kinds(&platform, sendable);
    let authority = authority(daemon, enrol, &account, &platform, earlier.as_ref(), now)?;
    if kind != CONTACT && !kinds.contains(&kind) || kind == CONTACT && !offers::takes_contact(sendable) {
        return Err(auth::Refusal::new(Reason::NotOffered));
    }
    let earlier = earlier.map(|ticket| ticket.begun).filter(|begun| begun.kind() == kind);
    let (to, replaces) = match (&enrol.to, earlier.as_ref()) {
        (None, Some(Begun::Sent { to, session, .. })) => (Some(to.clone()), Some(*session)),
        (Some(to), Some(Begun::Sent { session, .. })) => (Some(to.clone()), Some(*session)),
        (to, _) => (to.clone(), None),
    };
    if let Authority::Proof(proof) = &authority {
        let change = proof::setting_up(&kind, to.as_deref())?;
        proof.check_for(&account, &change, now).map_err(refused)?;
    }
    let by = by(&authority, &account, channel(enrol.channel));
    let seal = |begun: Begun| {
        let (mailbox, (proof, code)) = (account.mailbox.to_string(), stored(&authority));
        let ticket = Ticket { mailbox, epoch: account.epoch, until, proof, code, begun };
        tickets::seal(&daemon.records, PURPOSE, &ticket)
            .map(Secret::from)
            .map_err(|error| auth::Refusal::new(unavailable(&error)))
    };
    let mailbox = account.mailbox.to_string();
    match KindName::parse(&kind) {
        Some(KindName::Totp) => {
            let (ticket, seed) = match (earlier, &enrol.ticket) {
                (Some(Begun::Totp(seed)), Some(shown)) => (shown.clone(), seed),
                _ => {
                    let seed = make_seed()?;
                    (seal(Begun::Totp(seed.clone()))?, seed)
                }
            };
            let secret = Secret::from(seed.to_base32().to_string());
            let uri = Totp::new(seed).uri(texts::place(&account, &platform), account.mailbox.as_str());
            Ok(EnrolVerdict::Offered { mailbox, ticket, secret, uri: Secret::from(uri.to_string()), kinds })
        }
        Some(KindName::Key) => {
            let site = enrol.site.clone().ok_or(auth::Refusal::new(Reason::NotOffered))?;
            let party = security_keys::relying_party(Some(&site), texts::place(&account, &platform));
            let party = party.ok_or(auth::Refusal::new(Reason::NotOffered))?;
            let mut challenge = [0; 32];
            getrandom::fill(&mut challenge).map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
            let options = security_keys::registration(&party, &account, &challenge);
            let ticket = seal(Begun::Key { challenge, site })?;
            Ok(EnrolVerdict::Key { mailbox, ticket, options, kinds })
        }
        Some(KindName::Sms | KindName::Email) | None => {
            let to = to.ok_or(auth::Refusal::new(Reason::Unfit))?;
            let recipient = recipient(daemon, &account, by, &kind, &to).await?;
            let actor = actor(enrol.channel, &enrol.origin);
            let wanted = Wanted {
                mailbox: &account.mailbox,
                platform: &platform,
                actor: &actor,
                replaces,
                language: enrol.language.as_deref(),
                site: enrol.site.as_deref(),
            };
            let sent = codes::send(daemon, &wanted, |it, draft| for_setup(it, &recipient, draft)).await?;
            let to = match sent.to {
                Destination::Number(number) => number.as_str().to_owned(),
                Destination::Address(address) => address.as_str().to_owned(),
            };
            let ticket = seal(Begun::Sent { kind, to: to.clone(), session: sent.session })?;
            Ok(EnrolVerdict::Sent { mailbox, ticket, to, again: sent.again.0, kinds })
        }
    }
}

fn by<'a>(authority: &'a Authority, account: &Account, channel: Channel) -> By<'a> {
    match authority {
        Authority::Password(code) => By::Enrolment { channel, epoch: account.epoch, code: *code },
        Authority::Proof(proof) => By::Proof(proof),
    }
}

/// Converts the authority to the form in which the ticket stores it.
fn stored(authority: &Authority) -> (Option<Proof>, Option<[u8; 32]>) {
    match authority {
        Authority::Password(code) => (None, *code),
        Authority::Proof(proof) => (Some(proof.clone()), None),
    }
}

/// Returns the authority, presented now or when the ticket was created, in the form that the rules use.
fn authority(
    daemon: &Daemon,
    enrol: &Enrol,
    account: &Account,
    platform: &Platform,
    earlier: Option<&Ticket>,
    now: Time,
) -> Result<Authority, auth::Refusal> {
    let shown = || enrol.proof.as_ref().and_then(|shown| proof::open(daemon, shown).ok());
    let proof = earlier.and_then(|ticket| ticket.proof.clone()).or_else(shown);
    let typed = enrol.enrolment_code.as_ref().map(|typed| enrolment_code::hash(typed.reveal()));
    let code = typed.or(earlier.and_then(|ticket| ticket.code));
    let authority = enrolment::authority(account, platform, channel(enrol.channel), (proof, code), now);
    authority.map_err(refused)
}

/// Parses a number or an address, if it is valid and does not lead into the mailbox that it is to protect.
async fn recipient<'a>(
    daemon: &Daemon,
    account: &Account,
    by: By<'a>,
    kind: &str,
    to: &str,
) -> Result<NewRecipient<'a>, auth::Refusal> {
    let unfit = || auth::Refusal::new(Reason::Unfit);
    if kind == KindName::Sms.as_str() {
        return Ok(NewRecipient::Method(by, Kind::Sms(PhoneNumber::read(to).ok_or_else(unfit)?)));
    }
    let address = Address::read(to).ok_or_else(unfit)?;
    match daemon.leads_into(&address, &account.mailbox).await {
        Ok(false) => {}
        Ok(true) => return Err(unfit()),
        Err(error) => return Err(auth::Refusal::new(unavailable(&error))),
    }
    Ok(if kind == CONTACT {
        NewRecipient::Contact(by, address)
    } else {
        NewRecipient::Method(by, Kind::Email(address))
    })
}

fn make_seed() -> Result<Seed, auth::Refusal> {
    let mut random = [0; seed::SEED_LEN];
    getrandom::fill(&mut random).map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
    Ok(Seed::made_of(random))
}
