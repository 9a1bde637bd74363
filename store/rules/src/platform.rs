//! A platform: a set of domains with one switch and one policy.

use crate::{KindName, text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Characters of a platform's name.
pub const NAME_MAX: usize = 64;
/// Domains, and NetBIOS names, that a platform may have.
pub const DOMAINS_MAX: usize = 256;
/// Characters of the issuer that authenticator apps show.
pub const ISSUER_MAX: usize = 40;
/// The longest reconnect window, in minutes.
pub const RECONNECT_MAX: u32 = 24 * 60;
/// The longest wait for a request, in hours.
pub const REQUEST_WAIT_MAX: u32 = 30 * 24;
/// The most days for which a browser may be trusted.
pub const TRUST_DAYS_MAX: u32 = 90;

/// A set of domains with one switch and one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Its domains in ASCII; `DOMAIN\user` means the first.
    pub domains: Vec<String>,
    /// NetBIOS names in upper case.
    #[serde(default)]
    pub netbios: Vec<String>,
    /// If off, no account is asked for a code, and every account keeps its state.
    pub enabled: bool,
    /// The policy that the administrator has set.
    #[serde(default)]
    pub policy: Policy,
}

/// The policy of a platform. Every field has the default that `postern platform set` documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Mail apps may send the password followed by the code.
    pub password_and_code: bool,
    /// The separator that is allowed between the two, and is part of neither.
    pub code_separator: Option<char>,
    /// Minutes in which the same mailbox, string and source are accepted again; 0: never.
    pub reconnect_window: u32,
    /// For a channel that cannot enrol: whether an account that is enrolling passes.
    pub unenrolled_pass: bool,
    /// The treatment of a name in the platform's domains that has no account.
    #[serde(rename = "unlisted_pass")]
    pub unlisted: Unlisted,
    /// Whether `bob+shop@` means `bob@`.
    pub plus_addressing: bool,
    /// The name that authenticator apps show beside the code; empty: the mailbox's domain.
    #[serde(deserialize_with = "text::read_line")]
    pub issuer: String,
    /// The methods that a user may set up.
    pub methods: BTreeSet<KindName>,
    /// Whether a user may remove the only method, which switches the second factor off.
    pub last_method_removable: bool,
    /// Whether setup of the first method requires a code from the administrator.
    pub enrolment_code: bool,
    /// The least hours that a request for a reset waits.
    pub request_wait: u32,
    /// Whether notices also go to the mailbox, in addition to the contact address.
    pub notify_mailbox: bool,
    /// For how many days a user may trust a browser; 0: not at all.
    pub trusted_browsers: u32,
    /// Counts how often that was set to 0: earlier trust is not restored when the days are raised again.
    pub trust_round: u64,
    /// The treatment of a sign-in to an account without a second factor, from an unknown browser and network.
    pub unusual_sign_in: UnusualSignIn,
}

/// The treatment of a name in the platform's domains that has no account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<bool>", into = "Option<bool>")]
pub enum Unlisted {
    /// No code is required.
    Pass,
    /// It is refused.
    Refuse,
    /// It is refused at a front for Exchange, which accepts several names for one mailbox; elsewhere no code is
    /// required.
    #[default]
    Auto,
}

impl Unlisted {
    const ALL: [Self; 3] = [Self::Pass, Self::Refuse, Self::Auto];

    fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refuse => "refuse",
            Self::Auto => "auto",
        }
    }

    /// Whether such a name passes, given whether the front is for Exchange.
    pub fn passes(self, before_exchange: bool) -> bool {
        match self {
            Self::Pass => true,
            Self::Refuse => false,
            Self::Auto => !before_exchange,
        }
    }
}

/// The format of records of 0.1, which has only the first two values.
impl From<Option<bool>> for Unlisted {
    fn from(kept: Option<bool>) -> Self {
        kept.map_or(Self::Auto, |passes| if passes { Self::Pass } else { Self::Refuse })
    }
}

impl From<Unlisted> for Option<bool> {
    fn from(unlisted: Unlisted) -> Self {
        match unlisted {
            Unlisted::Pass => Some(true),
            Unlisted::Refuse => Some(false),
            Unlisted::Auto => None,
        }
    }
}

/// The treatment of a sign-in, at the webmail, to an account without a second factor, if browser and network are both
/// unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusualSignIn {
    /// Browsers and networks are ignored.
    #[default]
    Off,
    /// Browsers and networks are recorded; no code is required.
    Learn,
    /// A code is sent to the contact address.
    Ask,
}

impl UnusualSignIn {
    const ALL: [Self; 3] = [Self::Off, Self::Learn, Self::Ask];

    fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Learn => "learn",
            Self::Ask => "ask",
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            password_and_code: true,
            code_separator: None,
            reconnect_window: 0,
            unenrolled_pass: false,
            unlisted: Unlisted::default(),
            plus_addressing: true,
            issuer: String::new(),
            methods: KindName::ALL.into_iter().collect(),
            last_method_removable: false,
            enrolment_code: false,
            request_wait: 0,
            notify_mailbox: false,
            trusted_browsers: 0,
            trust_round: 0,
            unusual_sign_in: UnusualSignIn::Off,
        }
    }
}

/// The keys of a policy, as in `platform set`.
pub const KEYS: [&str; 14] = [
    "password-and-code",
    "code-separator",
    "reconnect-window",
    "unenrolled",
    "unlisted",
    "plus-addressing",
    "issuer",
    "methods",
    "last-method",
    "enrolment-code",
    "request-wait",
    "notify-mailbox",
    "trusted-browsers",
    "unusual-sign-in",
];

/// Why a policy key cannot be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyError {
    /// No such key.
    Key(String),
    /// Not a valid value of this key; with the valid ones.
    Value(&'static str, String, String),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "there is no key {key:?}; the keys are {}", KEYS.join(", ")),
            Self::Value(key, value, allowed) => write!(f, "{value:?} is not a value of {key}: it takes {allowed}"),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// Whether trust in a browser may end earlier by this policy than by the one `before` it.
    #[must_use]
    pub fn shortens_trust(&self, before: &Self) -> bool {
        self.trusted_browsers < before.trusted_browsers || self.trust_round != before.trust_round
    }

    /// Sets one key.
    ///
    /// # Errors
    /// [`PolicyError`]; nothing is changed.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), PolicyError> {
        match key {
            "password-and-code" => self.password_and_code = choose("password-and-code", value, "on", "off")?,
            "code-separator" => {
                self.code_separator = match value {
                    "none" => None,
                    "space" => Some(' '),
                    _ => match value.as_bytes() {
                        [byte] if byte.is_ascii_punctuation() => Some(char::from(*byte)),
                        _ => {
                            let allowed = "none, space, or one of the signs that are no letters and digits, such as ,";
                            let (key, value) = ("code-separator", value.to_owned());
                            return Err(PolicyError::Value(key, value, allowed.to_owned()));
                        }
                    },
                }
            }
            "unenrolled" => self.unenrolled_pass = choose("unenrolled", value, "allow", "refuse")?,
            "unlisted" => {
                let fits = |it: &Unlisted| value.eq_ignore_ascii_case(it.as_str());
                self.unlisted = Unlisted::ALL.into_iter().find(fits).ok_or_else(|| {
                    PolicyError::Value("unlisted", value.to_owned(), "pass, refuse or auto".to_owned())
                })?;
            }
            "plus-addressing" => self.plus_addressing = choose("plus-addressing", value, "on", "off")?,
            "reconnect-window" => {
                let minutes = value.parse().ok().filter(|minutes| *minutes <= RECONNECT_MAX);
                self.reconnect_window = minutes.ok_or_else(|| {
                    let allowed = format!("whole minutes from 0 (never) to {RECONNECT_MAX}");
                    PolicyError::Value("reconnect-window", value.to_owned(), allowed)
                })?;
            }
            "issuer" => {
                let issuer = text::line(value, usize::MAX);
                let fits = issuer.chars().count() <= ISSUER_MAX && !issuer.contains(':');
                if !fits {
                    let allowed = format!("up to {ISSUER_MAX} characters without a colon");
                    return Err(PolicyError::Value("issuer", value.to_owned(), allowed));
                }
                self.issuer = issuer;
            }
            "methods" => {
                let kinds = value.split(',').map(|name| KindName::parse(name.trim()));
                let kinds = kinds.collect::<Option<BTreeSet<_>>>().filter(|kinds| !kinds.is_empty());
                self.methods = kinds.ok_or_else(|| {
                    let allowed = KindName::ALL.map(KindName::as_str).join(",");
                    PolicyError::Value("methods", value.to_owned(), format!("some of {allowed}, with commas between"))
                })?;
            }
            "last-method" => self.last_method_removable = choose("last-method", value, "remove", "keep")?,
            "enrolment-code" => self.enrolment_code = choose("enrolment-code", value, "required", "optional")?,
            "request-wait" => {
                let hours = value.parse().ok().filter(|hours| *hours <= REQUEST_WAIT_MAX);
                self.request_wait = hours.ok_or_else(|| {
                    let allowed = format!("whole hours from 0 to {REQUEST_WAIT_MAX}");
                    PolicyError::Value("request-wait", value.to_owned(), allowed)
                })?;
            }
            "notify-mailbox" => self.notify_mailbox = choose("notify-mailbox", value, "on", "off")?,
            "trusted-browsers" => {
                let days: Option<u32> = value.parse().ok().filter(|days| *days <= TRUST_DAYS_MAX);
                let days = days.ok_or_else(|| {
                    let allowed = format!("whole days from 0 (nobody can trust a browser) to {TRUST_DAYS_MAX}");
                    PolicyError::Value("trusted-browsers", value.to_owned(), allowed)
                })?;
                self.trust_round += u64::from(days == 0 && self.trusted_browsers > 0);
                self.trusted_browsers = days;
            }
            "unusual-sign-in" => {
                let fits = |it: &UnusualSignIn| value.eq_ignore_ascii_case(it.as_str());
                self.unusual_sign_in = UnusualSignIn::ALL.into_iter().find(fits).ok_or_else(|| {
                    PolicyError::Value("unusual-sign-in", value.to_owned(), "off, learn or ask".to_owned())
                })?;
            }
            _ => return Err(PolicyError::Key(key.to_owned())),
        }
        Ok(())
    }

    /// Every key with its value.
    pub fn shown(&self) -> BTreeMap<String, String> {
        let word = |yes: bool, on: &str, off: &str| if yes { on.to_owned() } else { off.to_owned() };
        let values = [
            word(self.password_and_code, "on", "off"),
            match self.code_separator {
                None => "none".to_owned(),
                Some(' ') => "space".to_owned(),
                Some(sign) => sign.to_string(),
            },
            self.reconnect_window.to_string(),
            word(self.unenrolled_pass, "allow", "refuse"),
            self.unlisted.as_str().to_owned(),
            word(self.plus_addressing, "on", "off"),
            self.issuer.clone(),
            self.methods.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(","),
            word(self.last_method_removable, "remove", "keep"),
            word(self.enrolment_code, "required", "optional"),
            self.request_wait.to_string(),
            word(self.notify_mailbox, "on", "off"),
            self.trusted_browsers.to_string(),
            self.unusual_sign_in.as_str().to_owned(),
        ];
        KEYS.iter().map(|key| (*key).to_owned()).zip(values).collect()
    }
}

fn choose(key: &'static str, value: &str, yes: &str, no: &str) -> Result<bool, PolicyError> {
    if value.eq_ignore_ascii_case(yes) {
        Ok(true)
    } else if value.eq_ignore_ascii_case(no) {
        Ok(false)
    } else {
        Err(PolicyError::Value(key, value.to_owned(), format!("{yes} or {no}")))
    }
}

/// Whether `name` is a valid platform name: 1 to 64 ASCII letters, digits, `-`, `_`, `.`, beginning with a letter or
/// digit.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(plain) && name.as_bytes()[0].is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_contract() {
        let shown = Policy::default().shown();
        let shown: Vec<(&str, &str)> = shown.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("code-separator", "none"),
                ("enrolment-code", "optional"),
                ("issuer", ""),
                ("last-method", "keep"),
                ("methods", "totp,sms,email,key"),
                ("notify-mailbox", "off"),
                ("password-and-code", "on"),
                ("plus-addressing", "on"),
                ("reconnect-window", "0"),
                ("request-wait", "0"),
                ("trusted-browsers", "0"),
                ("unenrolled", "refuse"),
                ("unlisted", "auto"),
                ("unusual-sign-in", "off"),
            ]
        );
    }

    #[test]
    fn every_key_that_is_shown_can_be_set_to_what_is_shown() {
        let mut policy = Policy::default();
        for (key, value) in Policy::default().shown() {
            policy.set(&key, &value).unwrap();
        }
        assert_eq!(policy, Policy::default());
    }

    #[test]
    fn a_platform_of_before_keeps_what_it_has() {
        for (kept, unlisted) in [("true", Unlisted::Pass), ("false", Unlisted::Refuse), ("null", Unlisted::Auto)] {
            let policy: Policy = serde_json::from_str(&format!("{{\"unlisted_pass\":{kept}}}")).unwrap();
            assert_eq!(policy.unlisted, unlisted, "{kept}");
            assert!(serde_json::to_string(&policy).unwrap().contains(&format!("\"unlisted_pass\":{kept}")));
        }
        assert!(Unlisted::Auto.passes(false) && !Unlisted::Auto.passes(true));
    }

    #[test]
    fn what_cannot_be_set_says_what_can() {
        let mut policy = Policy::default();
        for (key, value, says) in [
            ("unlistet", "pass", "unlisted"),
            ("unlisted", "maybe", "pass, refuse or auto"),
            ("reconnect-window", "-1", "0 (never) to 1440"),
            ("reconnect-window", "1441", "1440"),
            ("issuer", "a:b", "colon"),
            ("code-separator", "ab", "space"),
            ("code-separator", "1", "none"),
            ("methods", "totp,fax", "some of totp,sms,email,key"),
            ("methods", "", "some of"),
            ("last-method", "off", "remove or keep"),
            ("request-wait", "721", "0 to 720"),
            ("trusted-browsers", "91", "to 90"),
            ("trusted-browsers", "-1", "0 (nobody"),
            ("unusual-sign-in", "on", "off, learn or ask"),
        ] {
            let error = policy.set(key, value).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(policy, Policy::default());
    }

    #[test]
    fn names_are_plain() {
        for name in ["a", "example", "A-1_b.c", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", ".", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
