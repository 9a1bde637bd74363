//! add, enable, suspend, resume, reset, remove, unlock: changes one account after the other, and shows the results.

use super::choose::Chosen;
use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, progress};
use crate::table::{Tint, clean, clean_line, plain, table};
use postern_wire::Secret;
use postern_wire::admin::{Account, Action, ChangeAccount, Changed, Refused, State};
use postern_wire::methods::admin_method as m;
use serde::Serialize;

/// The results of all changes; printed with `--json`.
#[derive(Serialize)]
struct Report {
    action: Action,
    dry_run: bool,
    done: usize,
    unchanged: usize,
    refused: usize,
    results: Vec<Outcome>,
}

/// The result for one account.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Done {
        mailbox: String,
        before: Option<State>,
        state: State,
        until: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        enrolment_code: Option<Secret>,
    },
    Unchanged {
        mailbox: String,
        state: State,
        until: Option<String>,
    },
    Refused {
        mailbox: String,
        reason: String,
        message: String,
    },
}

impl Outcome {
    fn of(asked: &str, result: Result<Changed, Refused>) -> Self {
        match result {
            Ok(Changed { before, after: Account { mailbox, state, until, .. }, changed: true, enrolment_code }) => {
                Self::Done { mailbox, before, state, until, enrolment_code }
            }
            Ok(Changed { after: Account { mailbox, state, until, .. }, changed: false, .. }) => {
                Self::Unchanged { mailbox, state, until }
            }
            Err(Refused { reason, message }) => Self::Refused { mailbox: asked.to_owned(), reason, message },
        }
    }
}

impl Report {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Done { .. } => self.done += 1,
            Outcome::Unchanged { .. } => self.unchanged += 1,
            Outcome::Refused { .. } => self.refused += 1,
        }
        self.results.push(outcome);
    }
}

/// The change for each account.
#[derive(Clone, Copy)]
pub(super) struct Order {
    action: Action,
    /// The hours of a suspension.
    hours: Option<i64>,
    /// Whether to make an enrolment code, which is required before the first method is set up.
    enrolment_code: bool,
}

impl Order {
    /// An order for this action.
    pub(super) fn to(action: Action) -> Self {
        Self { action, hours: None, enrolment_code: false }
    }

    /// An order to suspend for this many hours.
    pub(super) fn suspend(hours: i64) -> Self {
        Self { hours: Some(hours), ..Self::to(Action::Suspend) }
    }

    /// An order to enable.
    pub(super) fn enable(enrolment_code: bool) -> Self {
        Self { enrolment_code, ..Self::to(Action::Enable) }
    }
}

/// Applies the order to all chosen accounts. A refusal does not stop the others; a lost connection does.
pub(super) fn run(context: &mut CommandContext, chosen: &Chosen, order: Order) -> Result<Exit, Failure> {
    let Order { action, hours, enrolment_code } = order;
    let mailboxes = chosen.mailboxes(context, verb(action))?;
    let mut daemon = context.daemon()?;
    let dry_run = chosen.dry_run;
    let mut report = Report { action, dry_run, done: 0, unchanged: 0, refused: 0, results: Vec::new() };
    let mut lost = None;
    let bar = progress(mailboxes.len() as u64, verb(action));
    for mailbox in &mailboxes {
        let parameters = ChangeAccount { mailbox: mailbox.clone(), action, hours, dry_run, enrolment_code };
        match daemon.call::<m::ChangeAccount>(&parameters) {
            Ok(changed) => report.add(Outcome::of(mailbox, Ok(changed))),
            Err(Failure::Refused(refused)) => report.add(Outcome::of(mailbox, Err(refused))),
            Err(failure) => {
                lost = Some(failure);
                break;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();

    let screen = &mut context.screen;
    match report.results.as_slice() {
        _ if screen.json => screen.json(&report)?,
        [Outcome::Refused { reason, message, .. }] if lost.is_none() => return Err(Failure::refused(reason, message)),
        [outcome] if mailboxes.len() == 1 => print_one(screen, action, dry_run, outcome)?,
        [] if lost.is_none() => screen.note("There are no accounts: nothing to do."),
        [] => {}
        _ => print_many(screen, &report)?,
    }
    if let Some(failure) = lost {
        if let (Some(mailbox), true) = (mailboxes.get(report.results.len()), mailboxes.len() > 1) {
            let left = mailboxes.len() - report.results.len();
            screen.note(&format!("Stopped at {}: {left} of {} are left.", clean_line(mailbox), mailboxes.len()));
        }
        return Err(failure);
    }
    Ok(if report.refused > 0 { Exit::Refused } else { Exit::Done })
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Add => "Add",
        Action::Enable => "Enable",
        Action::Suspend => "Suspend",
        Action::Resume => "Resume",
        Action::Reset => "Reset",
        Action::Remove => "Remove",
        Action::Unlock => "Unlock",
    }
}

fn print_one(screen: &mut Screen, action: Action, dry_run: bool, outcome: &Outcome) -> Result<(), Failure> {
    match outcome {
        Outcome::Done { mailbox, before, state, until, enrolment_code } => {
            let before = before.map_or("new".to_owned(), |before| screen.tint(Tint::of(before), &before.to_string()));
            let after = screen.tint(Tint::of(*state), &state_until(screen, *state, until.as_deref()));
            let would = if dry_run { " (dry run: nothing was changed)" } else { "" };
            screen.line(&format!("{}: {before} → {after}{would}", clean_line(mailbox)))?;
            if !dry_run {
                screen.line(&screen.tint(Tint::Faint, meaning(action, *state)))?
            }
            if let (Some(code), false) = (enrolment_code, dry_run) {
                screen.field("Enrolment code", &screen.tint(Tint::Strong, &clean_line(code.reveal())))?;
                let hint = "The person types it before the first method is set up. It is not shown again.";
                screen.line(&screen.tint(Tint::Faint, hint))?;
            }
            Ok(())
        }
        Outcome::Unchanged { mailbox, state, until } => {
            let state = screen.tint(Tint::of(*state), &state_until(screen, *state, until.as_deref()));
            screen.line(&format!("{}: {state} already, nothing to do", clean_line(mailbox)))
        }
        Outcome::Refused { .. } => Ok(()),
    }
}

/// What the new state means for the user.
fn meaning(action: Action, state: State) -> &'static str {
    match (action, state) {
        (_, State::Enrolling) => "The next webmail sign-in shows the QR code.",
        (_, State::Suspended) => "No code is asked until then. To end it early: postern account resume",
        (Action::Add, State::Off) => "It is listed, and signs in with its password alone.",
        (Action::Remove, State::Off) => "Its secrets are wiped; no code is asked.",
        (_, State::Off) => "No code is asked.",
        (_, State::Protected) => "A code is asked.",
        (_, State::Locked) => "No code is accepted. To end it: postern account unlock",
    }
}

fn print_many(screen: &mut Screen, report: &Report) -> Result<(), Failure> {
    let has_codes = |outcome: &Outcome| matches!(outcome, Outcome::Done { enrolment_code: Some(_), .. });
    let with_codes = !report.dry_run && report.results.iter().any(has_codes);
    let mut head = vec!["MAILBOX", "BEFORE", if report.dry_run { "WOULD BE" } else { "NOW" }];
    head.extend(with_codes.then_some("ENROLMENT CODE"));
    let mut changes = table(&head);
    for outcome in &report.results {
        if let Outcome::Done { mailbox, before, state, until, enrolment_code } = outcome {
            let before = before.map_or(plain("new"), |before| Tint::of(before).cell(&before.to_string()));
            let now = Tint::of(*state).cell(&state_until(screen, *state, until.as_deref()));
            let code = enrolment_code.as_ref().map_or("", |code| code.reveal());
            let mut row = vec![plain(&clean_line(mailbox)), before, now];
            row.extend(with_codes.then(|| plain(&clean_line(code))));
            changes.add_row(row);
        }
    }
    if report.done > 0 {
        screen.table(changes)?;
        screen.line("")?;
    }
    let mut refusals = table(&["REFUSED", "WHY"]);
    for outcome in &report.results {
        if let Outcome::Refused { mailbox, message, .. } = outcome {
            refusals.add_row([Tint::Bad.cell(&clean_line(mailbox)), plain(&clean(message))]);
        }
    }
    if report.refused > 0 {
        screen.table(refusals)?;
        screen.line("")?;
    }
    let counts = [
        (Tint::Good, report.done, "done"),
        (Tint::Faint, report.unchanged, "unchanged"),
        (if report.refused > 0 { Tint::Bad } else { Tint::Faint }, report.refused, "refused"),
    ];
    let counts = counts.map(|(tint, count, what)| screen.tint(tint, &format!("{count} {what}"))).join(", ");
    let would = if report.dry_run { "Dry run, nothing was changed. It would be: " } else { "" };
    screen.line(&format!("{would}{counts}"))
}

/// Formats a state with its end: `suspended until 2026-11-22 01:10 (in 58 min)`.
pub(super) fn state_until(screen: &Screen, state: State, until: Option<&str>) -> String {
    match until {
        Some(until) => format!("{state} until {}", screen.calendar.show(until)),
        None => state.to_string(),
    }
}
