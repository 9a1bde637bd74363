//! The verbs of the auth socket. Whatever goes wrong here is a refusal: only [`ask`] says "not required", and only
//! because the rules, or the administrator's word about unlisted and foreign names, said so.

use crate::clock;
use crate::daemon::{Actor, Daemon, ResolveError, Resolved, backup_codes_left, draw};
use crate::records::RecordError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_rules::account::Again;
use postern_rules::event::BACKUP;
use postern_rules::totp::Totp;
use postern_rules::{Account, Door, Event, Kind, Platform, Refusal, Seed, Stage, Time, Verdict, decide, seed};
use postern_wire::Secret;
use postern_wire::auth::{
    self, Answer, AnswerVerdict, Ask, AskVerdict, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, Offer, Origin,
    PasswordAndCode, PasswordAndCodeVerdict, Reason, Recheck, Rechecked,
};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr};
use zeroize::Zeroizing;

/// Seconds in which an enrolment that was begun may be ended.
const TICKET_LIFETIME: i64 = 15 * 60;
/// Characters that a ticket may have.
const TICKET_MAX: usize = 2048;
const TICKET_PURPOSE: &str = "enrol";
const AGAIN_PURPOSE: &str = "password and code";

/// What a sign-in needs. Reading only.
pub fn ask(daemon: &Daemon, ask: &Ask) -> AskVerdict {
    let door = door(ask.door);
    let verdict = match resolve(daemon, &ask.name) {
        Err(reason) => AskVerdict::Refused(auth::Refusal::new(reason)),
        Ok(Resolved::Foreign(mailbox)) if daemon.foreign_passes() => not_required(mailbox.as_str(), door, 0),
        Ok(Resolved::Foreign(_)) => AskVerdict::Refused(auth::Refusal::new(Reason::Name)),
        Ok(Resolved::Lookalike(mailbox, platform)) if !platform.enabled => not_required(mailbox.as_str(), door, 0),
        Ok(Resolved::Unlisted(mailbox, platform)) if !platform.enabled || platform.policy.unlisted_pass => {
            not_required(mailbox.as_str(), door, 0)
        }
        Ok(Resolved::Unlisted(..) | Resolved::Lookalike(..)) => AskVerdict::Refused(auth::Refusal::new(Reason::Name)),
        Ok(Resolved::Account(kept, platform)) => {
            let account = &kept.value;
            match decide(account, &platform, Event::Ask(door), clock::now()).verdict {
                Verdict::NotRequired => not_required(account.mailbox.as_str(), door, account.epoch),
                Verdict::Challenge => {
                    AskVerdict::Challenge { mailbox: account.mailbox.to_string(), methods: offers(account, door) }
                }
                Verdict::Enrol => AskVerdict::Enrol { mailbox: account.mailbox.to_string() },
                Verdict::Refused(refusal) => AskVerdict::Refused(refused(&refusal)),
                // The rules answer a question with nothing else; were it otherwise, it would not be a yes.
                _ => AskVerdict::Refused(auth::Refusal::new(Reason::Unavailable)),
            }
        }
    };
    if let AskVerdict::Refused(refusal) = &verdict {
        journal("ask", &ask.name, ask.door, &ask.origin, refusal);
    }
    verdict
}

/// Looks at a code.
pub async fn answer(daemon: &Daemon, answer: &Answer) -> AnswerVerdict {
    let verdict = match account(daemon, &answer.name) {
        Err(reason) => AnswerVerdict::Refused(auth::Refusal::new(reason)),
        Ok((account, _)) => {
            let event = || {
                Ok(Event::Answer {
                    door: door(answer.door),
                    method: answer.method.as_deref(),
                    code: answer.code.reveal(),
                    window: daemon.config.totp.window,
                })
            };
            match daemon.apply(&account.mailbox, None, &actor(answer.door, &answer.origin), event).await {
                Ok(Some(applied)) => match applied.verdict {
                    Verdict::Accepted { method, backup_codes_left } => AnswerVerdict::Accepted {
                        standing: verified(&applied.account),
                        mailbox: applied.account.mailbox.to_string(),
                        method,
                        backup_codes_left,
                    },
                    Verdict::Refused(refusal) => AnswerVerdict::Refused(refused(&refusal)),
                    _ => AnswerVerdict::Refused(auth::Refusal::new(Reason::Unavailable)),
                },
                Ok(None) => AnswerVerdict::Refused(auth::Refusal::new(Reason::Stale)),
                Err(error) => AnswerVerdict::Refused(auth::Refusal::new(unavailable(&error))),
            }
        }
    };
    if let AnswerVerdict::Refused(refusal) = &verdict {
        journal("answer", &answer.name, answer.door, &answer.origin, refusal);
    }
    verdict
}

/// Looks at a field with a password and a code.
pub async fn password_and_code(daemon: &Daemon, field: &PasswordAndCode) -> PasswordAndCodeVerdict {
    let verdict = looked_at(daemon, field).await.unwrap_or_else(PasswordAndCodeVerdict::Refused);
    if let PasswordAndCodeVerdict::Refused(refusal) = &verdict {
        journal("password and code", &field.name, field.door, &field.origin, refusal);
    }
    verdict
}

async fn looked_at(daemon: &Daemon, field: &PasswordAndCode) -> Result<PasswordAndCodeVerdict, auth::Refusal> {
    let (account, _) = account(daemon, &field.name).map_err(auth::Refusal::new)?;
    let event = || {
        Ok(Event::PasswordAndCode {
            door: door(field.door),
            text: field.text.reveal(),
            window: daemon.config.totp.window,
            again: again(daemon, field),
        })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor(field.door, &field.origin), event).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    match applied.verdict {
        Verdict::AcceptedBehind { method, backup_codes_left, password } => Ok(PasswordAndCodeVerdict::Accepted {
            standing: verified(&applied.account),
            mailbox: applied.account.mailbox.to_string(),
            method,
            password: u32::try_from(password).map_err(|_| auth::Refusal::new(Reason::Unavailable))?,
            backup_codes_left,
        }),
        Verdict::Refused(refusal) => Err(refused(&refusal)),
        _ => Err(auth::Refusal::new(Reason::Unavailable)),
    }
}

/// What a field is known by when it comes again: its source's network, and a hash that only this daemon can make.
/// Without an address there is no source, and nothing passes again.
fn again(daemon: &Daemon, field: &PasswordAndCode) -> Option<Again> {
    let source = match field.origin.address? {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        },
    };
    let mac = daemon.records.sealer().mac(AGAIN_PURPOSE, field.text.reveal().as_bytes());
    Some(Again { source, hash: *mac.as_bytes().last_chunk()? })
}

/// Offers a secret, or shows the one of a ticket again.
pub fn enrol(daemon: &Daemon, enrol: &Enrol) -> EnrolVerdict {
    let offered = || -> Result<EnrolVerdict, auth::Refusal> {
        let (account, platform) = account(daemon, &enrol.name).map_err(auth::Refusal::new)?;
        let now = clock::now();
        match decide(&account, &platform, Event::Ask(door(enrol.door)), now).verdict {
            Verdict::Enrol => {}
            Verdict::Refused(refusal) => return Err(refused(&refusal)),
            _ => return Err(auth::Refusal::new(Reason::Stale)),
        }
        let (ticket, seed) = match &enrol.ticket {
            Some(shown) => (shown.clone(), open_ticket(daemon, shown, &account, now)?.seed),
            None => {
                let mut random = [0; seed::SEED_LEN];
                getrandom::fill(&mut random).map_err(|_| auth::Refusal::new(unavailable(&RecordError::Random)))?;
                let seed = Seed::made_of(random);
                (make_ticket(daemon, &account, &seed, now)?, seed)
            }
        };
        let secret = Secret::from(seed.to_base32().to_string());
        let uri = Totp::new(seed).uri(issuer(&account, &platform), account.mailbox.as_str());
        Ok(EnrolVerdict::Offered {
            mailbox: account.mailbox.to_string(),
            ticket,
            secret,
            uri: Secret::from(uri.to_string()),
        })
    };
    offered().unwrap_or_else(|refusal| {
        journal("enrol", &enrol.name, enrol.door, &enrol.origin, &refusal);
        EnrolVerdict::Refused(refusal)
    })
}

/// Ends an enrolment.
pub async fn confirm(daemon: &Daemon, confirm: &Confirm) -> ConfirmVerdict {
    let verdict = confirmed(daemon, confirm).await.unwrap_or_else(ConfirmVerdict::Refused);
    if let ConfirmVerdict::Refused(refusal) = &verdict {
        journal("confirm", &confirm.name, confirm.door, &confirm.origin, refusal);
    }
    verdict
}

async fn confirmed(daemon: &Daemon, confirm: &Confirm) -> Result<ConfirmVerdict, auth::Refusal> {
    let (account, _) = account(daemon, &confirm.name).map_err(auth::Refusal::new)?;
    let ticket = open_ticket(daemon, &confirm.ticket, &account, clock::now())?;
    let event = || {
        Ok(Event::Confirm {
            door: door(confirm.door),
            offered: Totp::new(ticket.seed.clone()),
            epoch: ticket.epoch,
            code: confirm.code.reveal(),
            window: daemon.config.totp.window,
            description: &confirm.description,
            random: draw()?,
        })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor(confirm.door, &confirm.origin), event).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    match applied.verdict {
        Verdict::Added { method, backup_codes } => Ok(ConfirmVerdict::Accepted {
            standing: verified(&applied.account),
            mailbox: applied.account.mailbox.to_string(),
            method,
            backup_codes: backup_codes.iter().flatten().map(|code| Secret::from(code.as_str())).collect(),
        }),
        Verdict::Refused(refusal) => Err(refused(&refusal)),
        _ => Err(auth::Refusal::new(Reason::Unavailable)),
    }
}

/// Which sessions are over. What cannot be looked up is over.
pub fn recheck(daemon: &Daemon, recheck: &Recheck) -> Rechecked {
    let over = |session: &auth::Session| {
        let Some(standing) = Standing::parse(&session.standing) else { return true };
        if !standing.verified {
            let origin = Origin::default();
            let again = ask(daemon, &Ask { name: session.mailbox.clone(), door: standing.door, origin });
            return !matches!(again, AskVerdict::NotRequired { .. });
        }
        match account(daemon, &session.mailbox) {
            Ok((account, _)) => account.epoch != standing.epoch || account.stage != Stage::Protected,
            Err(_) => true,
        }
    };
    Rechecked { ended: recheck.sessions.iter().map(over).collect() }
}

/// What a verdict rested on, as text that a front keeps and does not read.
struct Standing {
    verified: bool,
    door: auth::Door,
    epoch: u64,
}

impl Standing {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let verified = match parts.next()? {
            "verified" => true,
            "unverified" => false,
            _ => return None,
        };
        let door = [auth::Door::Webmail, auth::Door::Imap, auth::Door::Pam];
        let name = parts.next()?;
        let door = door.into_iter().find(|door| door.to_string() == name)?;
        let epoch = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { verified, door, epoch })
    }
}

/// The door stands in it only for what was not verified; for the rest any will do.
fn verified(account: &Account) -> String {
    format!("verified/{}/{}", Door::Webmail.as_str(), account.epoch)
}

fn not_required(mailbox: &str, door: Door, epoch: u64) -> AskVerdict {
    AskVerdict::NotRequired { mailbox: mailbox.to_owned(), standing: format!("unverified/{}/{epoch}", door.as_str()) }
}

/// The methods, the one used last first. Backup codes come last, and not at a door where nobody types.
fn offers(account: &Account, door: Door) -> Vec<Offer> {
    let mut factors: Vec<_> = account.factors.iter().collect();
    factors.sort_by_key(|factor| std::cmp::Reverse((factor.last_used, factor.created)));
    let mut offers: Vec<Offer> = factors
        .into_iter()
        .map(|factor| {
            let Kind::Totp(totp) = &factor.kind;
            Offer {
                id: factor.id.clone(),
                kind: factor.kind.as_str().to_owned(),
                description: factor.description.clone(),
                digits: Some(totp.digits()),
            }
        })
        .collect();
    if backup_codes_left(account) > 0 && door != Door::Imap {
        let kind = BACKUP.to_owned();
        offers.push(Offer { id: kind.clone(), kind, description: String::new(), digits: None });
    }
    offers
}

/// The name that apps show beside the code.
pub fn issuer<'a>(account: &'a Account, platform: &'a Platform) -> &'a str {
    if platform.policy.issuer.is_empty() { account.mailbox.domain() } else { &platform.policy.issuer }
}

/// An enrolment that was begun. The front keeps it, so that a stranger with a password cannot fill the store, and two
/// browsers that enrol at once do not disturb each other: the first that confirms moves the epoch.
#[derive(Serialize, Deserialize)]
struct Ticket {
    mailbox: String,
    epoch: u64,
    until: Time,
    seed: Seed,
}

fn make_ticket(daemon: &Daemon, account: &Account, seed: &Seed, now: Time) -> Result<Secret, auth::Refusal> {
    let mailbox = account.mailbox.to_string();
    let ticket = Ticket { mailbox, epoch: account.epoch, until: now.plus(TICKET_LIFETIME), seed: seed.clone() };
    let mut plain = Zeroizing::new(Vec::with_capacity(TICKET_MAX));
    serde_json::to_writer(&mut *plain, &ticket).map_err(|_| auth::Refusal::new(Reason::Unavailable))?;
    let sealed = daemon.records.sealer().seal_ticket(TICKET_PURPOSE, &plain);
    let sealed = sealed.map_err(|error| auth::Refusal::new(unavailable(&RecordError::Seal(error))))?;
    Ok(Secret::from(URL_SAFE_NO_PAD.encode(sealed)))
}

fn open_ticket(daemon: &Daemon, shown: &Secret, account: &Account, now: Time) -> Result<Ticket, auth::Refusal> {
    let opened = || -> Option<Ticket> {
        let sealed = Some(shown.reveal()).filter(|text| text.len() <= TICKET_MAX)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = daemon.records.sealer().open_ticket(TICKET_PURPOSE, &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    };
    let fits = |ticket: &Ticket| {
        ticket.mailbox == account.mailbox.as_str() && ticket.epoch == account.epoch && now < ticket.until
    };
    opened().filter(fits).ok_or(auth::Refusal::new(Reason::Stale))
}

fn resolve(daemon: &Daemon, name: &str) -> Result<Resolved, Reason> {
    daemon.resolve(name).map_err(|error| match error {
        ResolveError::Name(_) => Reason::Name,
        ResolveError::Record(error) => unavailable(&error),
    })
}

/// The account of a mailbox that a verdict has named. One that is gone, or foreign, has to be asked about again.
fn account(daemon: &Daemon, name: &str) -> Result<(Account, Platform), Reason> {
    match resolve(daemon, name)? {
        Resolved::Account(kept, platform) => Ok((kept.value, platform)),
        Resolved::Unlisted(..) | Resolved::Lookalike(..) | Resolved::Foreign(_) => Err(Reason::Stale),
    }
}

fn unavailable(error: &RecordError) -> Reason {
    tracing::error!("a sign-in is refused: {error}");
    Reason::Unavailable
}

fn refused(refusal: &Refusal) -> auth::Refusal {
    match refusal {
        Refusal::Wrong { failures } => auth::Refusal { failures: Some(*failures), ..auth::Refusal::new(Reason::Wrong) },
        Refusal::Locked(until) => {
            auth::Refusal { until: until.map(|until| until.0), ..auth::Refusal::new(Reason::Locked) }
        }
        Refusal::Unenrolled => auth::Refusal::new(Reason::Unenrolled),
        // To the person it looks like a wrong code; an administrator finds the platform's key in the journal.
        Refusal::NotInOneField => auth::Refusal::new(Reason::Wrong),
        _ => auth::Refusal::new(Reason::Stale),
    }
}

fn door(door: auth::Door) -> Door {
    match door {
        auth::Door::Webmail => Door::Webmail,
        auth::Door::Imap => Door::Imap,
        auth::Door::Pam => Door::Pam,
    }
}

fn actor(door: auth::Door, origin: &Origin) -> Actor {
    Actor { name: door.to_string(), address: origin.address, detail: String::new() }
}

/// What is refused without being written to the store goes to the journal only. `%?` of the name escapes what would
/// forge a line.
fn journal(verb: &str, name: &str, door: auth::Door, origin: &Origin, refusal: &auth::Refusal) {
    let address = origin.address.map_or(String::new(), |address| address.to_string());
    tracing::info!(target: "signin", verb, name = ?name, %door, address, reason = ?refusal.reason, "refused");
}
