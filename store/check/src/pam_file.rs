//! The `auth` stack of a PAM service, parsed as by libpam: pam.conf(5), and `pam_handlers.c` and `pam_misc.c` of
//! Linux-PAM 1.5, with Debian's `@include`. A line that libpam cannot parse is kept as one that fails.

use crate::pam_control::{self, Control};
use std::fs;
use std::path::{Path, PathBuf};

/// The depth of includes; libpam's own limit.
const DEPTH: usize = 16;
/// The most bytes of a file; a longer one is not a PAM file.
const LENGTH: u64 = 64 * 1024;
/// The characters that libpam treats as blanks between words. A carriage return is not one of them.
const BLANKS: [char; 3] = [' ', '\t', '\n'];
/// The first directory that libpam searches.
const ETC: &str = "/etc/pam.d";
const USR: &str = "/usr/lib/pam.d";

/// One line of the `auth` stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) kind: Kind,
    pub(crate) control: Control,
    /// The file name without directories; empty if it is not a module.
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    /// The number of substacks around it.
    pub(crate) level: usize,
}

/// The meaning of a line in libpam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It calls a module.
    Module,
    /// A substack begins; no module is called.
    Substack,
    /// libpam cannot parse the line, for this reason, and fails where the module would be called.
    Broken(String),
}

impl Module {
    pub(crate) fn has(&self, arg: &str) -> bool {
        self.args.iter().any(|have| have == arg)
    }
}

/// The directories in which libpam searches for files of `directory`, in order.
pub(crate) fn directories(directory: &Path) -> Vec<PathBuf> {
    let vendor = (directory == Path::new(ETC)).then(|| PathBuf::from(USR));
    std::iter::once(directory.to_owned()).chain(vendor).collect()
}

/// The `auth` stack of the service file `name` in `directory`, with its includes.
pub(crate) fn auth_stack(directory: &Path, name: &str) -> Vec<Module> {
    let mut stack = Vec::new();
    if let Err(why) = read(directory, name, (0, 0), &mut stack) {
        stack.push(broken(why, 0));
    }
    stack
}

/// Reads a file at this depth of includes and substacks.
fn read(directory: &Path, name: &str, (depth, level): (usize, usize), stack: &mut Vec<Module>) -> Result<(), String> {
    if depth >= DEPTH {
        return Err(format!("{name} is included more than {DEPTH} files deep"));
    }
    // `join` uses an absolute name as it is, like libpam.
    let paths = directories(directory).into_iter().map(|directory| directory.join(name));
    let mut files = paths.filter(|path| fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LENGTH));
    let bytes = files.next().and_then(|path| fs::read(path).ok()).ok_or_else(|| format!("there is no file {name}"))?;
    let (lines, is_whole) = lines(&String::from_utf8_lossy(&bytes));
    for line in lines {
        take(directory, &line, (depth, level), stack);
    }
    if is_whole { Ok(()) } else { Err(format!("{name} ends in a line that goes on behind its backslash")) }
}

/// Parses one whole line.
fn take(directory: &Path, line: &str, (depth, level): (usize, usize), stack: &mut Vec<Module>) {
    let mut words = words(line).into_iter();
    let kind = words.next().unwrap_or_default();
    let word = kind.strip_prefix('-').unwrap_or(&kind).to_ascii_lowercase();
    let is_known = match word.as_str() {
        "session" | "account" | "password" => return,
        "@include" => {
            return include(directory, words.next(), (depth, level), stack);
        }
        "auth" => true,
        // libpam treats it as a line of the most sensitive type.
        _ => false,
    };
    let control = words.next();
    let included = control.as_deref().map(str::to_ascii_lowercase);
    match included.as_deref() {
        Some("include") => return include(directory, words.next(), (depth, level), stack),
        Some("substack") => {
            let (control, args) = (Control::bad(), Vec::new());
            stack.push(Module { kind: Kind::Substack, control, name: String::new(), args, level });
            return include(directory, words.next(), (depth, level + 1), stack);
        }
        _ => {}
    }
    let (control, unread) = match control {
        None => (Control::bad(), Some(format!("{line:?} has no control"))),
        Some(text) => match pam_control::read(&text) {
            Some(control) => (control, None),
            None => (Control::bad(), Some(format!("{text:?} is no control"))),
        },
    };
    let module = words.next();
    let trouble = match &module {
        _ if !is_known => Some(format!("{kind:?} is none of auth, account, password and session")),
        None => Some(unread.unwrap_or_else(|| format!("{line:?} names no module"))),
        Some(path) if path.ends_with('\r') => Some("its lines end as on Windows, with a carriage return".to_owned()),
        Some(_) => unread,
    };
    let name = module.as_deref().and_then(|path| path.trim_end().rsplit('/').next()).unwrap_or_default().to_owned();
    let kind = trouble.map_or(Kind::Module, Kind::Broken);
    stack.push(Module { kind, control, name, args: words.collect(), level });
}

/// Reads an included file; if that is not possible, libpam fails at this line.
fn include(directory: &Path, file: Option<String>, (depth, level): (usize, usize), stack: &mut Vec<Module>) {
    let read = match file {
        Some(file) => read(directory, &file, (depth + 1, level), stack),
        None => Err("a line includes no file".to_owned()),
    };
    if let Err(why) = read {
        stack.push(broken(why, level));
    }
}

fn broken(why: String, level: usize) -> Module {
    Module { kind: Kind::Broken(why), control: Control::bad(), name: String::new(), args: Vec::new(), level }
}

/// Splits into whole lines without comments, and returns whether the last one is complete. A comment ends a line,
/// whatever is before it; a line that is empty, or only a comment, does not end a continued one.
fn lines(text: &str) -> (Vec<String>, bool) {
    let (mut lines, mut open) = (Vec::new(), None::<String>);
    for physical in text.split('\n') {
        let line = physical.trim_start_matches(BLANKS);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let begun = open.take().unwrap_or_default();
        let (code, has_comment) = line.split_once('#').map_or((line, false), |(code, _)| (code, true));
        match code.trim_end_matches(BLANKS).strip_suffix('\\').filter(|_| !has_comment) {
            Some(goes_on) => open = Some(begun + goes_on + " "),
            None => lines.push(begun + code),
        }
    }
    (lines, open.is_none())
}

/// Splits into words. Text that begins with a bracket is one word up to the closing bracket, without both; `\]` in it
/// is a bracket.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start_matches(BLANKS);
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('[') {
            Some(inner) => bracketed(inner),
            None => {
                let end = rest.find(BLANKS).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        words.push(word);
        rest = behind.trim_start_matches(BLANKS);
    }
    words
}

fn bracketed(inner: &str) -> (String, &str) {
    let mut word = String::new();
    let mut letters = inner.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            ']' => return (word, &inner[at + 1..]),
            '\\' if letters.peek().is_some_and(|(_, next)| *next == ']') => {
                letters.next();
                word.push(']');
            }
            letter => word.push(letter),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pam_control::Action;

    fn stack_of(files: &[(&str, &str)]) -> Vec<Module> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        auth_stack(dir.path(), files[0].0)
    }

    fn trouble(module: &Module) -> &str {
        if let Kind::Broken(why) = &module.kind { why } else { "" }
    }

    #[test]
    fn a_stack_is_read_with_what_it_includes() {
        let stack = stack_of(&[
            (
                "sshd",
                "# ours\n@include common-auth\n-AUTH requisite \\\n# between\n\n  /lib/pam_postern.so forward_pass \
                 [prompt=Your [code\\]: ] # no \\\naccount required pam_deny.so\n",
            ),
            ("common-auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth substack deny\n"),
            ("deny", "auth REQUISITE pam_deny.so"),
        ]);
        let seen: Vec<_> = stack.iter().map(|module| (module.name.as_str(), module.level)).collect();
        assert_eq!(seen, [("pam_unix.so", 0), ("", 0), ("pam_deny.so", 1), ("pam_postern.so", 0)]);
        assert_eq!(
            (stack[0].control.on("success"), stack[0].control.on("auth_err")),
            (Action::Jump(1), Action::Ignore)
        );
        assert_eq!((stack[2].control.on("success"), stack[2].control.on("auth_err")), (Action::Ok, Action::Die));
        assert_eq!(stack[3].args, ["forward_pass", "prompt=Your [code]: "]);
        assert!(stack.iter().all(|module| trouble(module).is_empty()));
    }

    #[test]
    fn what_libpam_cannot_read_fails_and_says_why() {
        for (text, word) in [
            ("auht required pam_unix.so", "\"auht\""),
            ("auth", "no control"),
            ("auth requird pam_unix.so", "\"requird\""),
            ("auth [success=okay] pam_unix.so", "\"success=okay\""),
            ("auth required", "no module"),
            ("@include", "no file"),
            ("@include missing", "no file missing"),
            ("auth include missing", "no file missing"),
            ("auth substack missing", "no file missing"),
            ("auth include sshd", "files deep"),
            ("auth required pam_unix.so \\", "backslash"),
            ("auth required pam_unix.so\r", "Windows"),
        ] {
            let stack = stack_of(&[("sshd", text)]);
            let last = stack.last().unwrap();
            assert!(trouble(last).contains(word), "{text}: {last:?}");
        }
        let dir = tempfile::tempdir().unwrap();
        assert!(trouble(&auth_stack(dir.path(), "missing")[0]).contains("no file missing"));
    }
}
