//! The current release: the version of the workspace, and its date, from the packages' changelog.

use std::fs;

use jiff::fmt::rfc2822;
use postern_tests::binaries::workspace;
use postern_tests::{During, Error, Result};

/// The manual that every page belongs to: it is in their footers.
pub(crate) const MANUAL: &str = "Postern";

/// A version and its date.
#[derive(Debug)]
pub(crate) struct Release {
    /// As in `Cargo.toml`.
    pub(crate) version: String,
    /// `2026-11-22`.
    pub(crate) date: String,
}

impl Release {
    /// The newest entry of `packaging/debian/changelog`.
    ///
    /// # Errors
    /// If it is not the entry of the workspace's version.
    pub(crate) fn read() -> Result<Release> {
        let path = workspace().join("packaging/debian/changelog");
        let text = fs::read_to_string(&path).during(path.display())?;
        Self::parse(&text).map_err(|why| Error::new(format!("{}: {why}", path.display())))
    }

    fn parse(text: &str) -> std::result::Result<Release, String> {
        let head = text.lines().next().unwrap_or_default();
        let version = head.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(version, _)| version);
        let revised = version.ok_or("its first line has no (version)")?;
        let version = revised.split_once('-').map_or(revised, |(version, _)| version);
        let ours = env!("CARGO_PKG_VERSION");
        if version != ours {
            return Err(format!("its newest entry is {version}, but the workspace is {ours}; write one for it"));
        }
        let signed = text.lines().find_map(|line| line.strip_prefix(" -- ")?.split_once("  ")).map(|(_, date)| date);
        let signed = signed.ok_or("its newest entry has no line ` -- NAME <ADDRESS>  DATE`")?;
        let date = rfc2822::parse(signed).map_err(|why| format!("{signed:?} is no date: {why}"))?;
        Ok(Release { version: version.to_owned(), date: date.date().to_string() })
    }

    /// `Postern 0.1.0`.
    pub(crate) fn name(&self) -> String {
        format!("Postern {}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_of_another_version_is_refused() {
        let entry = |version: &str, date: &str| {
            format!("postern ({version}-2) unstable; urgency=medium\n\n  * All.\n\n -- A <a@example.com>  {date}\n")
        };
        let (ours, date) = (env!("CARGO_PKG_VERSION"), "Sun, 22 Nov 2026 10:00:00 +0000");
        assert_eq!(Release::parse(&entry(ours, date)).unwrap().date, "2026-11-22");
        assert!(Release::parse(&entry("99.0", date)).unwrap_err().contains("the workspace is"));
        assert!(Release::parse(&entry(ours, "today")).unwrap_err().contains("is no date"));
        assert!(Release::parse("").is_err());
        Release::read().unwrap();
    }
}
