//! `postern key`: the master key, under which everything at rest is sealed.

use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{plain, table};
use clap::Subcommand;
use postern_wire::admin::{Empty, Keys};
use postern_wire::methods::admin_method as m;

const ROTATE_HELP: &str = "\
Sign-ins go on. From now on the new key seals, and what is sealed under older ones is sealed anew in the background; \
`postern key list` shows how far that is.

The key file keeps its older keys: exports that were made before need them. Copy it again to where its copy is kept.";

/// What can be done to the master key.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The master keys, and how many records are sealed under each
    List,
    /// Make a new one, and seal everything under it
    #[command(after_help = ROTATE_HELP)]
    Rotate,
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let mut daemon = context.daemon()?;
        let (keys, is_new) = match self {
            Self::List => (daemon.call::<m::ListKeys>(&Empty {})?, false),
            Self::Rotate => (daemon.call::<m::RotateKey>(&Empty {})?, true),
        };
        let screen = &mut context.screen;
        if screen.json {
            screen.json(&keys)?;
            return Ok(Exit::Done);
        }
        if is_new {
            screen.line(&format!("Master key {} seals from now on. Keep a copy of the key file.", keys.active))?;
            screen.line("")?;
        }
        print(screen, &keys)?;
        Ok(Exit::Done)
    }
}

fn print(screen: &mut Screen, keys: &Keys) -> Result<(), Failure> {
    let mut table = table(&["KEY", "RECORDS", ""]);
    for key in &keys.keys {
        let note = match (key.id == keys.active, key.records) {
            (true, _) => "seals",
            (false, 0) => "only exports of before may need it",
            (false, _) => "being replaced",
        };
        table.add_row([plain(&key.id.to_string()), plain(&key.records.to_string()), plain(note)]);
    }
    screen.table(table)
}
