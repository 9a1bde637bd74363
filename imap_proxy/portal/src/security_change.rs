//! The pages related to the Security page: one for each change, and those that are shown once.

use maud::{Markup, html};
use postern_wire::auth::MAX_FIELD;

use super::challenge::name;
use super::field;
use super::layout::Sheet;
use super::security::{ChangeKind, ChangePage, ChangeProblem, Changing, NewAppPassword, OwnMethod};
use super::security_sheet::{app_name, codes_left, kind_and_hint};
use super::{Context, DESCRIPTION_LENGTH, fields, paths};
use postern_pages::{Language, Text};
use postern_wire::security::Removal;

pub(super) fn sheet(view: &ChangePage, language: Language, context: &Context<'_>) -> Sheet {
    let explained = |problem| html! { p { (explain(problem, language)) } };
    let problem = view.problem.filter(|problem| !is_of_password(*problem));
    let problem = problem.map(|problem| field::alert("change-problem", explained(problem)));
    let (title, content) = match &view.changing {
        Changing::Rename { method } => (Text::RenameTitle, rename(method, language)),
        Changing::RemoveMethod { method } => (Text::RemoveTitle, remove(method, language)),
        Changing::MakeCodes { replaces } => {
            let lead = if *replaces { Text::MakeCodesLead } else { Text::FirstCodesLead };
            let lead = html! { p.lead { (language.say(lead)) } };
            (Text::MakeCodesTitle, question(ChangeKind::MakeCodes, "", &lead, Text::MakeCodes, language))
        }
        Changing::DeleteCodes => {
            let lead = html! { p.lead { (language.say(Text::DeleteCodesLead)) } };
            (Text::DeleteCodesTitle, question(ChangeKind::DeleteCodes, "", &lead, Text::DeleteCodes, language))
        }
        Changing::CreateAppPassword { may: false, .. } => {
            let back = html! {
                p.lead { (language.say(Text::NoAppsNow)) }
                div.actions { a.button href=(paths::SECURITY) { (language.say(Text::BackToSecurity)) } }
            };
            (Text::CreateAppTitle, back)
        }
        Changing::CreateAppPassword { description, may: true, proven } => {
            (Text::CreateAppTitle, create(description, *proven, view.problem, language, context))
        }
        Changing::RevokeAppPassword(own) => {
            let lead = html! {
                p.method.by-app { (app_name(own)) }
                p.lead { (language.say(Text::RevokeLead)) }
            };
            (Text::RevokeTitle, question(ChangeKind::RevokeAppPassword, &own.id, &lead, Text::Revoke, language))
        }
        Changing::RemoveContact { address } => {
            let lead = html! {
                p.method.by-email { (address) }
                p.lead { (language.say(Text::RemoveContactLead)) }
            };
            (Text::RemoveContactTitle, question(ChangeKind::RemoveContact, "", &lead, Text::Remove, language))
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
        ChangeProblem::OnlyMethod => Text::OnlyMethod,
        ChangeProblem::WrongPassword => Text::AppWrongPassword,
        ChangeProblem::NotChecked => Text::AppNotChecked,
        ChangeProblem::Full => Text::AppsFull,
    })
}

fn hidden(kind: ChangeKind, which: &str) -> Markup {
    html! {
        input type="hidden" name=(fields::CHANGE) value=(kind.tag());
        @if !which.is_empty() { input type="hidden" name=(fields::WHICH) value=(which); }
    }
}

fn back(language: Language) -> Markup {
    html! { a.quiet.cancel href=(paths::SECURITY) { (language.say(Text::DoNothing)) } }
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
            (field::description(Text::RenameLabel, Text::DescriptionHint, &own.method.description, language))
            div.actions { button.main { (language.say(Text::Save)) } (back(language)) }
        }
    }
}

fn remove(own: &OwnMethod, language: Language) -> Markup {
    let lead = html! {
        (about(own, language))
        @match own.removal {
            Removal::Free => p.lead { (language.say(Text::RemoveLead)) },
            Removal::SwitchesOff => div.problem { p { (language.say(Text::RemoveLast)) } },
            Removal::Kept => p.lead { (language.say(Text::OnlyMethod)) },
        }
    };
    if own.removal != Removal::Kept {
        return question(ChangeKind::RemoveMethod, &own.method.id, &lead, Text::Remove, language);
    }
    html! {
        (lead)
        div.actions { a.button href=(paths::SECURITY) { (language.say(Text::BackToSecurity)) } }
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
        p.lead { (language.say(Text::CreateAppLead)) }
        form method="post" action=(paths::SECURITY_CHANGE) {
            (hidden(ChangeKind::CreateAppPassword, ""))
            div.field {
                label for="description" { (language.say(Text::AppLabel)) }
                input #description name=(fields::DESCRIPTION) type="text" value=(description) required
                    autofocus[is_first] maxlength=(DESCRIPTION_LENGTH) autocomplete="off"
                    aria-describedby="description-hint";
                p.hint #description-hint { (language.say(Text::AppLabelHint)) }
            }
            @if proven {
                // Tells a password manager which account the password belongs to.
                input type="hidden" name="username" value=(context.mailbox.unwrap_or_default()) autocomplete="username";
                div.field {
                    label for="password" { (language.say(Text::PasswordLabel)) }
                    (field::attempt("password-problem", explained, &password))
                    p.hint #password-hint { (language.say(Text::PasswordHint)) }
                }
            }
            @let go_on = if proven { Text::CreateApp } else { Text::GoFurther };
            div.actions { button.main { (language.say(go_on)) } (back(language)) }
        }
    }
}

/// The new app password, shown once.
pub(super) fn app_password_sheet(view: &NewAppPassword, language: Language, context: &Context<'_>) -> Sheet {
    let mailbox = html! { strong { (context.mailbox.unwrap_or_default()) } };
    let content = html! {
        @if !view.description.is_empty() { p.method.by-app { (view.description) } }
        p.lead { (language.say(Text::NewAppLead)) }
        ul.new-secret #app-password aria-label=(language.say(Text::AppsTitle)) {
            li { code { (view.app_password.expose()) } }
        }
        div.keep {
            button type="button" data-copy="app-password" data-copied=(language.say(Text::Copied)) hidden {
                (language.say(Text::Copy))
            }
            span.visually-hidden #copied role="status" {}
        }
        p.notice { (language.say(Text::NewAppOnce)) }
        p { (language.fill(Text::NewAppName, &[("mailbox", &mailbox)])) }
        p.hint { (language.say(Text::NewAppServers)) }
        form method="post" action=(paths::APP_PASSWORD) {
            div.actions { button.main { (language.say(Text::Finish)) } }
        }
    };
    Sheet { title: Text::NewAppTitle, failed: false, wide: false, content }
}

/// Shown after a sign-in with a backup code, when few are left.
pub(super) fn few_codes_sheet(left: u32, language: Language) -> Sheet {
    let content = html! {
        div.problem { p { (codes_left(left, language)) } }
        p.lead { (language.say(Text::FewCodesLead)) }
        form method="post" action=(paths::SAVED) {
            div.actions {
                a.button href=(paths::SECURITY) { (language.say(Text::OpenSecurity)) }
                button.quiet { (language.say(Text::GoOn)) }
            }
        }
    };
    Sheet { title: Text::FewCodesTitle, failed: false, wide: false, content }
}

/// For a user who has signed in without a second factor because this browser is trusted.
pub(super) fn prove_first_sheet(language: Language) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::ProveFirstLead)) }
        p { (language.say(Text::ProveFirstHow)) }
        form method="post" action=(paths::SECURITY) {
            div.actions {
                button.main { (language.say(Text::GoFurther)) }
                a.quiet href=(paths::HOME) { (language.say(Text::BackToMail)) }
            }
        }
    };
    Sheet { title: Text::SecurityTitle, failed: false, wide: false, content }
}

/// For a user who has signed in without a second factor.
pub(super) fn off_sheet(language: Language) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::OffLead)) }
        p { (language.say(Text::OffHow)) }
        p { (language.say(Text::OffPaused)) }
        div.actions { a.button href=(paths::HOME) { (language.say(Text::BackToMail)) } }
    };
    Sheet { title: Text::SecurityTitle, failed: false, wide: false, content }
}
