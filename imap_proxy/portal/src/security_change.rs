//! The pages related to the Security page: one for each change, and those that are shown once.

use maud::{Markup, html};
use postern_wire::auth::MAX_FIELD;

use super::challenge::name;
use super::field;
use super::security::{ChangeKind, ChangePage, ChangeProblem, Changing, NewAppPassword, OwnMethod};
use super::security_sheet::{app_name, codes_left, kind_and_hint};
use super::{Context, DESCRIPTION_LENGTH, fields, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, forms};
use postern_wire::security::Removal;

pub(super) fn sheet(view: &ChangePage, language: Language, context: &Context<'_>) -> Sheet {
    let explained = |problem| html! { p { (explain(problem, language)) } };
    let problem = view.problem.filter(|problem| !is_of_password(*problem));
    let problem = problem.map(|problem| forms::alert("change-problem", explained(problem)));
    let (title, content) = match &view.changing {
        Changing::Rename { method } => (Text::RENAME_TITLE, rename(method, language)),
        Changing::RemoveMethod { method } => (Text::REMOVE_TITLE, remove(method, language)),
        Changing::MakeCodes { replaces } => {
            let lead = if *replaces { Text::MAKE_CODES_LEAD } else { Text::FIRST_CODES_LEAD };
            let lead = html! { p.lead { (language.say(lead)) } };
            (Text::MAKE_CODES_TITLE, question(ChangeKind::MakeCodes, "", &lead, Text::MAKE_CODES, language))
        }
        Changing::DeleteCodes => {
            let lead = html! { p.lead { (language.say(Text::DELETE_CODES_LEAD)) } };
            (Text::DELETE_CODES_TITLE, question(ChangeKind::DeleteCodes, "", &lead, Text::DELETE_CODES, language))
        }
        Changing::CreateAppPassword { may: false, .. } => {
            let back = html! {
                p.lead { (language.say(Text::NO_APPS_NOW)) }
                div.actions { a.button href=(paths::SECURITY) { (language.say(Text::BACK_TO_SECURITY)) } }
            };
            (Text::CREATE_APP_TITLE, back)
        }
        Changing::CreateAppPassword { description, may: true, proven } => {
            (Text::CREATE_APP_TITLE, create(description, *proven, view.problem, language, context))
        }
        Changing::RevokeAppPassword(own) => {
            let lead = html! {
                p.method.by-app { (app_name(own)) }
                p.lead { (language.say(Text::REVOKE_LEAD)) }
            };
            (Text::REVOKE_TITLE, question(ChangeKind::RevokeAppPassword, &own.id, &lead, Text::REVOKE, language))
        }
        Changing::RemoveContact { address } => {
            let lead = html! {
                p.method.by-email { (address) }
                p.lead { (language.say(Text::REMOVE_CONTACT_LEAD)) }
            };
            (Text::REMOVE_CONTACT_TITLE, question(ChangeKind::RemoveContact, "", &lead, Text::REMOVE, language))
        }
    };
    let content = html! { @if let Some(problem) = problem { (problem) } (content) };
    Sheet { title, failed: view.problem.is_some(), wide: false, content }
}

/// Whether the problem is shown at the password field.
fn is_of_password(problem: ChangeProblem) -> bool {
    matches!(problem, ChangeProblem::WrongPassword | ChangeProblem::NotChecked)
}

fn explain(problem: ChangeProblem, language: Language) -> String {
    language.say(match problem {
        ChangeProblem::OnlyMethod => Text::ONLY_METHOD,
        ChangeProblem::WrongPassword => Text::APP_WRONG_PASSWORD,
        ChangeProblem::NotChecked => Text::APP_NOT_CHECKED,
        ChangeProblem::Full => Text::APPS_FULL,
    })
}

fn hidden(kind: ChangeKind, which: &str) -> Markup {
    html! {
        input type="hidden" name=(fields::CHANGE) value=(kind.tag());
        @if !which.is_empty() { input type="hidden" name=(fields::WHICH) value=(which); }
    }
}

fn back(language: Language) -> Markup {
    html! { a.quiet.cancel href=(paths::SECURITY) { (language.say(Text::DO_NOTHING)) } }
}

/// Asks the user to confirm a change.
fn question(kind: ChangeKind, which: &str, lead: &Markup, button: Text, language: Language) -> Markup {
    html! {
        (lead)
        form method="post" action=(paths::SECURITY_CHANGE) {
            (hidden(kind, which))
            div.actions {
                button.main.grave[kind != ChangeKind::MakeCodes] { (language.say(button)) }
                (back(language))
            }
        }
    }
}

/// Shows the method that the page refers to.
fn about(own: &OwnMethod, language: Language) -> Markup {
    html! {
        p.method.{ "by-" (own.method.kind.tag()) } { (name(&own.method, language)) }
        p.hint { (kind_and_hint(own, language)) }
    }
}

fn rename(own: &OwnMethod, language: Language) -> Markup {
    html! {
        (about(own, language))
        form method="post" action=(paths::SECURITY_CHANGE) {
            (hidden(ChangeKind::Rename, &own.method.id))
            (field::description(Text::RENAME_LABEL, Text::DESCRIPTION_HINT, &own.method.description, language))
            div.actions { button.main { (language.say(Text::SAVE)) } (back(language)) }
        }
    }
}

fn remove(own: &OwnMethod, language: Language) -> Markup {
    let lead = html! {
        (about(own, language))
        @match own.removal {
            Removal::Free => p.lead { (language.say(Text::REMOVE_LEAD)) },
            Removal::SwitchesOff => div.problem { p { (language.say(Text::REMOVE_LAST)) } },
            Removal::Kept => p.lead { (language.say(Text::ONLY_METHOD)) },
        }
    };
    if own.removal != Removal::Kept {
        return question(ChangeKind::RemoveMethod, &own.method.id, &lead, Text::REMOVE, language);
    }
    html! {
        (lead)
        div.actions { a.button href=(paths::SECURITY) { (language.say(Text::BACK_TO_SECURITY)) } }
    }
}

fn create(
    description: &str,
    proven: bool,
    problem: Option<ChangeProblem>,
    language: Language,
    context: &Context<'_>,
) -> Markup {
    let problem = problem.filter(|problem| is_of_password(*problem));
    // The purpose was typed before the code was asked for.
    let is_first = !proven || description.is_empty() && problem.is_none();
    let described_by = if problem.is_some() { "password-problem password-hint" } else { "password-hint" };
    let password = html! {
        input #password name=(fields::PASSWORD) type="password" autocomplete="current-password" required
            autofocus[!is_first] maxlength=(MAX_FIELD) aria-describedby=(described_by)
            aria-invalid=[problem.map(|_| "true")];
    };
    let explained = problem.map(|problem| html! { p { (explain(problem, language)) } });
    html! {
        p.lead { (language.say(Text::CREATE_APP_LEAD)) }
        form method="post" action=(paths::SECURITY_CHANGE) {
            (hidden(ChangeKind::CreateAppPassword, ""))
            div.field {
                label for="description" { (language.say(Text::APP_LABEL)) }
                input #description name=(fields::DESCRIPTION) type="text" value=(description) required
                    autofocus[is_first] maxlength=(DESCRIPTION_LENGTH) autocomplete="off"
                    aria-describedby="description-hint";
                p.hint #description-hint { (language.say(Text::APP_LABEL_HINT)) }
            }
            @if proven {
                // Tells a password manager which account the password belongs to.
                input type="hidden" name="username" value=(context.mailbox.unwrap_or_default()) autocomplete="username";
                div.field {
                    label for="password" { (language.say(Text::PASSWORD_LABEL)) }
                    (forms::attempt("password-problem", explained, &password))
                    p.hint #password-hint { (language.say(Text::PASSWORD_HINT)) }
                }
            }
            @let go_on = if proven { Text::CREATE_APP } else { Text::GO_FURTHER };
            div.actions { button.main { (language.say(go_on)) } (back(language)) }
        }
    }
}

/// The new app password, shown once.
pub(super) fn app_password_sheet(view: &NewAppPassword, language: Language, context: &Context<'_>) -> Sheet {
    let mailbox = html! { strong { (context.mailbox.unwrap_or_default()) } };
    let content = html! {
        @if !view.description.is_empty() { p.method.by-app { (view.description) } }
        p.lead { (language.say(Text::NEW_APP_LEAD)) }
        ul.new-secret #app-password aria-label=(language.say(Text::APPS_TITLE)) {
            li { code { (view.app_password.reveal()) } }
        }
        div.keep {
            button type="button" data-copy="app-password" data-copied=(language.say(Text::COPIED)) hidden {
                (language.say(Text::COPY))
            }
            span.visually-hidden #copied role="status" {}
        }
        p.notice { (language.say(Text::NEW_APP_ONCE)) }
        p { (language.fill(Text::NEW_APP_NAME, &[("mailbox", &mailbox)])) }
        p.hint { (language.say(Text::NEW_APP_SERVERS)) }
        form method="post" action=(paths::APP_PASSWORD) {
            div.actions { button.main { (language.say(Text::FINISH)) } }
        }
    };
    Sheet { title: Text::NEW_APP_TITLE, failed: false, wide: false, content }
}

/// Shown after a sign-in with a backup code, when few are left.
pub(super) fn few_codes_sheet(left: u32, language: Language) -> Sheet {
    let content = html! {
        div.problem { p { (codes_left(left, language)) } }
        p.lead { (language.say(Text::FEW_CODES_LEAD)) }
        form method="post" action=(paths::SAVED) {
            div.actions {
                a.button href=(paths::SECURITY) { (language.say(Text::OPEN_SECURITY)) }
                button.quiet { (language.say(Text::GO_ON)) }
            }
        }
    };
    Sheet { title: Text::FEW_CODES_TITLE, failed: false, wide: false, content }
}

/// For a user who has signed in without a second factor because this browser is trusted.
pub(super) fn prove_first_sheet(language: Language) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::PROVE_FIRST_LEAD)) }
        p { (language.say(Text::PROVE_FIRST_HOW)) }
        form method="post" action=(paths::SECURITY) {
            div.actions {
                button.main { (language.say(Text::GO_FURTHER)) }
                a.quiet href=(paths::HOME) { (language.say(Text::BACK_TO_MAIL)) }
            }
        }
    };
    Sheet { title: Text::SECURITY_TITLE, failed: false, wide: false, content }
}

/// For a user who has signed in without a second factor.
pub(super) fn off_sheet(language: Language) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::OFF_LEAD)) }
        p { (language.say(Text::OFF_HOW)) }
        p { (language.say(Text::OFF_PAUSED)) }
        div.actions { a.button href=(paths::HOME) { (language.say(Text::BACK_TO_MAIL)) } }
    };
    Sheet { title: Text::SECURITY_TITLE, failed: false, wide: false, content }
}
