//! Asking for a code: of the app, or of the backup list; and the methods to choose from.

use maud::{Markup, html};

use super::field::{self, APP_TEXTS, BACKUP_TEXTS, CodeField};
use super::layout::Sheet;
use super::text::Text;
use super::{Challenge, ChallengeBackup, ChooseMethod, Context, Language, Method, MethodKind, fields, paths};

pub(super) fn sheet(view: &Challenge, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::CodeLabel, texts: APP_TEXTS, digits: true, due: true };
    let content = html! {
        p.lead { (language.say(Text::ChallengeLead)) }
        (method(&view.method, language))
        (question(paths::CODE, code.render(view.problem, language, context), view.others, language))
    };
    Sheet { title: Text::ChallengeTitle, failed: view.problem.is_some(), wide: false, content }
}

pub(super) fn backup_sheet(view: &ChallengeBackup, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::BackupLabel, texts: BACKUP_TEXTS, digits: false, due: true };
    let content = html! {
        p.lead { (language.say(Text::BackupLead)) }
        (question(paths::BACKUP_CODE, code.render(view.problem, language, context), view.others, language))
    };
    Sheet { title: Text::BackupTitle, failed: view.problem.is_some(), wide: false, content }
}

/// The form around a code field, with the ways out of it.
fn question(path: &str, code: Markup, others: bool, language: Language) -> Markup {
    html! {
        form method="post" action=(path) {
            (code)
            div.actions {
                button.main { (language.say(Text::SignIn)) }
                (ways_out(others, language))
            }
        }
        (field::cancel_form())
    }
}

/// The ways out of a page that asks for one method; the page has a [`field::cancel_form`].
pub(super) fn ways_out(others: bool, language: Language) -> Markup {
    html! {
        @if others {
            a.quiet href=(paths::METHODS) { (language.say(Text::TryAnother)) }
        } @else {
            a.quiet href=(paths::LOST) { (language.say(Text::LostEverything)) }
        }
        (field::cancel(language))
    }
}

/// The method that the page is about.
pub(super) fn method(method: &Method, language: Language) -> Markup {
    html! { p.method.{ "by-" (method.kind.tag()) } { (name(method, language)) } }
}

pub(super) fn methods_sheet(view: &ChooseMethod, language: Language) -> Sheet {
    let content = html! {
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
                li {
                    a href=(paths::LOST) {
                        strong { (language.say(Text::LostEverything)) }
                        " "
                        span.hint { (language.say(Text::LostHint)) }
                    }
                }
            }
        }
        div.actions { (field::cancel(language)) }
        (field::cancel_form())
    };
    Sheet { title: Text::MethodsTitle, failed: false, wide: false, content }
}

/// What its owner calls the method, else what it is.
fn name(method: &Method, language: Language) -> String {
    let kind = match method.kind {
        _ if !method.description.trim().is_empty() => return method.description.trim().to_owned(),
        MethodKind::Authenticator => Text::Authenticator,
        MethodKind::Sms => Text::Sms,
        MethodKind::Email => Text::Email,
        MethodKind::Key => Text::SecurityKey,
        MethodKind::BackupCode => Text::BackupCode,
    };
    language.say(kind)
}

/// What it is, and where its codes go.
pub(super) fn hint(method: &Method, language: Language) -> Markup {
    let text = match (method.kind, &method.hint) {
        (MethodKind::Sms, Some(to)) => return language.fill(Text::SmsTo, &[("to", to)]),
        (MethodKind::Email, Some(to)) => return language.fill(Text::EmailTo, &[("to", to)]),
        (MethodKind::Authenticator, _) => Text::AuthenticatorHint,
        (MethodKind::Sms, None) => Text::SmsHint,
        (MethodKind::Email, None) => Text::EmailHint,
        (MethodKind::Key, _) => Text::SecurityKeyHint,
        (MethodKind::BackupCode, _) => Text::BackupCodeHint,
    };
    html! { (language.say(text)) }
}
