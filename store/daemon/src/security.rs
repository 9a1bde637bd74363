//! What people see and change of their own account.

use crate::administer::app_passwords::{self, NoAppPassword};
use crate::browsers;
use crate::clock;
use crate::daemon::{Daemon, backup_codes_left, draw};
use crate::enrol::kinds;
use crate::proof::Proof;
use crate::signin::{account, actor, door, journal, refused, source, unavailable};
use crate::standing::Standing;
use postern_rules::{Account, Event, Platform, Stage, Verdict};
use postern_wire::Secret;
use postern_wire::auth::{self, Origin, Reason};
use postern_wire::security::{
    Change, ChangeSecurity, ChangeVerdict, OwnMethod, Removal, Security, SecurityVerdict, ShowSecurity,
};

/// What there is to see.
pub fn show(daemon: &Daemon, asked: &ShowSecurity) -> SecurityVerdict {
    let shown = || {
        let (account, platform) = account(daemon, auth::Door::Webmail, &asked.name).map_err(auth::Refusal::new)?;
        let proof = Proof::read(daemon, &asked.proof, &account)?;
        Ok(security(daemon, &account, &platform, &asked.origin, &proof))
    };
    shown().map_or_else(SecurityVerdict::Refused, SecurityVerdict::Shown)
}

fn security(daemon: &Daemon, account: &Account, platform: &Platform, origin: &Origin, proof: &Proof) -> Security {
    let mut kinds = kinds(daemon, platform);
    if daemon.senders.can_mail() {
        kinds.push("contact".to_owned());
    }
    let method = |factor: &postern_rules::Factor| OwnMethod {
        id: factor.id.clone(),
        kind: factor.kind.as_str().to_owned(),
        description: factor.description.clone(),
        hint: factor.kind.hint(),
        created: factor.created.0,
        last_used: factor.last_used.map(|time| time.0),
        copied: factor.is_copied(),
        removal: match postern_rules::removal(account, platform, &factor.id) {
            postern_rules::Removal::Free => Removal::Free,
            postern_rules::Removal::SwitchesOff => Removal::SwitchesOff,
            postern_rules::Removal::Kept => Removal::Kept,
        },
    };
    Security {
        mailbox: account.mailbox.to_string(),
        aliases: account.aliases.iter().map(ToString::to_string).collect(),
        methods: account.factors.iter().map(method).collect(),
        backup_codes_left: account.backup.as_ref().map(|_| backup_codes_left(account)),
        app_passwords: app_passwords::shown(account).app_passwords,
        takes_app_passwords: !account.app_passwords.is_empty() || daemon.checks.were_offered(),
        can_make_app_passwords: daemon.checks.are_offered(),
        contact: account.contact.as_ref().map(|address| address.as_str().to_owned()),
        language: account.language.clone(),
        kinds,
        fresh_until: proof.fresh_until().0,
        browsers: browsers::shown(account, platform, origin),
        may_trust: platform.policy.trusted_browsers > 0,
    }
}

/// Changes something.
pub async fn change(daemon: &Daemon, wanted: &ChangeSecurity) -> ChangeVerdict {
    changed(daemon, wanted).await.unwrap_or_else(|refusal| {
        journal("change security", &wanted.name, wanted.door, &wanted.origin, &refusal);
        ChangeVerdict::Refused(refusal)
    })
}

async fn changed(daemon: &Daemon, wanted: &ChangeSecurity) -> Result<ChangeVerdict, auth::Refusal> {
    let (account, _) = account(daemon, wanted.door, &wanted.name).map_err(auth::Refusal::new)?;
    let proof = Proof::read(daemon, &wanted.proof, &account)?;
    let needs_fresh = match wanted.change {
        Change::Rename { .. }
        | Change::RevokeAppPassword { .. }
        | Change::SetLanguage { .. }
        | Change::RevokeTrust { .. }
        | Change::RevokeOtherTrust => false,
        Change::RemoveMethod { .. }
        | Change::MakeBackupCodes
        | Change::DeleteBackupCodes
        | Change::CreateAppPassword { .. }
        | Change::RemoveContact => true,
    };
    if needs_fresh {
        proof.check_fresh(clock::now())?;
    }
    let actor = actor(wanted.door, &wanted.origin);
    if let Change::CreateAppPassword { password, description } = &wanted.change {
        let limits = app_passwords::Limits::default();
        let made = app_passwords::make(daemon, &account, (password, false), description, &limits, &actor).await;
        let made = made.map_err(|error| auth::Refusal::new(reason(&error)))?;
        return Ok(ChangeVerdict::Done {
            // It was made at this epoch, or not at all.
            standing: Standing::verified(&account).to_string(),
            proof: Some(wanted.proof.clone()),
            backup_codes: Vec::new(),
            app_password: Some(made.app_password),
        });
    }
    let epoch = proof.epoch;
    let event = || {
        Ok(match &wanted.change {
            Change::Rename { id, description } => Event::Rename { id, epoch, description },
            Change::RemoveMethod { id } => Event::RemoveOwn { id, epoch },
            Change::MakeBackupCodes => Event::MakeBackupCodes { epoch, random: draw()? },
            Change::DeleteBackupCodes => Event::DeleteBackupCodes { epoch },
            Change::RevokeAppPassword { id } => Event::RevokeAppPassword(id),
            Change::RemoveContact => Event::RemoveContact { epoch },
            Change::SetLanguage { language } => Event::SetLanguage(language),
            // Above: it needs the mail server's word first.
            Change::CreateAppPassword { .. } => Event::Tick,
            Change::RevokeTrust { id } => Event::RevokeTrust { id, epoch },
            Change::RevokeOtherTrust => Event::RevokeOtherTrust { browser: source(&wanted.origin).browser, epoch },
        })
    };
    let applied = daemon.apply(&account.mailbox, None, &actor, event).await;
    let applied = applied.map_err(|error| auth::Refusal::new(unavailable(&error)))?;
    let applied = applied.ok_or(auth::Refusal::new(Reason::Stale))?;
    let codes = match applied.verdict {
        Verdict::Done | Verdict::Already => Vec::new(),
        Verdict::Codes(codes) => codes.iter().map(|code| Secret::from(code.as_str())).collect(),
        Verdict::Refused(refusal) => return Err(refused(&refusal)),
        _ => return Err(auth::Refusal::new(Reason::Unavailable)),
    };
    let account = applied.account;
    let is_protected = account.stage == Stage::Protected;
    // It may be off now, by its owner's hand.
    let standing = Standing::of(&account, door(wanted.door));
    let proof = if is_protected { proof.carry_over(daemon, &account).ok() } else { None };
    Ok(ChangeVerdict::Done { standing: standing.to_string(), proof, backup_codes: codes, app_password: None })
}

fn reason(error: &NoAppPassword) -> Reason {
    match error {
        NoAppPassword::WrongPassword => Reason::Wrong,
        NoAppPassword::Full | NoAppPassword::Enough => Reason::TooMany,
        NoAppPassword::Refused(_) => Reason::Stale,
        NoAppPassword::NoFront | NoAppPassword::MailServer => Reason::Unavailable,
        NoAppPassword::Unfit => Reason::Unfit,
        NoAppPassword::Store(error) => unavailable(error),
    }
}
