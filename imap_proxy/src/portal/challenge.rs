//! Asking for a code: of the method in use, of the backup list, or of another method.

use maud::{Markup, html};

use super::field::{self, APP_TEXTS, BACKUP_TEXTS, CodeField};
use super::layout::Sheet;
use super::text::Text;
use super::{Challenge, ChallengeBackup, ChooseMethod, Context, Language, Method, MethodKind, fields, paths};

pub(super) fn sheet(view: &Challenge, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::CodeLabel, texts: APP_TEXTS, digits: true, due: true };
    let content = html! {
        p.lead { (language.say(Text::ChallengeLead)) }
        p.method { (name(&view.method, language)) }
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
                @if others { a.quiet href=(paths::METHODS) { (language.say(Text::TryAnother)) } }
                (field::cancel(language))
            }
        }
        (field::cancel_form())
    }
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
                            span.hint { (hint(method.kind, language)) }
                        }
                    }
                }
            }
        }
        p.hint { (language.say(Text::NoneAtHand)) }
        div.actions { (field::cancel(language)) }
        (field::cancel_form())
    };
    Sheet { title: Text::MethodsTitle, failed: false, wide: false, content }
}

/// What its owner calls the method, else what it is.
fn name(method: &Method, language: Language) -> String {
    match (method.description.trim(), method.kind) {
        ("", MethodKind::Authenticator) => language.say(Text::Authenticator),
        ("", MethodKind::BackupCode) => language.say(Text::BackupCode),
        (description, _) => description.to_owned(),
    }
}

fn hint(kind: MethodKind, language: Language) -> String {
    language.say(match kind {
        MethodKind::Authenticator => Text::AuthenticatorHint,
        MethodKind::BackupCode => Text::BackupCodeHint,
    })
}
