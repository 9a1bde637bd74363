//! Asking for a code: of the app, or of the backup list; and the methods to choose from.

use maud::{Markup, html};

use super::field::{self, APP_TEXTS, BACKUP_TEXTS, CodeField, KEY_TEXTS};
use super::layout::Sheet;
use super::text::Text;
use super::{
    Challenge, ChallengeBackup, ChooseMethod, Context, Language, Method, MethodKind, Problem, Trust, fields, paths,
};

pub(super) fn sheet(view: &Challenge, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::CodeLabel, texts: APP_TEXTS, digits: true, is_step: false };
    let content = html! {
        p.lead { (language.say(lead(Text::ChallengeLead, context))) }
        (method(&view.method, language))
        @let fields = html! { (code.render(view.problem, language, context)) (field::trust(view.trust, language)) };
        (question(paths::CODE, &fields, view.problem, (view.others, view.trust), language, context))
    };
    Sheet { title: Text::ChallengeTitle, failed: view.problem.is_some(), wide: false, content }
}

pub(super) fn backup_sheet(view: &ChallengeBackup, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::BackupLabel, texts: BACKUP_TEXTS, digits: false, is_step: false };
    let content = html! {
        p.lead { (language.say(lead(Text::BackupLead, context))) }
        @let fields = html! { (code.render(view.problem, language, context)) (field::trust(view.trust, language)) };
        (question(paths::BACKUP_CODE, &fields, view.problem, (view.others, view.trust), language, context))
    };
    Sheet { title: Text::BackupTitle, failed: view.problem.is_some(), wide: false, content }
}

/// The form around a code field, with the ways out of it.
fn question(
    path: &str,
    fields: &Markup,
    problem: Option<Problem>,
    (others, trust): (bool, Option<Trust>),
    language: Language,
    context: &Context<'_>,
) -> Markup {
    html! {
        form method="post" action=(path) {
            (fields)
            div.actions {
                (field::send(go_on(context), problem, language, context))
                (ways_out(others, trust, language, context))
            }
        }
        (field::cancel_form())
    }
}

/// What the page is for: at a sign-in this, else to confirm what is to be changed.
pub(super) fn lead(at_sign_in: Text, context: &Context<'_>) -> Text {
    if context.signed_in { Text::ProveLead } else { at_sign_in }
}

/// What its button does.
pub(super) fn go_on(context: &Context<'_>) -> Text {
    if context.signed_in { Text::ConfirmIt } else { Text::SignIn }
}

/// The ways out of a page that asks for one method; the page has a [`field::cancel_form`]. Where they stand in a form with
/// an offer to trust the browser, they take along whether it is ticked.
pub(super) fn ways_out(others: bool, trust: Option<Trust>, language: Language, context: &Context<'_>) -> Markup {
    html! {
        @if others && trust.is_some() {
            button.quiet formaction=(paths::METHODS) formnovalidate { (language.say(Text::TryAnother)) }
        } @else if others {
            a.quiet href=(paths::METHODS) { (language.say(Text::TryAnother)) }
        } @else if !context.signed_in {
            a.quiet href=(paths::LOST) { (language.say(Text::LostEverything)) }
        }
        (field::cancel(language, context))
    }
}

/// The method that the page is about.
pub(super) fn method(method: &Method, language: Language) -> Markup {
    html! { p.method.{ "by-" (method.kind.tag()) } { (name(method, language)) } }
}

pub(super) fn methods_sheet(view: &ChooseMethod, language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        @if let Some(problem) = view.problem {
            (field::alert("methods-problem", KEY_TEXTS.explain(problem, language, context)))
        }
        p.lead { (language.say(Text::MethodsLead)) }
        form method="post" action=(paths::METHODS) {
            ul.methods {
                @for method in &view.methods {
                    li {
                        button name=(fields::METHOD) value=(method.id) {
                            strong { (name(method, language)) }
                            " "
                            span.hint { (hint(method, language)) }
                        }
                    }
                }
                @if !context.signed_in {
                    li {
                        a href=(paths::LOST) {
                            strong { (language.say(Text::LostEverything)) }
                            " "
                            span.hint { (language.say(Text::LostHint)) }
                        }
                    }
                }
            }
        }
        div.actions {
            @if let Some(left) = view.left {
                @let path = if left == MethodKind::BackupCode { paths::BACKUP_CODE } else { paths::CODE };
                a.quiet href=(path) { (language.say(Text::Back)) }
            }
            (field::cancel(language, context))
        }
        (field::cancel_form())
    };
    Sheet { title: Text::MethodsTitle, failed: view.problem.is_some(), wide: false, content }
}

/// What its owner calls the method, else what it is.
pub(super) fn name(method: &Method, language: Language) -> String {
    let kind = match method.kind {
        _ if !method.description.trim().is_empty() => return method.description.trim().to_owned(),
        MethodKind::Authenticator => Text::Authenticator,
        MethodKind::Sms => Text::Sms,
        MethodKind::Email => Text::Email,
        MethodKind::Key => Text::SecurityKey,
        MethodKind::BackupCode => Text::BackupCode,
        MethodKind::Contact => Text::ContactAddress,
    };
    language.say(kind)
}

/// What it is, and where its codes go.
pub(super) fn hint(method: &Method, language: Language) -> Markup {
    let text = match (method.kind, &method.hint) {
        (MethodKind::Sms, Some(to)) => return language.fill(Text::SmsTo, &[("to", to)]),
        (MethodKind::Email | MethodKind::Contact, Some(to)) => return language.fill(Text::EmailTo, &[("to", to)]),
        (MethodKind::Authenticator, _) => Text::AuthenticatorHint,
        (MethodKind::Sms, None) => Text::SmsHint,
        (MethodKind::Email | MethodKind::Contact, None) => Text::EmailHint,
        (MethodKind::Key, _) => Text::SecurityKeyHint,
        (MethodKind::BackupCode, _) => Text::BackupCodeHint,
    };
    html! { (language.say(text)) }
}
