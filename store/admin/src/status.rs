//! `postern status`.

use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean, clean_line};
use postern_wire::admin::{Empty, State, Status};
use postern_wire::methods::admin_method as m;

/// `postern status`.
pub(crate) fn status(context: &mut CommandContext) -> Result<Exit, Failure> {
    let status: Status = context.daemon()?.call::<m::Status>(&Empty {})?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&status)?;
        return Ok(Exit::Done);
    }
    let running = screen.tint(Tint::Strong, &format!("posternd {}", clean_line(&status.version)));
    screen.line(&format!("{running}, running since {}", screen.calendar.show(&status.started)))?;
    screen.line("")?;
    let store = format!("{} in {}", clean_line(&status.engine), clean_line(&status.path));
    screen.field("Store", &format!("{store}, {}", answers(screen, &status.trouble)))?;
    screen.field("Master key", &format!("id {}", status.key_id))?;
    let export = status.last_export.as_deref().map_or("none yet".to_owned(), |time| screen.calendar.show(time));
    screen.field("Daily export", &export)?;
    screen.field("Accounts", &accounts(screen, &status))?;
    screen.line("")?;
    crate::platform::print_all(screen, &status.platforms)?;
    Ok(Exit::Done)
}

fn answers(screen: &Screen, trouble: &str) -> String {
    match trouble {
        "" => screen.tint(Tint::Good, "answers"),
        trouble => screen.tint(Tint::Bad, &format!("in trouble: {}", clean(trouble))),
    }
}

fn accounts(screen: &Screen, status: &Status) -> String {
    let total: u64 = status.accounts.values().sum();
    let counts: Vec<_> = State::ALL
        .into_iter()
        .filter_map(|state| {
            let count = status.accounts.get(&state.to_string()).copied().filter(|count| *count > 0)?;
            Some(screen.tint(Tint::of(state), &format!("{count} {state}")))
        })
        .collect();
    if counts.is_empty() { total.to_string() } else { format!("{total}: {}", counts.join(", ")) }
}
