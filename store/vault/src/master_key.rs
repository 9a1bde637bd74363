//! The master keys, under which all stored data is sealed.
//!
//! They are read from a file that only its owner can read, or from a systemd credential. Both have the same text:
//!
//! ```text
//! postern-master-key v1
//! # id, and 32 bytes in base64; the highest id seals, all of them open
//! 1 rLrcv0yaYt0Vb9Gq3Vw0mU3A6n1m7VQyVQ3Zk2m0V4E=
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;
use zeroize::Zeroizing;

/// The name of the systemd credential with the key in the packaged unit.
pub const CREDENTIAL: &str = "postern-master-key";
/// The length of a master key, in bytes: what XChaCha20-Poly1305 takes.
pub const KEY_LEN: usize = 32;

const HEAD: &str = "postern-master-key v1";
/// The most bytes of a key file: some thousand keys.
const FILE_LEN_MAX: usize = 64 * 1024;
/// Mode bits that must not be set: access for group and others.
const MODE_FORBIDDEN: u32 = 0o077;
/// The uid whose files are accepted in addition to the process's own.
const ROOT: u32 = 0;

/// The id of a master key, in the key file and in all data that is sealed under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(NonZeroU32);

impl KeyId {
    /// `None` for 0, which is not a valid id.
    #[must_use]
    pub fn new(id: u32) -> Option<Self> {
        NonZeroU32::new(id).map(Self)
    }

    /// The id as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The bytes of one key; wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_LEN]>;

/// One or more master keys.
pub struct MasterKeys {
    /// The key with the highest id, which seals.
    pub(crate) active: (KeyId, KeyBytes),
    /// The other keys, which open data that is still sealed under them.
    pub(crate) older: BTreeMap<KeyId, KeyBytes>,
}

impl MasterKeys {
    /// Makes a ring with one new key, of id 1.
    ///
    /// # Errors
    /// [`KeyError::Random`] if the kernel returns no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = KeyBytes::default();
        getrandom::fill(&mut *bytes).map_err(KeyError::Random)?;
        Ok(Self { active: (KeyId(NonZeroU32::MIN), bytes), older: BTreeMap::new() })
    }

    /// Parses the text of a key file.
    ///
    /// # Errors
    /// [`KeyError::Syntax`] with the line; the message never contains any part of a key.
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let syntax = |line: usize, why: &'static str| KeyError::Syntax { line: line + 1, why };
        let text = str::from_utf8(text).map_err(|_| syntax(0, "it is not text"))?;
        let mut lines = text.lines().map(str::trim).enumerate();
        if lines.next().map(|(_, head)| head) != Some(HEAD) {
            return Err(syntax(0, "it must be 'postern-master-key v1'"));
        }
        let mut by_id = BTreeMap::new();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let (id, key) = line.split_once(' ').ok_or(syntax(number, "it must be an id, a space and a key"))?;
            let id = id.parse().ok().and_then(KeyId::new).ok_or(syntax(number, "the id must be a number from 1 up"))?;
            let mut bytes = KeyBytes::default();
            // The decoder may need more space than it fills, and returns the length.
            let mut decoded = Zeroizing::new([0; KEY_LEN + 4]);
            match BASE64.decode_slice(key.trim_start(), &mut *decoded) {
                Ok(KEY_LEN) => bytes.copy_from_slice(&decoded[..KEY_LEN]),
                _ => return Err(syntax(number, "the key must be 32 bytes in base64")),
            }
            if by_id.insert(id, bytes).is_some() {
                return Err(syntax(number, "the id is used twice"));
            }
        }
        let active = by_id.pop_last().ok_or(syntax(0, "no key follows"))?;
        Ok(Self { active, older: by_id })
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn active(&self) -> KeyId {
        self.active.0
    }

    fn to_text(&self) -> Zeroizing<String> {
        // Allocated in full at once: growing would leave unwiped copies in memory.
        let mut text = Zeroizing::new(String::with_capacity(FILE_LEN_MAX));
        text.push_str(HEAD);
        text.push_str("\n# id, and 32 bytes in base64; the highest id seals, all of them open\n");
        for (id, bytes) in self.older.iter().chain([(&self.active.0, &self.active.1)]) {
            text.push_str(&format!("{id} "));
            BASE64.encode_string(**bytes, &mut text);
            text.push('\n');
        }
        text
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Makes a new key and writes it to `path`, readable only by its owner. The file is on disk when this returns, so a
/// store that is sealed under the key can be opened again.
///
/// # Errors
/// [`KeyError::Exists`] if anything exists at `path`; a key is never overwritten.
pub fn create(path: &Path) -> Result<MasterKeys, KeyError> {
    let keys = MasterKeys::generate()?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::Io { path: path.to_owned(), error },
    })?;
    let written = file
        .write_all(keys.to_text().as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| path.canonicalize())
        .and_then(|path| path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all()));
    written.map_err(|error| {
        // A partial key file would prevent the next attempt.
        let _ = std::fs::remove_file(path);
        KeyError::Io { path: path.to_owned(), error }
    })?;
    Ok(keys)
}

/// Adds a new key to the file at `path`, which seals from now on.
///
/// # Errors
/// See [`KeyError`]; the file is unchanged.
pub fn add(path: &Path) -> Result<MasterKeys, KeyError> {
    KeyFile::lock(path)?.add()
}

/// The file of the master keys, locked: while this value exists, no other thread or process adds a key.
pub struct KeyFile {
    path: PathBuf,
    lock: Flock<File>,
}

impl KeyFile {
    /// Locks the file. Its content is not checked yet.
    ///
    /// # Errors
    /// [`KeyError::Busy`] if another thread or process has locked it, or has just replaced it; [`KeyError::Io`].
    pub fn lock(path: &Path) -> Result<Self, KeyError> {
        let path = path.canonicalize().map_err(|error| KeyError::Io { path: path.to_owned(), error })?;
        let io = |error| KeyError::Io { path: path.clone(), error };
        // Without O_NONBLOCK, opening a FIFO at this path would block.
        let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path).map_err(io)?;
        let lock = lock(file, &path)?;
        let (locked, now) = (lock.metadata().map_err(io)?, std::fs::metadata(&path).map_err(io)?);
        if (locked.dev(), locked.ino()) != (now.dev(), now.ino()) {
            return Err(KeyError::Busy { path });
        }
        Ok(Self { path, lock })
    }

    /// Adds a new key, which seals from now on. The file is replaced atomically and keeps its owner; the key is on disk
    /// when this returns. The new file is locked as the old one was.
    ///
    /// # Errors
    /// See [`KeyError`]; the file is unchanged.
    pub fn add(&mut self) -> Result<MasterKeys, KeyError> {
        let path = self.path.as_path();
        let mut keys = load_file(path)?;
        let fresh = MasterKeys::generate()?;
        let id = keys
            .active
            .0
            .0
            .checked_add(1)
            .map(KeyId)
            .ok_or(KeyError::Syntax { line: 0, why: "its ids are used up" })?;
        let (last, bytes) = std::mem::replace(&mut keys.active, (id, fresh.active.1));
        keys.older.insert(last, bytes);
        let io = |error| KeyError::Io { path: path.to_owned(), error };
        let directory = path.parent().unwrap_or(Path::new("/"));
        let about = self.lock.metadata().map_err(io)?;
        // Readable only by its owner, and removed if something fails.
        let mut next = tempfile::NamedTempFile::new_in(directory).map_err(io)?;
        let written = next
            .write_all(keys.to_text().as_bytes())
            .and_then(|()| std::os::unix::fs::fchown(next.as_file(), Some(about.uid()), Some(about.gid())))
            .and_then(|()| next.as_file().sync_all());
        written.map_err(io)?;
        let locked = lock(next.reopen().map_err(io)?, path)?;
        next.persist(path).map_err(|error| io(error.error))?;
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(io)?;
        self.lock = locked;
        Ok(keys)
    }
}

/// Locks an open file, and does not wait for it.
fn lock(file: File, path: &Path) -> Result<Flock<File>, KeyError> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        Errno::EWOULDBLOCK => KeyError::Busy { path: path.to_owned() },
        error => KeyError::Io { path: path.to_owned(), error: error.into() },
    })
}

/// Reads the keys from a file that belongs to root or to the process's own user, and that no other user may read.
///
/// # Errors
/// See [`KeyError`]; the message names the command that corrects the problem.
pub fn load_file(path: &Path) -> Result<MasterKeys, KeyError> {
    let io = |error| KeyError::Io { path: path.to_owned(), error };
    // Without O_NONBLOCK, opening a FIFO at this path would block the start.
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(KeyError::NotAFile { path: path.to_owned() });
    }
    if ![ROOT, geteuid().as_raw()].contains(&about.uid()) {
        return Err(KeyError::Owner { path: path.to_owned(), uid: about.uid() });
    }
    let mode = about.permissions().mode();
    if mode & MODE_FORBIDDEN != 0 {
        return Err(KeyError::Permissions { path: path.to_owned(), mode });
    }
    read(file).map_err(io).and_then(|text| MasterKeys::parse(&text))
}

/// Reads the keys from the systemd credential `name`. `directory` is `$CREDENTIALS_DIRECTORY`, which systemd protects
/// by its own rules, so owner and mode are not checked.
///
/// # Errors
/// [`KeyError::NoCredentials`] if there is no such directory or `name` is not a plain file name.
pub fn load_credential(directory: Option<&OsStr>, name: &str) -> Result<MasterKeys, KeyError> {
    let directory = directory.filter(|_| !name.is_empty() && !name.contains('/') && !name.starts_with('.'));
    let directory = directory.ok_or_else(|| KeyError::NoCredentials { name: name.to_owned() })?;
    let path = Path::new(directory).join(name);
    let text = File::open(&path).and_then(read).map_err(|error| KeyError::Io { path, error })?;
    MasterKeys::parse(&text)
}

fn read(file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_LEN_MAX + 1));
    file.take(FILE_LEN_MAX as u64 + 1).read_to_end(&mut text)?;
    if text.len() > FILE_LEN_MAX {
        return Err(io::Error::other(format!("it has more than {FILE_LEN_MAX} bytes")));
    }
    Ok(text)
}

/// Why no master key was read or written.
#[derive(Debug)]
pub enum KeyError {
    /// A key would have been overwritten.
    Exists {
        /// The existing file.
        path: PathBuf,
    },
    /// Another process, or another call, is adding a key.
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Not a regular file.
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// It belongs to another user, who could change the key.
    Owner {
        /// The file.
        path: PathBuf,
        /// The uid of its owner.
        uid: u32,
    },
    /// Other users can read it.
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its mode, with the file type bits.
        mode: u32,
    },
    /// Not the text of a key file.
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What is wrong with the line.
        why: &'static str,
    },
    /// systemd has passed no credentials, or the name is not valid for a credential.
    NoCredentials {
        /// The name of the credential.
        name: String,
    },
    /// The kernel returned no random bytes.
    Random(getrandom::Error),
    /// An operation on the file failed.
    Io {
        /// The file.
        path: PathBuf,
        /// The error from the system.
        error: io::Error,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists { path } => write!(
                f,
                "there is a file at {} already, and a master key is never written over: what it sealed would be lost. \
                 Move it aside if no store needs it",
                path.display()
            ),
            Self::Busy { path } => {
                write!(
                    f,
                    "a key is being added to {} by another process, or by another call. Try again",
                    path.display()
                )
            }
            Self::NotAFile { path } => {
                write!(f, "{} is not a regular file. Name the master key's file in [keys] file", path.display())
            }
            Self::Owner { path, uid } => write!(
                f,
                "the master key {path} belongs to user {uid}, who could change it. Run: chown {} {path}",
                geteuid(),
                path = path.display()
            ),
            Self::Permissions { path, mode } => write!(
                f,
                "the master key {path} can be read by others than its owner (mode {:04o}). Run: chmod 600 {path}",
                mode & 0o7777,
                path = path.display()
            ),
            Self::Syntax { line, why } => write!(
                f,
                "line {line} of the master key is wrong: {why}. Put back the file that 'posternd init' has made"
            ),
            Self::NoCredentials { name } => write!(
                f,
                "there is no systemd credential {name:?}. Pass it to the service with LoadCredentialEncrypted=, or name \
                 a file in [keys] file"
            ),
            Self::Random(error) => write!(f, "the kernel gives no random bytes: {error}"),
            Self::Io { path, error } => write!(
                f,
                "can't open the master key {}: {error}. It is made by 'posternd init'; an existing store needs the one \
                 it was made with",
                path.display()
            ),
        }
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Random(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
