//! The effect of a module's return value in libpam (pam.conf(5), "control"; `_pam_parse_control` of Linux-PAM 1.5).

use std::collections::BTreeMap;

/// Every return value, in the order in which libpam compares them.
const VALUES: [&str; 32] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];
/// The return value of a line that libpam cannot parse (`PAM_MUST_FAIL_CODE`).
pub(crate) const MUST_FAIL: &str = "perm_denied";

/// The action for a return value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The value is ignored.
    Ignore,
    /// The value counts.
    Ok,
    /// The value counts, and the stack ends unless an earlier module failed.
    Done,
    /// The stack fails, but continues.
    Bad,
    /// The stack fails and ends.
    Die,
    /// Earlier results are dropped, back to the start of the substack.
    Reset,
    /// This many modules are skipped.
    Jump(usize),
}

/// The action for each return value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Control {
    named: BTreeMap<&'static str, Action>,
    others: Action,
}

impl Control {
    /// Every return value fails the stack.
    pub(crate) fn bad() -> Self {
        Self { named: BTreeMap::new(), others: Action::Bad }
    }

    fn of(named: &[(&'static str, Action)], others: Action) -> Self {
        Self { named: named.iter().copied().collect(), others }
    }

    /// The action if the module returns `value`, such as `success`.
    pub(crate) fn on(&self, value: &str) -> Action {
        self.named.get(value).copied().unwrap_or(self.others)
    }
}

/// Parses a control; `None` if libpam cannot, which then treats it as one that fails for every value.
pub(crate) fn read(text: &str) -> Option<Control> {
    let passes = |action| [("success", action), ("new_authtok_reqd", action)];
    let strict = [passes(Action::Ok).as_slice(), &[("ignore", Action::Ignore)]].concat();
    match text.to_ascii_lowercase().as_str() {
        "required" => Some(Control::of(&strict, Action::Bad)),
        "requisite" => Some(Control::of(&strict, Action::Die)),
        "sufficient" => Some(Control::of(&passes(Action::Done), Action::Ignore)),
        "optional" => Some(Control::of(&passes(Action::Ok), Action::Ignore)),
        _ => pairs(text),
    }
}

/// Parses `value=action value=action …`, in which `default` is for the values that were not named before it.
fn pairs(text: &str) -> Option<Control> {
    let (mut named, mut rest) = (BTreeMap::new(), text.trim_start());
    while !rest.is_empty() {
        let value = VALUES.iter().copied().chain(["default"]).find(|value| rest.starts_with(value))?;
        rest = rest[value.len()..].trim_start().strip_prefix('=')?.trim_start();
        let (action, behind) = action(rest)?;
        rest = behind.trim_start();
        if value == "default" {
            for value in VALUES {
                named.entry(value).or_insert(action);
            }
        } else {
            named.insert(value, action);
        }
    }
    Some(Control { named, others: Action::Bad })
}

/// Parses the action at the start of `text`; returns it and the rest.
fn action(text: &str) -> Option<(Action, &str)> {
    let words = [
        ("ignore", Action::Ignore),
        ("ok", Action::Ok),
        ("done", Action::Done),
        ("bad", Action::Bad),
        ("die", Action::Die),
        ("reset", Action::Reset),
    ];
    if let Some((word, action)) = words.into_iter().find(|(word, _)| text.starts_with(word)) {
        return Some((action, &text[word.len()..]));
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let count = text[..end].parse().ok().filter(|count| *count > 0)?;
    Some((Action::Jump(count), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_read_as_libpam_reads_it() {
        let on = |text: &str, value: &str| read(text).map(|control| control.on(value));
        for (text, value, action) in [
            ("REQUIRED", "ignore", Action::Ignore),
            ("optional", "ignore", Action::Ignore),
            ("sufficient", "new_authtok_reqd", Action::Done),
            (" success = 2 default=die ", "success", Action::Jump(2)),
            ("success=2 default=die", "auth_err", Action::Die),
            ("default=die success=ok", "success", Action::Ok),
            ("success=ok", "auth_err", Action::Bad),
            ("success=okdefault=ignore", "auth_err", Action::Ignore),
            ("", "success", Action::Bad),
        ] {
            assert_eq!(on(text, value), Some(action), "{text}");
        }
        for text in ["Success=ok", "success=0", "success", "success=", "=ok", "ok", "success=okay", "default=-1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_value_has_one_name() {
        for (at, value) in VALUES.iter().enumerate() {
            assert!(VALUES[..at].iter().all(|earlier| !value.starts_with(earlier)), "{value}");
        }
    }
}
