//! Importing an export.

use crate::administer::entry;
use crate::clock;
use crate::daemon::Daemon;
use postern_vault::export::ExportError;
use postern_vault::import;
use std::fs::File;

/// Imports an export into an empty store, and returns the number of its records.
///
/// # Errors
/// [`ExportError`]: nothing was imported.
pub async fn import(daemon: &Daemon, actor: &str, file: File) -> Result<u64, ExportError> {
    let entry = |count| entry(actor, "import", None, format!("{count} records"));
    import::import(&daemon.records, &clock::now, file, entry).await
}
