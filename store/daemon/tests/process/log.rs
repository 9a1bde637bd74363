//! The log: its levels change while posternd runs, and the journal follows them.

use crate::home::{Home, Plan, Running};
use crate::people::ALICE;
use crate::wait_until;
use postern_wire::admin::{Action, Empty, LogLevels, SetLog};
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

/// Timeout for a line to be in the file.
const PATIENCE: Duration = Duration::from_secs(30);

impl Running<'_> {
    fn set_log(&self, levels: &str) -> Result<LogLevels, String> {
        let set = self.order("SetLog", &SetLog { levels: levels.to_owned() });
        set.map_err(|refused| refused.message)
    }

    /// Causes a refused sign-in and an administrator's change; returns which of the two are in the log.
    fn told(&self) -> (bool, bool) {
        let before = self.home.log().len();
        let _ = self.ask("no name at all");
        self.enable(ALICE);
        self.change(ALICE, Action::Remove).unwrap();
        let since = || self.home.log()[before..].to_owned();
        wait_until("the audit log", PATIENCE, || since().contains("action=remove"));
        (since().contains("signin: refused"), since().contains("action=enable"))
    }
}

#[test]
fn levels_change_at_once_and_the_audit_log_stays() {
    let home = Home::new(Plan { log: "info,sled=warn", ..Plan::default() });
    let posternd = home.start_with_platform();
    assert_eq!(posternd.told(), (true, true));
    for levels in ["off", "error", "info,signin=off", "warn"] {
        posternd.order::<LogLevels>("ResetLog", &Empty {}).unwrap();
        posternd.set_log(levels).unwrap();
        assert_eq!(posternd.told(), (false, true), "{levels}");
    }
    let shown = posternd.set_log("signin=info").unwrap();
    assert_eq!((&*shown.levels, &*shown.at_start), ("warn,signin=info,sled=warn", "info,sled=warn"));
    assert_eq!(posternd.told(), (true, true), "what is said is put over what holds");
    for (levels, why) in [("loud", "`loud` is no log level"), ("audit=off", "always written"), ("", "no log level")] {
        let refused = posternd.set_log(levels).unwrap_err();
        assert!(refused.contains(why) && refused.contains("Nothing has changed"), "{refused}");
    }
    assert_eq!(posternd.order::<LogLevels>("ShowLog", &Empty {}).unwrap(), shown);
    let reset: LogLevels = posternd.order("ResetLog", &Empty {}).unwrap();
    assert_eq!(reset.levels, "info,sled=warn");
    // The audit log has the actor of the change, and the process was not restarted.
    assert!(home.log().contains("action=set log levels") && home.log().contains("action=reset log levels"));
    assert_eq!(home.log().matches("is ready").count(), 1);
    posternd.stop();
}

#[test]
fn the_configuration_says_the_levels_of_the_start_unless_the_environment_does() {
    let home = Home::new(Plan { log: "info", ..Plan::default() });
    let path = home.path("posternd.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("[log]\nlevel = \"warn,signin=info\"\n{config}")).unwrap();
    let without = ["env", "--unset=POSTERN_LOG", env!("CARGO_BIN_EXE_posternd")];
    for (words, levels) in [(&without[..], "warn,signin=info,sled=warn"), (&without[2..], "info,sled=warn")] {
        let mut posternd = home.spawn(words);
        assert!(matches!(posternd.ready_within(PATIENCE), Some(Ok(()))), "{}", home.log());
        let shown: LogLevels = posternd.order("ShowLog", &Empty {}).unwrap();
        assert_eq!((&*shown.levels, &*shown.at_start), (levels, levels));
        posternd.stop();
    }
    let wrong = ["env", "POSTERN_LOG=info,loud", env!("CARGO_BIN_EXE_posternd")];
    assert!(matches!(home.spawn(&wrong).ready_within(PATIENCE), Some(Err(_))));
    assert!(home.log().contains("POSTERN_LOG: `loud` is no log level"), "{}", home.log());
}

#[test]
fn the_journal_is_told_how_grave_a_line_is() {
    let home = Home::new(Plan { log: "info", ..Plan::default() });
    let path = home.path("posternd.log");
    std::fs::write(&path, "").unwrap();
    let about = std::fs::metadata(&path).unwrap();
    let stream = format!("{}:{}", about.dev(), about.ino());
    for (stream, first) in [
        (stream.as_str(), "<6> INFO posternd::serve::run: posternd "),
        ("8:1", " INFO posternd::serve::run: posternd "),
    ] {
        let before = home.log().len();
        let variable = format!("JOURNAL_STREAM={stream}");
        let mut posternd = home.spawn(&["env", &variable, env!("CARGO_BIN_EXE_posternd")]);
        assert!(matches!(posternd.ready_within(PATIENCE), Some(Ok(()))), "{}", home.log());
        let said = home.log()[before..].to_owned();
        assert!(said.lines().any(|line| line.starts_with(first)), "{first} is not in\n{said}");
        posternd.stop();
    }
}
