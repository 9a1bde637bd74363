//! The admin socket, as far as it can be seen from here: whether strangers could speak to it or stand in for it.

use super::finding;
use postern_wire::admin::{Finding, Level};
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

pub(super) const SUBJECT: &str = "admin socket";
/// Permission bits with which every user of this host could speak to the socket, or replace it.
const OTHERS_WRITE: u32 = 0o002;
/// In such a directory (`/tmp`), others cannot replace a file that is there.
const STICKY: u32 = 0o1000;

pub(super) fn look(path: &Path) -> Option<Finding> {
    // A path that cannot be looked at cannot be connected to either, and that failure says more.
    let meta = fs::metadata(path).ok()?;
    let mode = meta.permissions().mode();
    if !meta.file_type().is_socket() {
        return Some(finding(Level::Failure, SUBJECT, format!("{} is not a socket", path.display())));
    }
    if mode & OTHERS_WRITE != 0 {
        let text = format!("every user of this host may open {}: chmod o-rwx", path.display());
        return Some(finding(Level::Failure, SUBJECT, text));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let open = fs::metadata(directory).is_ok_and(|meta| {
        let mode = meta.permissions().mode();
        mode & OTHERS_WRITE != 0 && mode & STICKY == 0
    });
    if open {
        let text = format!("every user of this host may replace it: chmod o-w {}", directory.display());
        return Some(finding(Level::Failure, SUBJECT, text));
    }
    Some(finding(Level::Ok, SUBJECT, format!("{} is closed to other users", path.display())))
}
