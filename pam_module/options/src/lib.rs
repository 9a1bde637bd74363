//! The arguments of `pam_postern.so` in a PAM service file. The module and `postern check` use the same parser
//! (decision 28).

use std::fmt;
use std::path::PathBuf;

/// Every option: the part before the `=` for options with a value, and the whole word for the others.
pub const OPTIONS: [&str; 9] = [
    "socket=",
    "domain=",
    "prompt=",
    "enrol_url=",
    "try_first_pass",
    "use_first_pass",
    "forward_pass",
    "no_enrol",
    "debug",
];

/// An invalid argument. The module refuses every sign-in because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(pub String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no option of pam_postern.so, or lacks its value", self.0)
    }
}

impl std::error::Error for Unknown {}

/// The password that the module uses, named as in the established one-time-password modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum First {
    /// It prompts.
    #[default]
    Prompt,
    /// It looks for a code after the password that an earlier module left, and prompts if there is none.
    Try,
    /// It uses only that password and never prompts.
    Use,
}

/// The parsed options.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// The socket of posternd.
    pub socket: PathBuf,
    /// Appended to user names that have no domain.
    pub domain: Option<String>,
    /// `try_first_pass`, `use_first_pass`.
    pub first: First,
    /// The prompt asks for password and code in one field, and the password without the code is stored in PAM_AUTHTOK.
    pub forward_pass: bool,
    /// The prompt, instead of the module's own.
    pub prompt: Option<String>,
    /// False with `no_enrol`: this host cannot show an enrolment.
    pub enrol: bool,
    /// The URL for users who cannot enrol here.
    pub enrol_url: Option<String>,
    /// Whether the log has each step.
    pub debug: bool,
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
    /// Parses the arguments. If two contradict each other, the later one applies.
    ///
    /// # Errors
    /// [`Unknown`] with the first invalid argument. It refuses the sign-in: a mistyped option may have been one that
    /// protects.
    pub fn parse<'a>(args: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Unknown> {
        let mut options = Self::default();
        for arg in args {
            let unknown = || Unknown(String::from_utf8_lossy(arg).into_owned());
            let arg = str::from_utf8(arg).map_err(|_| unknown())?;
            options.take(arg).ok_or_else(unknown)?;
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

    /// Whether a user may enrol here. With `forward_pass` the password is checked after this module: an unauthenticated
    /// client could enrol.
    pub fn may_enrol(&self) -> bool {
        self.enrol && !self.forward_pass
    }

    /// The name for the daemon; the host's user name is not changed.
    pub fn qualified(&self, user: String) -> String {
        match &self.domain {
            // `DOMAIN\user` also has a domain.
            Some(domain) if !user.contains(['@', '\\']) => format!("{user}@{domain}"),
            _ => user,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options, Unknown> {
        Options::parse(args.iter().map(|arg| arg.as_bytes()))
    }

    #[test]
    fn every_option_is_read() {
        let options = parse(&[
            "socket=/run/p.sock",
            "domain=example.com",
            "try_first_pass",
            "forward_pass",
            "prompt=Code = ",
            "no_enrol",
            "enrol_url=https://webmail.example.com/?a=b",
            "debug",
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
        assert_eq!(parse(&[]).unwrap(), Options::default());
        assert_eq!(parse(&["try_first_pass", "use_first_pass"]).unwrap().first, First::Use);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for arg in [
            "nullok",
            "socket",
            "socket=",
            "socket=run/p.sock",
            "debug=1",
            "no_enrol=",
            "Forward_pass",
            "",
            "domain=",
            "secret=/etc/users.oath",
        ] {
            assert_eq!(parse(&["debug", arg]), Err(Unknown(arg.to_owned())), "{arg:?}");
        }
        assert_eq!(Options::parse([&b"\xff"[..]]), Err(Unknown("\u{fffd}".to_owned())));
    }

    #[test]
    fn the_list_is_what_is_taken() {
        for option in OPTIONS {
            let arg = if option.ends_with('=') { format!("{option}/x") } else { option.to_owned() };
            assert!(parse(&[&arg]).is_ok(), "{option}");
            assert!(parse(&[&format!("x{arg}")]).is_err(), "{option}");
        }
    }

    #[test]
    fn a_domain_is_added_to_bare_names_only() {
        let options = parse(&["domain=example.com"]).unwrap();
        for (user, name) in [("bob", "bob@example.com"), ("bob@example.org", "bob@example.org"), ("EX\\bob", "EX\\bob")]
        {
            assert_eq!(options.qualified(user.to_owned()), name);
        }
        assert_eq!(Options::default().qualified("bob".to_owned()), "bob");
    }
}
