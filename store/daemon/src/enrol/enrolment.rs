//! Setting up a method: the first one, on the word of whoever knows the password, and further ones, and a contact
//! address, on the word of whoever has brought a factor for that.

use crate::clock;
use crate::daemon::{Daemon, draw};
use crate::notify::texts;
use crate::sign_in::codes::{self, Wanted};
use crate::sign_in::proof;
use crate::sign_in::signin::{account, actor, channel, journal, refused, source, unavailable};
use crate::webauthn::keys;
use postern_rules::contact::{Address, Destination, Number};
use postern_rules::enrolment::Authority;
use postern_rules::event::{By, Offered, Recipient};
use postern_rules::offers::Sendable;
use postern_rules::proof::Change;
use postern_rules::sent::ChallengeId;
use postern_rules::totp::Totp;
use postern_rules::{
    Account, Channel, Event, Kind, KindName, Platform, Proof, Seed, Standing, Time, Verdict, enrolment, enrolment_code,
    offers, seed, ticket,
};
use postern_vault::RecordError;
use postern_vault::tickets;
use postern_wire::Secret;
use postern_wire::auth::{self, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Reason};
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "enrol";
/// The kind that is no method.
const CONTACT: &str = "contact";

/// What was begun. The front keeps it, so that a stranger with a password cannot fill the store, and two browsers that
/// enrol at once do not disturb each other: the first that confirms moves the epoch.
#[derive(Serialize, Deserialize)]
struct Ticket {
    mailbox: String,
    epoch: u64,
    until: Time,
    /// On owner word, where the account is protected already: whoever has brought a factor for this.
    #[serde(default)]
    proof: Option<Proof>,
    /// A hash of the enrolment code that was typed before.
    #[serde(default)]
    code: Option<[u8; 32]>,
    begun: Begun,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Begun {
    Totp(Seed),
    Sent { kind: String, to: String, session: ChallengeId },
    Key { challenge: [u8; 32], site: String },
}

impl Begun {
    fn kind(&self) -> &str {
        match self {
            Self::Totp(_) => KindName::Totp.as_str(),
            Self::Sent { kind, .. } => kind,
            Self::Key { .. } => KindName::Key.as_str(),
        }
    }
}

impl Ticket {
    fn open(daemon: &Daemon, shown: &Secret, account: &Account, now: Time) -> Result<Self, auth::Refusal> {
        let fits = |ticket: &Self| {
            let is_current = ticket::is_current(ticket.until, ticket::ENROLMENT, now);
            ticket.mailbox == account.mailbox.as_str() && ticket.epoch == account.epoch && is_current
        };
        tickets::open(&daemon.records, PURPOSE, shown.reveal()).filter(fits).ok_or(auth::Refusal::new(Reason::Stale))
    }
}

/// Begins, or shows again what was begun.
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
    // What is begun in place of something does not last longer than that would have.
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
        let change = change(&kind, to.as_deref())?;
        proof.check_for(&account, &change, now).map_err(|refusal| refused(&refusal))?;
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
            let party = keys::relying_party(Some(&site), texts::place(&account, &platform));
            let party = party.ok_or(auth::Refusal::new(Reason::NotOffered))?;
            let mut challenge = [0; 32];
            getrandom::fill(&mut challenge).map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
            let options = keys::registration(&party, &account, &challenge);
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
            let sent = codes::send(daemon, recipient, &wanted).await?;
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

/// For the ticket.
fn stored(authority: &Authority) -> (Option<Proof>, Option<[u8; 32]>) {
    match authority {
        Authority::Password(code) => (None, *code),
        Authority::Proof(proof) => (Some(proof.clone()), None),
    }
}

/// What was brought, now or when it was begun, as the rules judge it.
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
    authority.map_err(|refusal| refused(&refusal))
}

/// What is changed by setting this up.
fn change(kind: &str, to: Option<&str>) -> Result<Change, auth::Refusal> {
    match KindName::parse(kind) {
        Some(kind) => proof::adds(kind, to),
        None => Ok(Change::SetContact(destination(KindName::Email, to.unwrap_or_default())?)),
    }
}

/// The one spelling of a number or an address.
///
/// # Errors
/// [`Reason::Unfit`]: it is none.
pub fn destination(kind: KindName, typed: &str) -> Result<String, auth::Refusal> {
    let read = match kind {
        KindName::Sms => Number::read(typed).map(|number| number.as_str().to_owned()),
        _ => Address::read(typed).map(|address| address.as_str().to_owned()),
    };
    read.ok_or(auth::Refusal::new(Reason::Unfit))
}

/// What can be set up here, as the wire has it.
pub fn kinds(platform: &Platform, sendable: Sendable) -> Vec<String> {
    offers::kinds(platform, sendable).into_iter().map(|kind| kind.as_str().to_owned()).collect()
}

/// A number or an address, where it can be one: not one that leads into the mailbox that it is to guard.
async fn recipient<'a>(
    daemon: &Daemon,
    account: &Account,
    by: By<'a>,
    kind: &str,
    to: &str,
) -> Result<Recipient<'a>, auth::Refusal> {
    let unfit = || auth::Refusal::new(Reason::Unfit);
    if kind == KindName::Sms.as_str() {
        return Ok(Recipient::Method(by, Kind::Sms(Number::read(to).ok_or_else(unfit)?)));
    }
    let address = Address::read(to).ok_or_else(unfit)?;
    match daemon.leads_into(&address, &account.mailbox).await {
        Ok(false) => {}
        Ok(true) => return Err(unfit()),
        Err(error) => return Err(auth::Refusal::new(unavailable(&error))),
    }
    Ok(if kind == CONTACT { Recipient::Contact(by, address) } else { Recipient::Method(by, Kind::Email(address)) })
}

fn make_seed() -> Result<Seed, auth::Refusal> {
    let mut random = [0; seed::SEED_LEN];
    getrandom::fill(&mut random).map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
    Ok(Seed::made_of(random))
}

/// Ends what was begun.
pub async fn confirm(daemon: &Daemon, confirm: &Confirm) -> ConfirmVerdict {
    let verdict = confirmed(daemon, confirm).await.unwrap_or_else(ConfirmVerdict::Refused);
    if let ConfirmVerdict::Refused(refusal) = &verdict {
        journal("confirm", &confirm.name, confirm.channel, &confirm.origin, refusal);
    }
    verdict
}

async fn confirmed(daemon: &Daemon, confirm: &Confirm) -> Result<ConfirmVerdict, auth::Refusal> {
    let (account, platform) = account(daemon, confirm.channel, &confirm.name).await.map_err(auth::Refusal::new)?;
    let now = clock::now();
    let ticket = Ticket::open(daemon, &confirm.ticket, &account, now)?;
    let by = match &ticket.proof {
        Some(proof) => By::Proof(proof),
        None => By::Enrolment { channel: channel(confirm.channel), epoch: ticket.epoch, code: ticket.code },
    };
    let key = match &ticket.begun {
        Begun::Key { challenge, site } => Some(made_key(&account, &platform, challenge, site, confirm)?),
        Begun::Totp(_) | Begun::Sent { .. } => None,
    };
    let code = confirm.code.reveal();
    let event = || {
        let offered = match (&ticket.begun, &key) {
            (_, Some(key)) => Offered::Key(key.clone()),
            (Begun::Sent { session, .. }, None) => Offered::Sent { session: *session, code },
            (Begun::Totp(seed), None) => {
                Offered::Totp { totp: Totp::new(seed.clone()), code, window: daemon.config.totp.window }
            }
            (Begun::Key { .. }, None) => return Err(RecordError::Content("a security key".to_owned())),
        };
        let source = source(&confirm.origin);
        Ok(Event::Confirm { by, offered, description: &confirm.description, random: draw()?, source })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor(confirm.channel, &confirm.origin), event).await;
    let applied = applied.map_err(|error| match error {
        // WebAuthn Level 3, section 7.1, step 26: a credential belongs to one account.
        RecordError::Taken => auth::Refusal::new(Reason::InUse),
        error => auth::Refusal::new(unavailable(&error)),
    })?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let (method, backup_codes) = match applied.verdict {
        Verdict::Added { method, backup_codes } => (method, backup_codes),
        Verdict::Done => (CONTACT.to_owned(), None),
        Verdict::Refused(refusal) => return Err(refused(&refusal)),
        _ => return Err(auth::Refusal::new(Reason::Unavailable)),
    };
    let proof = match &ticket.proof {
        Some(proof) => proof::seal(daemon, &proof.carried_over(&applied.account)),
        None => proof::make(daemon, &applied.account, None, applied.now),
    };
    Ok(ConfirmVerdict::Accepted {
        standing: Standing::verified(&applied.account).to_string(),
        mailbox: applied.account.mailbox.to_string(),
        method,
        backup_codes: backup_codes.iter().flatten().map(|code| Secret::from(code.as_str())).collect(),
        // It is confirmed, with or without a proof of it.
        proof: proof.ok(),
    })
}

fn made_key(
    account: &Account,
    platform: &Platform,
    challenge: &[u8; 32],
    site: &str,
    confirm: &Confirm,
) -> Result<postern_rules::factor::Key, auth::Refusal> {
    let party = keys::relying_party(Some(site), texts::place(account, platform));
    let key = party.and_then(|party| keys::registered(&party, challenge, confirm.code.reveal()));
    key.ok_or(auth::Refusal { failures: Some(0), ..auth::Refusal::new(Reason::Wrong) })
}
