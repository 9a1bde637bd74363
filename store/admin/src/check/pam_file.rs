//! PAM service files (pam.conf(5)), as far as the question goes who is asked for a code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How deep files may include files; libpam's own limit is 16.
const DEPTH: usize = 16;
/// Bytes of a file that are read; a longer one is none of PAM's.
const LENGTH: u64 = 64 * 1024;

/// One line of the `auth` stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    /// What is done with each return value; `default` stands for those that are not named.
    pub(super) control: BTreeMap<String, Action>,
    /// The file's name without directories.
    pub(super) name: String,
    pub(super) args: Vec<String>,
}

/// What is done with a return value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It counts, and the stack goes on.
    Counts,
    /// It counts, and the stack ends.
    Ends,
    /// It counts, and so many modules are skipped: the rest of a substack.
    Leaves(usize),
    /// It does not count.
    Ignored,
    /// It does not count, and so many modules are skipped.
    Skips(usize),
}

impl Module {
    /// What is done when the module returns `value`, such as `success`.
    pub(super) fn on(&self, value: &str) -> Action {
        let named = self.control.get(value).or_else(|| self.control.get("default"));
        named.copied().unwrap_or(Action::Ignored)
    }

    pub(super) fn has(&self, arg: &str) -> bool {
        self.args.iter().any(|have| have == arg)
    }
}

/// The `auth` stack of the service file `name` in `directory`, with what it includes.
pub(super) fn auth_stack(directory: &Path, name: &str) -> Vec<Module> {
    let mut stack = Vec::new();
    read(directory, name, DEPTH, &mut stack);
    stack
}

fn read(directory: &Path, name: &str, depth: usize, stack: &mut Vec<Module>) {
    // `join` takes an absolute name as it is, and so does libpam.
    let path = directory.join(name);
    let readable = fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= LENGTH);
    let Some(text) = readable.then(|| fs::read_to_string(&path).ok()).flatten() else { return };
    for line in text.replace("\\\n", " ").lines() {
        let words = words(line.split('#').next().unwrap_or_default());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (control, module, args) = match &words[..] {
            ["@include", file] | ["auth" | "-auth", "include", file] if depth > 0 => {
                read(directory, file, depth - 1, stack);
                continue;
            }
            ["auth" | "-auth", "substack", file] if depth > 0 => {
                let mut inner = Vec::new();
                read(directory, file, depth - 1, &mut inner);
                end_with_the_substack(&mut inner);
                stack.append(&mut inner);
                continue;
            }
            ["auth" | "-auth", control, module, args @ ..] => (control, module, args),
            _ => continue,
        };
        let name = module.rsplit('/').next().unwrap_or(module).to_owned();
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        stack.push(Module { control: actions(control), name, args });
    }
}

/// What ends a substack, well or badly, goes on behind it (pam.conf(5)).
fn end_with_the_substack(inner: &mut [Module]) {
    let last = inner.len();
    for (at, module) in inner.iter_mut().enumerate() {
        for action in module.control.values_mut().filter(|action| **action == Action::Ends) {
            *action = Action::Leaves(last - at - 1);
        }
    }
}

/// Words between blanks; what is in brackets is one word, without them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

/// The four words are what pam.conf(5) says they stand for.
fn actions(control: &str) -> BTreeMap<String, Action> {
    let written = match control.to_ascii_lowercase().as_str() {
        "required" => "success=ok new_authtok_reqd=ok ignore=ignore default=bad".to_owned(),
        "requisite" => "success=ok new_authtok_reqd=ok ignore=ignore default=die".to_owned(),
        "sufficient" => "success=done new_authtok_reqd=done default=ignore".to_owned(),
        "optional" => "success=ok new_authtok_reqd=ok default=ignore".to_owned(),
        written => written.to_owned(),
    };
    let action = |action: &str| match action {
        "ok" | "bad" => Action::Counts,
        "done" | "die" => Action::Ends,
        number => number.parse().map_or(Action::Ignored, Action::Skips),
    };
    let pairs = written.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.map(|(value, what)| (value.to_owned(), action(what))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_read_with_what_it_includes() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("sshd"), "# ours\n@include common-auth\n-auth requisite \\\n  /lib/pam_postern.so forward_pass [prompt=Your code: ] # no\naccount required pam_deny.so\nauth include sshd\n").unwrap();
        fs::write(
            dir.path().join("common-auth"),
            "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth substack deny\n",
        )
        .unwrap();
        fs::write(dir.path().join("deny"), "auth REQUISITE pam_deny.so").unwrap();
        let stack = auth_stack(dir.path(), "sshd");
        let names: Vec<&str> = stack.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names[..3], ["pam_unix.so", "pam_deny.so", "pam_postern.so"]);
        assert!(names.len() <= 3 * (DEPTH + 1), "a file that includes itself comes to an end");
        assert_eq!((stack[0].on("success"), stack[0].on("auth_err")), (Action::Skips(1), Action::Ignored));
        assert_eq!((stack[1].on("success"), stack[1].on("auth_err")), (Action::Counts, Action::Leaves(0)));
        assert_eq!(stack[2].args, ["forward_pass", "prompt=Your code: "]);
        assert!(auth_stack(dir.path(), "missing").is_empty());
    }
}
