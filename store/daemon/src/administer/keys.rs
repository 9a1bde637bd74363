//! Rotating the master key while sign-ins continue. A new key seals from the moment it is on disk, the older keys still
//! open records, and everything sealed under them is sealed again in the background.

use crate::administer::unstored;
use crate::administer::{entry, refuse};
use crate::daemon::Daemon;
use crate::key_source::KeySource;
use postern_vault::master_key::{KeyError, KeyFile};
use postern_vault::reseal;
use postern_vault::seal::Sealer;
use postern_wire::admin::{Key, Keys, Refused};

/// Adds a new key, which seals from now on.
///
/// # Errors
/// [`Refused`]: nothing was changed.
pub async fn rotate(daemon: &Daemon, actor: &str) -> Result<Keys, Refused> {
    let path = match &daemon.key_source {
        KeySource::File(path) => path,
        KeySource::Credential => {
            let message = "posternd is given its master key by systemd and cannot write it, which is as it should be. As \
                           root: `posternd add-key`, then `systemctl restart posternd` (sign-ins wait, none fails).";
            return Err(refuse("credential", message));
        }
    };
    let failed = |error: KeyError| refuse("key_file", format!("{error}. Nothing has changed."));
    let mut file = KeyFile::lock(path).map_err(failed)?;
    let keys = file.add().map_err(failed)?;
    let id = keys.active();
    daemon.records.seal_with(Sealer::new(keys));
    // Not before: a key that was added later must not be replaced by this one.
    drop(file);
    daemon.rotated.notify_one();
    let entry = entry(actor, "rotate master key", None, format!("key {id}"));
    entry.log();
    if let Err(error) = daemon.records.commit_with(Vec::new(), &entry).await {
        let message = format!(
            "the new master key {id} is in the file and in use; only the audit log could not be written: {error}. Do not \
             rotate again."
        );
        return Err(refuse("store", message));
    }
    list(daemon).await
}

/// Lists the keys, and how many records are sealed under each.
///
/// # Errors
/// [`Refused`].
pub async fn list(daemon: &Daemon) -> Result<Keys, Refused> {
    let keys = reseal::count(&daemon.records)
        .await
        .map_err(unstored)?
        .into_iter()
        .map(|(id, records)| Key { id, records })
        .collect();
    Ok(Keys { active: daemon.records.sealer().active().number(), keys })
}
