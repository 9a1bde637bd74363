//! Checks that the daemon performs on itself.

use crate::clock;
use crate::daemon::Daemon;
use postern_rules::alias;
use postern_rules::platform::{Unlisted, UnusualSignIn};
use postern_rules::{Account, Mailbox, Platform};
use postern_vault::RecordError;
use postern_vault::audit::{self, Record};
use postern_vault::export;
use postern_vault::keys::ACCOUNT;
use postern_vault::records::Stored;
use postern_wire::admin::{Finding, Findings, Level};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Maximum number of names that a finding lists.
const ASTRAY_MAX: usize = 10;
/// Seconds after which the newest export counts as old.
const EXPORT_OLD: i64 = 2 * 24 * 3600;

/// Checks the store, the sockets, the platforms and the exports.
pub async fn check(daemon: &Daemon) -> Findings {
    let mut findings = vec![store(daemon), records(daemon).await, clock_against_audit(daemon).await];
    findings.push(socket("auth socket", &daemon.config.sockets.auth));
    findings.push(socket("admin socket", &daemon.config.sockets.admin));
    findings.extend(platforms(daemon));
    findings.push(exports(daemon));
    Findings { findings }
}

fn finding(level: Level, subject: &str, message: impl Into<String>) -> Finding {
    Finding { level, subject: subject.to_owned(), message: message.into() }
}

fn store(daemon: &Daemon) -> Finding {
    match daemon.records.engine().health() {
        Ok(()) => finding(Level::Ok, "store", format!("{} answers", daemon.config.store.path.display())),
        Err(error) => finding(Level::Failure, "store", error.to_string()),
    }
}

/// Opens every record, since a damaged record denies only when it is needed.
async fn records(daemon: &Daemon) -> Finding {
    let (mut count, mut astray) = (0u64, Vec::new());
    let platforms = daemon.platforms();
    let all = async {
        let look = |stored: Stored<Account>| {
            count += 1;
            let account = stored.value;
            astray.extend(alias::astray(&account, &platforms).map(ToString::to_string));
            astray.truncate(ASTRAY_MAX);
            true
        };
        daemon.records.each(ACCOUNT, look).await?;
        daemon.records.each(b"alias/", |_: Stored<Mailbox>| true).await?;
        daemon.records.each(postern_vault::keys::PLATFORM, |_: Stored<Platform>| true).await?;
        daemon.records.each(audit::AUDIT, |_: Stored<Record>| true).await
    };
    let outcome: Result<(), RecordError> = all.await;
    match outcome {
        Ok(()) if !astray.is_empty() => {
            let message = format!(
                "names that cannot be reached any more, and are not asked for a code: {}. Was a platform's \
                 plus-addressing changed?",
                astray.join(", ")
            );
            finding(Level::Failure, "records", message)
        }
        Ok(()) => finding(Level::Ok, "records", format!("every record opens ({count} accounts)")),
        Err(error) => finding(Level::Failure, "records", error.to_string()),
    }
}

/// A clock that is behind entries already written accepts no codes: their steps are already spent.
async fn clock_against_audit(daemon: &Daemon) -> Finding {
    let now = clock::now();
    let ahead = daemon.records.scan(audit::AUDIT, Some(&audit::first_key(now.plus(60))), 1).await;
    match ahead {
        Ok(entries) if entries.is_empty() => finding(Level::Ok, "clock", clock::rfc3339(now)),
        Ok(_) => finding(
            Level::Failure,
            "clock",
            format!(
                "the clock says {}, and the audit log has later entries: the clock stepped back. Codes that were \
                 used since are refused until it has caught up. Check `timedatectl`.",
                clock::rfc3339(now)
            ),
        ),
        Err(error) => finding(Level::Failure, "clock", error.to_string()),
    }
}

fn socket(subject: &str, path: &Path) -> Finding {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o007 != 0 => {
            let message = format!("{} may be opened by everybody: chmod o= {0}", path.display());
            finding(Level::Failure, subject, message)
        }
        Ok(_) => finding(Level::Ok, subject, path.display().to_string()),
        Err(error) => finding(Level::Failure, subject, format!("{}: {error}. Restart posternd.", path.display())),
    }
}

fn platforms(daemon: &Daemon) -> Vec<Finding> {
    let platforms = daemon.platforms();
    if platforms.is_empty() {
        let advice = "there is none, so no mailbox is protected: `postern platform create NAME --domain DOMAIN`";
        return vec![finding(Level::Warning, "platforms", advice)];
    }
    let mut findings = Vec::new();
    for platform in platforms.iter() {
        let (subject, name) = (format!("platform {}", platform.name), &platform.name);
        if !platform.enabled {
            let message = format!("it is off: no account is asked for a code. `postern platform enable {name}`");
            findings.push(finding(Level::Warning, &subject, message));
        } else {
            findings.push(unlisted(platform, &subject));
        }
        if platform.policy.unenrolled_pass {
            let message = format!(
                "accounts that have not enrolled yet pass at channels that cannot show a QR code (IMAP): \
                 `postern platform set {name} unenrolled refuse`"
            );
            findings.push(finding(Level::Warning, &subject, message));
        }
        if platform.policy.unusual_sign_in == UnusualSignIn::Ask && !daemon.senders.sendable().mails {
            let message = format!(
                "unusual sign-ins are asked for a code by e-mail, and no mail leaves here, so they are refused: set \
                 [mail] up, or `postern platform set {name} unusual-sign-in learn`"
            );
            findings.push(finding(Level::Failure, &subject, message));
        }
    }
    findings
}

/// Reports what a name without an account may do.
fn unlisted(platform: &Platform, subject: &str) -> Finding {
    let (name, domains) = (&platform.name, platform.domains.join(", "));
    let pass = match platform.policy.unlisted {
        Unlisted::Refuse => return finding(Level::Ok, subject, domains),
        Unlisted::Pass => "pass without a code, at Exchange too, which knows each mailbox by several names",
        Unlisted::Auto => "pass without a code, but for fronts that stand before Exchange",
    };
    let message = format!(
        "names that Postern was not told of {pass}. An alias of a protected mailbox that is missing from `postern \
         account alias list` is a way around. When every mailbox is listed (`postern account add` lists one without a \
         second factor): `postern platform set {name} unlisted refuse`"
    );
    finding(Level::Warning, subject, message)
}

fn exports(daemon: &Daemon) -> Finding {
    let path = daemon.config.export_path();
    if daemon.config.export.keep.0 == 0 {
        return finding(
            Level::Warning,
            "exports",
            "none is made: [export] keep = 0. Take your own with `postern export`",
        );
    }
    match export::newest(&path) {
        Some(made) if clock::now().0 - made.0 < EXPORT_OLD => {
            finding(Level::Ok, "exports", format!("the newest in {} is of {}", path.display(), clock::rfc3339(made)))
        }
        Some(made) => {
            let message = format!("the newest in {} is of {}: see the journal", path.display(), clock::rfc3339(made));
            finding(Level::Failure, "exports", message)
        }
        None => finding(Level::Failure, "exports", format!("{} holds none: see the journal", path.display())),
    }
}
