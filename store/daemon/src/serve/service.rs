//! Calls: from a frame to its verb, and back. The interface files in `store/wire` are the reference.

use crate::administer::{
    self, UNKNOWN_MAILBOX, accounts, app_passwords, check, contact, import, keys, log, methods, nearest_account,
    platforms, refuse, requests, status,
};
use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::{self, METRICS};
use crate::serve::auth_verbs;
use crate::serve::call::{Incoming, Outcome, not_found, refused, reply, shown};
use crate::serve::connection::Connection;
use crate::serve::side::Side;
use postern_vault::audit;
use postern_vault::export::{self, ExportError};
use postern_wire::admin::{self, *};
use postern_wire::auth::{self, PasswordChecks, WatchEvent};
use postern_wire::methods::{AdminMethod, AuthMethod, admin_method as m};
use postern_wire::{ErrorReply, Reply};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use tokio::sync::{broadcast::error::RecvError, watch};

/// Number of bytes of an export in one reply.
const PIECE: usize = 16 * 1024;
/// Maximum size of an import: enough for a million accounts and their history.
const IMPORT_MAX: u64 = 8 * 1024 * 1024 * 1024;

/// An import in progress on a connection.
pub struct Import {
    file: File,
    length: u64,
}

/// Answers one call on its connection.
///
/// # Errors
/// When the peer does not accept the reply; the connection cannot be used any more.
pub async fn answer(
    daemon: &Arc<Daemon>,
    side: Side,
    connection: &mut Connection,
    call: Incoming,
    import: &mut Option<Import>,
    stop: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let streamed = match (side, call.more) {
        (Side::Auth, true) => match AuthMethod::of(&call.method) {
            Some(AuthMethod::Watch) => return watch(daemon, connection, stop).await,
            Some(AuthMethod::CheckPasswords) if connection.peer.is_front => {
                return hand_out_checks(daemon, connection, stop).await;
            }
            _ => None,
        },
        (Side::Admin, true) => match AdminMethod::of(&call.method) {
            Some(AdminMethod::ListAccounts) => list_accounts(daemon, connection, &call).await?,
            Some(AdminMethod::ListRequests) => list_requests(daemon, connection).await?,
            Some(AdminMethod::ReadAudit) => read_audit(daemon, connection, &call).await?,
            Some(AdminMethod::Export) => send_export(daemon, connection).await?,
            _ => None,
        },
        (_, false) => None,
    };
    let _running = METRICS.calls.hold(side.into());
    let outcome = match (streamed, side) {
        (Some(outcome), _) => outcome,
        (None, _) if call.method.starts_with("org.varlink.service.") => describe(side, &call),
        (None, Side::Auth) => return auth_verbs::answer(daemon, connection, &call).await,
        (None, Side::Admin) => {
            let outcome = administered(daemon, &connection.peer.name, &call, import).await;
            with_suggestion(daemon, connection, &call, outcome).await
        }
    };
    if side == Side::Admin {
        METRICS.administered.count(metrics::Outcome::of(&outcome));
    }
    reply(connection, &call, outcome).await
}

/// Suggests a similar account for the first unknown name on a connection. `postern` opens one connection for each
/// command, so that name was typed by a user, or is the first of a list.
async fn with_suggestion(daemon: &Daemon, connection: &mut Connection, call: &Incoming, outcome: Outcome) -> Outcome {
    let Err(error) = outcome else { return outcome };
    let refused = serde_json::from_value::<Refused>(error.parameters.clone());
    let Ok(refused) = refused.map_err(drop).and_then(|it| if it.reason == UNKNOWN_MAILBOX { Ok(it) } else { Err(()) })
    else {
        return Err(error);
    };
    let Ok(Mailbox { mailbox }) = call.parameters::<Mailbox>() else { return Err(error) };
    if std::mem::replace(&mut connection.has_suggested, true) {
        return Err(error);
    }
    match nearest_account(daemon, &mailbox).await {
        None => Err(error),
        Some(near) => {
            let message = format!("{} Did you mean {near}?", refused.message);
            Err(self::refused(&refuse(UNKNOWN_MAILBOX, message)))
        }
    }
}

async fn administered(daemon: &Arc<Daemon>, peer: &str, call: &Incoming, import: &mut Option<Import>) -> Outcome {
    let Some(method) = AdminMethod::of(&call.method) else { return Err(not_found(&call.method)) };
    match method {
        AdminMethod::Status => shown::<m::Status>(status::status(daemon).await),
        AdminMethod::Check => shown::<m::Check>(Ok(check::check(daemon).await)),
        AdminMethod::ListPlatforms => shown::<m::ListPlatforms>(platforms::list(daemon).await),
        AdminMethod::ShowPlatform => {
            shown::<m::ShowPlatform>(platforms::show(daemon, &call.parameters::<PlatformName>()?.name).await)
        }
        AdminMethod::CreatePlatform => {
            shown::<m::CreatePlatform>(platforms::create(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::SetPlatform => shown::<m::SetPlatform>(platforms::set(daemon, peer, &call.parameters()?).await),
        AdminMethod::SwitchPlatform => {
            shown::<m::SwitchPlatform>(platforms::switch(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::ShowAccount => {
            shown::<m::ShowAccount>(accounts::show(daemon, &call.parameters::<Mailbox>()?.mailbox).await)
        }
        AdminMethod::ChangeAccount => {
            shown::<m::ChangeAccount>(accounts::change(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::AddAliases => {
            shown::<m::AddAliases>(accounts::add_aliases(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::SetContact => shown::<m::SetContact>(contact::set(daemon, peer, &call.parameters()?).await),
        AdminMethod::RemoveAliases => {
            shown::<m::RemoveAliases>(accounts::remove_aliases(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::AddTotp => shown::<m::AddTotp>(methods::add_totp(daemon, peer, &call.parameters()?).await),
        AdminMethod::ImportTotp => shown::<m::ImportTotp>(import::import_totp(daemon, peer, &call.parameters()?).await),
        AdminMethod::RemoveMethod => shown::<m::RemoveMethod>(methods::remove(daemon, peer, &call.parameters()?).await),
        AdminMethod::ListAppPasswords => {
            shown::<m::ListAppPasswords>(app_passwords::list(daemon, &call.parameters::<Mailbox>()?.mailbox).await)
        }
        AdminMethod::CreateAppPassword => {
            shown::<m::CreateAppPassword>(app_passwords::create(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::RevokeAppPassword => {
            shown::<m::RevokeAppPassword>(app_passwords::revoke(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::ShowLog => shown::<m::ShowLog>(Ok(log::show(daemon))),
        AdminMethod::SetLog => shown::<m::SetLog>(log::set(daemon, peer, &call.parameters::<SetLog>()?.levels).await),
        AdminMethod::ResetLog => shown::<m::ResetLog>(Ok(log::reset(daemon, peer).await)),
        AdminMethod::ListKeys => shown::<m::ListKeys>(keys::list(daemon).await),
        AdminMethod::RotateKey => shown::<m::RotateKey>(keys::rotate(daemon, peer).await),
        AdminMethod::ShowRequest => {
            shown::<m::ShowRequest>(requests::show(daemon, &call.parameters::<Mailbox>()?.mailbox).await)
        }
        AdminMethod::DecideRequest => {
            shown::<m::DecideRequest>(requests::decide_about(daemon, peer, &call.parameters()?).await)
        }
        AdminMethod::Import => shown::<m::Import>(take_piece(daemon, peer, call.parameters()?, import).await),
        AdminMethod::ListAccounts | AdminMethod::ListRequests | AdminMethod::ReadAudit | AdminMethod::Export => {
            Err(ErrorReply { name: "org.varlink.service.ExpectedMore".to_owned(), parameters: json!({}) })
        }
    }
}

/// `org.varlink.service`: the name of the service, and its interfaces.
fn describe(side: Side, call: &Incoming) -> Outcome {
    #[derive(Deserialize)]
    struct Named {
        interface: String,
    }
    let (interface, description) = match side {
        Side::Auth => (auth::INTERFACE, auth::DESCRIPTION),
        Side::Admin => (admin::INTERFACE, admin::DESCRIPTION),
    };
    match call.method.as_str() {
        "org.varlink.service.GetInfo" => Ok(json!({
            "vendor": "Postern",
            "product": "posternd",
            "version": env!("CARGO_PKG_VERSION"),
            "url": "",
            "interfaces": ["org.varlink.service", interface],
        })),
        "org.varlink.service.GetInterfaceDescription" => match call.parameters::<Named>()?.interface {
            name if name == interface => Ok(json!({ "description": description })),
            name if name == "org.varlink.service" => Ok(json!({ "description": SERVICE })),
            name => Err(ErrorReply {
                name: "org.varlink.service.InterfaceNotFound".to_owned(),
                parameters: json!({ "interface": name.chars().take(128).collect::<String>() }),
            }),
        },
        other => Err(not_found(other)),
    }
}

const SERVICE: &str = include_str!("org.varlink.service.varlink");

/// Sends each change to a front until it closes the connection. The first reply is sent at once, so that the front
/// knows from which moment on it receives all changes.
async fn watch(daemon: &Daemon, connection: &mut Connection, stop: &mut watch::Receiver<bool>) -> io::Result<()> {
    let mut changes = daemon.watch();
    connection.send(&Reply::more(WatchEvent { mailbox: None })).await?;
    loop {
        let event = tokio::select! {
            event = changes.recv() => match event {
                Ok(event) => event,
                // So many changes were missed that everything must be checked.
                Err(RecvError::Lagged(_)) => WatchEvent { mailbox: None },
                Err(RecvError::Closed) => return Err(io::ErrorKind::ConnectionAborted.into()),
            },
            () = connection.gone() => return Err(io::ErrorKind::ConnectionAborted.into()),
            _ = stop.changed() => return Err(io::ErrorKind::ConnectionAborted.into()),
        };
        connection.send(&Reply::more(event)).await?;
    }
}

/// Sends passwords to a front that checks them with its mail server, until it closes the connection. The first reply is
/// sent at once, so that the front knows that its offer was received.
async fn hand_out_checks(
    daemon: &Daemon,
    connection: &mut Connection,
    stop: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let mut checks = daemon.checks.offer();
    connection.send(&Reply::more(PasswordChecks { check: None })).await?;
    loop {
        let check = tokio::select! {
            check = checks.recv() => check,
            () = connection.gone() => None,
            _ = stop.changed() => None,
        };
        let check = check.ok_or(io::ErrorKind::ConnectionAborted)?;
        connection.send(&Reply::more(PasswordChecks { check: Some(check) })).await?;
    }
}

/// Sends all pieces except the last, which the caller sends.
async fn list_accounts(daemon: &Daemon, connection: &mut Connection, call: &Incoming) -> io::Result<Option<Outcome>> {
    let wanted: ListAccounts = match call.parameters() {
        Ok(wanted) => wanted,
        Err(error) => return Ok(Some(Err(error))),
    };
    let mut after = None;
    loop {
        let (page, last) = match accounts::list(daemon, &wanted, after.as_deref()).await {
            Ok(page) => page,
            Err(refusal) => return Ok(Some(Err(refused(&refusal)))),
        };
        send_pieces(connection, page.accounts, |accounts| Accounts { accounts: accounts.to_vec() }).await?;
        match last {
            Some(last) => after = Some(last),
            None => return Ok(Some(shown::<m::ListAccounts>(Ok(Accounts { accounts: Vec::new() })))),
        }
    }
}

/// Sends all pieces except the last, which the caller sends.
async fn list_requests(daemon: &Daemon, connection: &mut Connection) -> io::Result<Option<Outcome>> {
    match requests::list(daemon).await {
        Ok(all) => {
            send_pieces(connection, all, |requests| Requests { requests: requests.to_vec() }).await?;
            Ok(Some(shown::<m::ListRequests>(Ok(Requests { requests: Vec::new() }))))
        }
        Err(refusal) => Ok(Some(Err(refused(&refusal)))),
    }
}

async fn read_audit(daemon: &Daemon, connection: &mut Connection, call: &Incoming) -> io::Result<Option<Outcome>> {
    let wanted: ReadAudit = match call.parameters() {
        Ok(wanted) => wanted,
        Err(error) => return Ok(Some(Err(error))),
    };
    let since = match wanted.since.as_deref().map(|text| (text, clock::parse_rfc3339(text))) {
        Some((text, None)) => {
            let message = format!("{text:?} is not a time: it takes RFC 3339, such as 2026-11-21T14:05:00Z.");
            return Ok(Some(Err(refused(&refuse("bad_time", message)))));
        }
        Some((_, since)) => since,
        None => None,
    };
    // A mailbox that no longer has an account may still have a history.
    let mailbox = match &wanted.mailbox {
        Some(typed) => match administer::mailbox(daemon, typed).await {
            Ok((mailbox, _)) => Some(mailbox),
            Err(refusal) => return Ok(Some(Err(refused(&refusal)))),
        },
        None => None,
    };
    let mut after = since.map(audit::first_key);
    loop {
        let (page, last) = match administer::audit::page(&daemon.records, after.as_deref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Some(Err(refused(&administer::unstored(error))))),
        };
        let wanted = |record: &audit::Record| {
            mailbox.as_ref().is_none_or(|mailbox| record.mailbox.as_deref() == Some(mailbox.as_str()))
        };
        let entries: Vec<AuditEntry> = page.into_iter().filter(wanted).map(administer::audit::shown).collect();
        send_pieces(connection, entries, |entries| AuditEntries { entries: entries.to_vec() }).await?;
        match last {
            Some(last) => after = Some(last),
            None => return Ok(Some(shown::<m::ReadAudit>(Ok(AuditEntries { entries: Vec::new() })))),
        }
    }
}

/// Sends items in as few replies as fit into frames.
async fn send_pieces<T: Clone, P: Serialize>(
    connection: &mut Connection,
    items: Vec<T>,
    piece: impl Fn(&[T]) -> P,
) -> io::Result<()> {
    let (mut rest, mut size) = (&items[..], items.len());
    while !rest.is_empty() {
        size = size.min(rest.len());
        let reply = Reply::more(piece(&rest[..size]));
        match postern_wire::frame::encode(&reply) {
            Err(_) if size > 1 => size = size.div_ceil(2),
            _ => {
                connection.send(&reply).await?;
                rest = &rest[size..];
            }
        }
    }
    Ok(())
}

async fn send_export(daemon: &Daemon, connection: &mut Connection) -> io::Result<Option<Outcome>> {
    let spooled = match spool(daemon) {
        Ok(file) => export::write(&daemon.records, clock::now(), file).await,
        Err(error) => Err(error.into()),
    };
    let mut file = match spooled {
        Ok(file) => file,
        Err(error) => return Ok(Some(Err(refused(&refuse("export", format!("{error}.")))))),
    };
    let mut bytes = vec![0; PIECE];
    // The rest of a character that was cut off; exports are ASCII except for the local parts in keys.
    let mut text = Vec::with_capacity(2 * PIECE);
    loop {
        let count = file.read(&mut bytes)?;
        text.extend_from_slice(&bytes[..count]);
        let whole = if count == 0 { text.len() } else { text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1) };
        let rest = text.split_off(whole);
        let lines = String::from_utf8(std::mem::replace(&mut text, rest)).map_err(io::Error::other)?;
        let piece = ExportPiece { lines, last: count == 0 };
        if count == 0 {
            tracing::info!(target: "audit", actor = %connection.peer.name, action = "export", outcome = "done");
            return Ok(Some(shown::<m::Export>(Ok(piece))));
        }
        connection.send(&Reply::more(piece)).await?;
    }
}

/// Creates an unnamed file next to the store: its content is sealed like the store.
fn spool(daemon: &Daemon) -> io::Result<File> {
    tempfile::tempfile_in(daemon.config.store.path.parent().unwrap_or(&daemon.config.store.path))
}

async fn take_piece(
    daemon: &Daemon,
    peer: &str,
    piece: ExportPiece,
    import: &mut Option<Import>,
) -> Result<Imported, Refused> {
    let failed =
        |error: io::Error| refuse("import", format!("the import cannot be kept: {error}. Nothing was imported."));
    let mut current = match import.take() {
        Some(current) => current,
        None => Import { file: spool(daemon).map_err(failed)?, length: 0 },
    };
    current.length += piece.lines.len() as u64;
    if current.length > IMPORT_MAX {
        return Err(refuse("import", "the export is larger than any that this version makes. Nothing was imported."));
    }
    current.file.write_all(piece.lines.as_bytes()).map_err(failed)?;
    if !piece.last {
        *import = Some(current);
        return Ok(Imported { records: 0 });
    }
    let records = administer::export::import(daemon, peer, current.file).await;
    // After a refusal as well: the last commit may still complete.
    let taken_up = daemon.effects.look_at_platforms().await;
    // Records that were exported under an older master key are resealed.
    daemon.rotated.notify_one();
    daemon.effects.ends_moved.notify_one();
    let records = records.map_err(|error| match error {
        ExportError::Running => refuse("busy", format!("{error}.")),
        error => refuse("import", format!("{error}.")),
    })?;
    taken_up.map_err(administer::unstored)?;
    Ok(Imported { records })
}
