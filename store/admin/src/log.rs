//! `postern log`: up to which level posternd writes lines to its log.

use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use crate::table::clean_line;
use clap::Subcommand;
use postern_wire::admin::{Empty, LogLevels, SetLog};
use postern_wire::methods::admin_method as m;

const SET_HELP: &str = "\
Levels are off, error, warn, info, debug and trace. They hold at once and until posternd starts \
again; what is to last stands in posternd.toml, [log] level. What is not named stays as it is. The \
lines of the audit log are always written.

Parts of posternd are audit (what happened to accounts), signin (who was refused), posternd and its \
modules, such as posternd::senders, and sled. fail2ban reads signin.

Examples:
  postern log set debug
  postern log set warn signin=info posternd::senders=debug";

/// What can be done about the levels.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The levels in force, and those of the start
    Show,
    /// Change them until posternd starts again
    #[command(after_help = SET_HELP)]
    Set {
        /// A level for everything, or PART=LEVEL for a part of posternd
        #[arg(required = true, value_name = "LEVEL|PART=LEVEL")]
        levels: Vec<String>,
    },
    /// Bring back those of the start
    Reset,
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let mut daemon = context.daemon()?;
        let levels: LogLevels = match self {
            Self::Show => daemon.call::<m::ShowLog>(&Empty {})?,
            Self::Set { levels } => daemon.call::<m::SetLog>(&SetLog { levels: levels.join(",") })?,
            Self::Reset => daemon.call::<m::ResetLog>(&Empty {})?,
        };
        let screen = &mut context.screen;
        if screen.json {
            screen.json(&levels)?;
            return Ok(Exit::Done);
        }
        screen.field("In force", &clean_line(&levels.levels))?;
        screen.field("At the start", &clean_line(&levels.at_start))?;
        Ok(Exit::Done)
    }
}
