//! Whether Unicode half blocks can be shown.

use std::ffi::OsString;

/// The variables that choose a character set, in order of precedence (locale(7)).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// Whether the process runs in a UTF-8 locale, by its environment. If no variable is set, the answer is yes: sshd
/// empties its environment at the start, and terminals use UTF-8 unless configured otherwise. libc (nl_langinfo) is
/// less useful, since few servers call setlocale.
pub(crate) fn is_utf8(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let chosen = VARIABLES.into_iter().filter_map(variable).find(|value| !value.is_empty());
    chosen.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_variable_that_is_set_decides() {
        for (environment, expected) in [
            (&[][..], true),
            (&[("LANG", "C.UTF-8")], true),
            (&[("LANG", "fr_FR.utf8")], true),
            (&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "C"), ("LC_ALL", ""), ("LC_CTYPE", "en_GB.UTF-8")], true),
            (&[("LANG", "POSIX")], false),
        ] {
            let variable = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            assert_eq!(is_utf8(variable), expected, "{environment:?}");
        }
    }
}
