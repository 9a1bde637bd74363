//! Resource limits of the process (setrlimit(2)).

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;

/// Disables core dumps: a crash must not write keys, passwords and sessions to a disk.
///
/// # Errors
/// Of the kernel.
pub fn disable_core_dumps() -> io::Result<()> {
    Ok(setrlimit(Resource::RLIMIT_CORE, 0, 0)?)
}

/// Raises the limit of open files to the hard limit, and returns it. The usual soft limit of 1,024 is for programs that
/// use select(2).
///
/// # Errors
/// Of the kernel.
pub fn raise_open_files() -> io::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}
