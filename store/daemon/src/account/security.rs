//! What users see and change in their own account.

use crate::account::app_passwords::{self, NoAppPassword};
use crate::clock;
use crate::daemon::{Daemon, backup_codes_left, draw};
use crate::sign_in::browsers;
use crate::sign_in::context::{account, actor, channel, journal, refused, source, unavailable};
use crate::sign_in::offers::kinds;
use crate::sign_in::proof;
use postern_rules::app_password::Limits;
use postern_rules::browser::Named;
use postern_rules::decide::app_passwords::are_of_use;
use postern_rules::{Account, Event, Platform, Proof, Stage, Standing, Verdict, offers};
use postern_wire::Secret;
use postern_wire::auth::{self, Reason};
use postern_wire::security::{
    Change, ChangeSecurity, ChangeVerdict, OwnMethod, Removal, Security, SecurityVerdict, ShowSecurity,
};

/// Returns the security settings of an account.
pub async fn show(daemon: &Daemon, asked: &ShowSecurity) -> SecurityVerdict {
    shown(daemon, asked).await.map_or_else(SecurityVerdict::Refused, SecurityVerdict::Shown)
}

async fn shown(daemon: &Daemon, asked: &ShowSecurity) -> Result<Security, auth::Refusal> {
    let (account, platform) = account(daemon, auth::Channel::Webmail, &asked.name).await.map_err(auth::Refusal::new)?;
    let proof = proof::open(daemon, &asked.proof)?;
    proof.check(&account, clock::now()).map_err(|refusal| refused(&refusal))?;
    Ok(security(daemon, &account, &platform, asked))
}

fn security(daemon: &Daemon, account: &Account, platform: &Platform, asked: &ShowSecurity) -> Security {
    let sendable = daemon.senders.sendable();
    let mut kinds = kinds(platform, sendable);
    if offers::takes_contact(sendable) {
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
        takes_app_passwords: are_of_use(account, daemon.checks.were_offered()),
        can_make_app_passwords: daemon.checks.are_offered(),
        contact: account.contact.as_ref().map(|address| address.as_str().to_owned()),
        language: account.language.clone(),
        kinds,
        browsers: browsers::shown(account, platform, &asked.origin),
        clients: asked.clients.iter().map(|client| browsers::name(Named::of(client))).collect(),
        may_trust: platform.policy.trusted_browsers > 0,
    }
}

/// Makes a change to an account.
pub async fn change(daemon: &Daemon, wanted: &ChangeSecurity) -> ChangeVerdict {
    changed(daemon, wanted).await.unwrap_or_else(|refusal| {
        journal("change security", &wanted.name, wanted.channel, &wanted.origin, &refusal);
        ChangeVerdict::Refused(refusal)
    })
}

async fn changed(daemon: &Daemon, wanted: &ChangeSecurity) -> Result<ChangeVerdict, auth::Refusal> {
    let (account, _) = account(daemon, wanted.channel, &wanted.name).await.map_err(auth::Refusal::new)?;
    let proof = &proof::open(daemon, &wanted.proof)?;
    let actor = actor(wanted.channel, &wanted.origin);
    if let Change::CreateAppPassword { password, description } = &wanted.change {
        let limits = Limits::default();
        let by = app_passwords::By::Owner(proof);
        let made = app_passwords::make(daemon, &account, (password, by), description, &limits, &actor).await;
        let (made, account) = made.map_err(|error| refusal(&error))?;
        return Ok(done(daemon, proof, &account, wanted.channel, (Vec::new(), Some(made.app_password))));
    }
    let event = || {
        Ok(match &wanted.change {
            Change::Rename { id, description } => Event::Rename { id, proof, description },
            Change::RemoveMethod { id } => Event::RemoveOwn { id, proof },
            Change::MakeBackupCodes => Event::MakeBackupCodes { proof, random: draw()? },
            Change::DeleteBackupCodes => Event::DeleteBackupCodes { proof },
            Change::RevokeAppPassword { id } => Event::RevokeAppPassword { id, proof: Some(proof) },
            Change::RemoveContact => Event::RemoveContact { proof },
            Change::SetLanguage { language } => Event::SetLanguage { language, proof },
            // Handled above: it needs the mail server's answer first.
            Change::CreateAppPassword { .. } => Event::Tick,
            Change::RevokeTrust { id } => Event::RevokeTrust { id, proof },
            Change::RevokeOtherTrust => Event::RevokeOtherTrust { browser: source(&wanted.origin).browser, proof },
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
    Ok(done(daemon, proof, &applied.account, wanted.channel, (codes, None)))
}

/// Builds the state that the session continues with.
fn done(
    daemon: &Daemon,
    proof: &Proof,
    account: &Account,
    at: auth::Channel,
    (backup_codes, app_password): (Vec<Secret>, Option<Secret>),
) -> ChangeVerdict {
    // The owner may have switched the account off with this change.
    let standing = Standing::of(account, channel(at)).to_string();
    let carried_over = || proof::seal(daemon, &proof.carried_over(account)).ok();
    let proof = (account.stage == Stage::Protected).then(carried_over).flatten();
    ChangeVerdict::Done { standing, proof, backup_codes, app_password }
}

fn refusal(error: &NoAppPassword) -> auth::Refusal {
    match error {
        NoAppPassword::Refused(postern_rules::Refusal::Off) => auth::Refusal::new(Reason::Stale),
        NoAppPassword::Refused(refusal) => refused(refusal),
        error => auth::Refusal::new(reason(error)),
    }
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
