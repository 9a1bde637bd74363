//! The arguments of the module's line in a PAM service file.

use crate::verdict::Stopped;
use std::ffi::CStr;
use std::path::PathBuf;

/// Which password the module looks at, in the words of the established one-time-password modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum First {
    /// It prompts.
    #[default]
    Prompt,
    /// It looks for a code behind the password that an earlier module left, and prompts if there is none.
    Try,
    /// It looks there and never prompts.
    Use,
}

/// What the administrator wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Where posternd listens.
    pub(crate) socket: PathBuf,
    /// Appended to user names that have no domain.
    pub(crate) domain: Option<String>,
    /// `try_first_pass`, `use_first_pass`.
    pub(crate) first: First,
    /// The prompt asks for password and code in one field, and the password without the code is left in PAM_AUTHTOK.
    pub(crate) forward_pass: bool,
    /// Instead of the prompt of [`crate::text`].
    pub(crate) prompt: Option<String>,
    /// Not `no_enrol`: this host can show an enrolment.
    pub(crate) enrol: bool,
    /// Where people enrol who cannot do so here.
    pub(crate) enrol_url: Option<String>,
    /// Whether the log tells each step.
    pub(crate) debug: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            socket: postern_wire::AUTH_SOCKET.into(),
            domain: None,
            first: First::default(),
            forward_pass: false,
            prompt: None,
            enrol: true,
            enrol_url: None,
            debug: false,
        }
    }
}

impl Options {
    /// Reads the arguments. Of two that contradict each other, the later counts.
    ///
    /// # Errors
    /// [`Stopped::Option`] names the first argument that makes no sense. It refuses the sign-in: an option that was
    /// mistyped may have been the one that protects.
    pub(crate) fn parse(args: &[&CStr]) -> Result<Self, Stopped> {
        let mut options = Self::default();
        for arg in args {
            let arg = arg.to_str().map_err(|_| Stopped::Option(arg.to_string_lossy().into_owned()))?;
            options.take(arg).ok_or_else(|| Stopped::Option(arg.to_owned()))?;
        }
        Ok(options)
    }

    fn take(&mut self, arg: &str) -> Option<()> {
        let (key, value) = match arg.split_once('=') {
            Some((key, value)) if !value.is_empty() => (key, Some(value.to_owned())),
            Some(_) => return None,
            None => (arg, None),
        };
        match (key, value) {
            ("socket", Some(path)) if path.starts_with('/') => self.socket = path.into(),
            ("domain", Some(name)) => self.domain = Some(name),
            ("prompt", Some(text)) => self.prompt = Some(text),
            ("enrol_url", Some(url)) => self.enrol_url = Some(url),
            ("try_first_pass", None) => self.first = First::Try,
            ("use_first_pass", None) => self.first = First::Use,
            ("forward_pass", None) => self.forward_pass = true,
            ("no_enrol", None) => self.enrol = false,
            ("debug", None) => self.debug = true,
            _ => return None,
        }
        Some(())
    }

    /// Whether somebody may enrol here. With `forward_pass` the password is looked at after this module: an enrolment
    /// would be open to a stranger.
    pub(crate) fn may_enrol(&self) -> bool {
        self.enrol && !self.forward_pass
    }

    /// The name that the daemon is asked about; the user name itself stays as the host has it.
    pub(crate) fn qualified(&self, user: String) -> String {
        match &self.domain {
            // `DOMAIN\user` has its domain too.
            Some(domain) if !user.contains(['@', '\\']) => format!("{user}@{domain}"),
            _ => user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_read() {
        let options = Options::parse(&[
            c"socket=/run/p.sock",
            c"domain=example.com",
            c"try_first_pass",
            c"forward_pass",
            c"prompt=Code = ",
            c"no_enrol",
            c"enrol_url=https://webmail.example.com/?a=b",
            c"debug",
        ]);
        let expected = Options {
            socket: "/run/p.sock".into(),
            domain: Some("example.com".into()),
            first: First::Try,
            forward_pass: true,
            prompt: Some("Code = ".into()),
            enrol: false,
            enrol_url: Some("https://webmail.example.com/?a=b".into()),
            debug: true,
        };
        assert_eq!(options.unwrap(), expected);
        assert_eq!(Options::parse(&[]).unwrap(), Options::default());
        assert_eq!(Options::parse(&[c"try_first_pass", c"use_first_pass"]).unwrap().first, First::Use);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for arg in [
            c"nullok",
            c"socket",
            c"socket=",
            c"socket=run/p.sock",
            c"debug=1",
            c"no_enrol=",
            c"Forward_pass",
            c"",
            c"domain=",
            c"\xff",
        ] {
            let stopped = Options::parse(&[c"debug", arg]);
            assert!(matches!(stopped, Err(Stopped::Option(named)) if named == arg.to_string_lossy()), "{arg:?}");
        }
    }

    #[test]
    fn a_domain_is_added_to_bare_names_only() {
        let options = Options::parse(&[c"domain=example.com"]).unwrap();
        for (user, name) in [("bob", "bob@example.com"), ("bob@example.org", "bob@example.org"), ("EX\\bob", "EX\\bob")]
        {
            assert_eq!(options.qualified(user.to_owned()), name);
        }
        assert_eq!(Options::default().qualified("bob".to_owned()), "bob");
    }
}
