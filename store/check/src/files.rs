//! Sockets and files, as far as they are visible from here: whether other users could connect to a socket or replace
//! it, read a key, or write a configuration.

use crate::proxy_config::ProxyConfig;
use crate::report::{Line, Section};
use nix::unistd::{Gid, Group, Uid, User};
use serde::Deserialize;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The name of the admin socket in findings.
pub(crate) const ADMIN: &str = "admin socket";
/// The name of the fronts' socket in findings.
const AUTH: &str = "auth socket";
/// The user that the packaged proxy runs as.
pub(crate) const PROXY_USER: &str = "postern-proxy";
/// Permission bits with which every user of this host could connect to a socket, or replace it.
const OTHERS_WRITE: u32 = 0o002;
/// In a directory with this bit (`/tmp`), other users cannot replace an existing file.
const STICKY: u32 = 0o1000;
/// Forbidden bits of a key, and of data that is sealed with it: any access for others, and write access for the group.
const SECRET: u32 = 0o027;
/// Forbidden bits of a configuration: only its owner may write.
const WRITTEN: u32 = 0o022;

/// The file names in posternd.toml. posternd itself checks the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PosterndConfig {
    store: Store,
    keys: Keys,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Store {
    path: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Keys {
    file: Option<PathBuf>,
}

/// Checks the admin socket.
pub(crate) fn admin_socket(path: &Path) -> Option<Line> {
    socket(ADMIN, path)
}

/// Checks the socket of the fronts, and whether the packaged proxy may open it.
pub(crate) fn auth_socket(path: &Path) -> Vec<Line> {
    let mut lines: Vec<Line> = socket(AUTH, path).into_iter().collect();
    if let (Ok(meta), Ok(Some(user))) = (fs::metadata(path), User::from_name(PROXY_USER))
        && !may_write(&meta, &user)
    {
        let message = format!("the user {PROXY_USER} may not open {}", path.display());
        let group = group(meta.gid());
        lines.push(
            Line::warning(Section::Sockets, AUTH, message)
                .why("if the fronts run as that user, nobody can sign in")
                .advice(format!("adduser {PROXY_USER} {group}; systemctl restart postern-proxy")),
        );
    }
    lines
}

fn may_write(meta: &Metadata, user: &User) -> bool {
    let is_member = || {
        let group = Group::from_gid(Gid::from_raw(meta.gid())).ok().flatten();
        user.gid.as_raw() == meta.gid() || group.is_some_and(|group| group.mem.contains(&user.name))
    };
    user.uid.as_raw() == meta.uid() && meta.mode() & 0o200 != 0 || meta.mode() & 0o020 != 0 && is_member()
}

fn socket(subject: &str, path: &Path) -> Option<Line> {
    let failure = |text: String| Some(Line::failure(Section::Sockets, subject, text));
    // If the path cannot be read, connecting fails too, with a more useful message.
    let meta = fs::metadata(path).ok()?;
    if !meta.file_type().is_socket() {
        return failure(format!("{} is not a socket", path.display()));
    }
    if meta.mode() & OTHERS_WRITE != 0 {
        return failure(format!("every user of this host may open {}: chmod o-rwx", path.display()));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let open = |meta: Metadata| meta.mode() & OTHERS_WRITE != 0 && meta.mode() & STICKY == 0;
    if fs::metadata(directory).is_ok_and(open) {
        return failure(format!("every user of this host may replace it: chmod o-w {}", directory.display()));
    }
    Some(Line::ok(Section::Sockets, subject, format!("{} is closed to other users ({})", path.display(), owner(&meta))))
}

/// Checks the files that posternd.toml names, and the file itself.
pub(crate) fn of_posternd(config: &Path) -> Vec<Line> {
    let Ok(text) = fs::read_to_string(config) else { return vec![] };
    let named: PosterndConfig = toml::from_str(&text).unwrap_or_default();
    let key = "with the key and an export, every secret can be read";
    let files = [
        (Some(config.to_owned()), "posternd.toml", WRITTEN, "a user who can write it decides who is asked for a code"),
        (named.keys.file, "master key", SECRET, key),
        (named.store.path, "store", SECRET, "it can be copied, and then deleted or tried against a stolen key"),
    ];
    files.into_iter().filter_map(|(path, what, bits, why)| file(&path?, what, bits, why)).collect()
}

/// Checks the files that proxy.toml names, and the file itself.
pub(crate) fn of_proxy(path: &Path, config: &ProxyConfig) -> Vec<Line> {
    let why = "a user who can write it can open every endpoint";
    let key = "a user who can read it can impersonate this host, and read every password";
    let own = file(path, "proxy.toml", WRITTEN, why);
    own.into_iter().chain(config.tls.key.as_deref().and_then(|path| file(path, "TLS key", SECRET, key))).collect()
}

fn file(path: &Path, what: &str, forbidden: u32, why: &str) -> Option<Line> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        // The key may be a systemd credential instead; the program that needs it reports if it is missing.
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => {
            let message = format!("{} cannot be looked at: {error}", path.display());
            return Some(Line::warning(Section::Sockets, what, message).advice("run this as root"));
        }
    };
    let owner = owner(&meta);
    let open = meta.mode() & forbidden;
    // Access through root's group gives root nothing new.
    let open = if meta.gid() == 0 { open & !0o070 } else { open };
    if open == 0 {
        return Some(Line::ok(Section::Sockets, what, format!("{} is {owner}", path.display())));
    }
    let message = format!("{} is open to more than it should be: {owner}", path.display());
    let advice = format!("chmod {:04o} {}", meta.mode() & 0o7777 & !forbidden, path.display());
    Some(Line::failure(Section::Sockets, what, message).why(why).advice(advice))
}

/// Formats owner, group and mode as `root:postern-auth 0660`.
fn owner(meta: &Metadata) -> String {
    let user = User::from_uid(Uid::from_raw(meta.uid())).ok().flatten();
    let user = user.map_or_else(|| meta.uid().to_string(), |user| user.name);
    format!("{user}:{} {:04o}", group(meta.gid()), meta.mode() & 0o7777)
}

fn group(gid: u32) -> String {
    Group::from_gid(Gid::from_raw(gid)).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_wire::admin::Level;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_as_closed_as_what_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        for (mode, forbidden, level) in [
            (0o600, SECRET, Level::Ok),
            (0o644, SECRET, Level::Failure),
            (0o644, WRITTEN, Level::Ok),
            (0o646, WRITTEN, Level::Failure),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let line = file(&path, "file", forbidden, "why").unwrap();
            assert_eq!(line.level, level, "{mode:o}: {}", line.message);
            assert!(level == Level::Ok || line.advice.starts_with("chmod 06"), "{}", line.advice);
        }
        assert!(file(&dir.path().join("none"), "file", SECRET, "why").is_none());
    }
}
