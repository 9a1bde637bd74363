//! The page that asks for the administrator's enrolment code, so that an attacker with the password cannot enrol first.

use maud::html;

use super::field::{self, CodeField, ENROLMENT_TEXTS};
use super::{Context, EnrolmentCode, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text};

pub(super) fn sheet(view: &EnrolmentCode, language: Language, context: &Context<'_>) -> Sheet {
    let code = CodeField { label: Text::ENROLMENT_LABEL, texts: ENROLMENT_TEXTS, digits: false, is_step: false };
    let content = html! {
        p.lead { (language.say(Text::ENROLMENT_LEAD)) }
        form method="post" action=(paths::SET_UP) {
            (code.render(view.problem, language, context))
            p.hint { (language.say(Text::NO_ENROLMENT_CODE)) }
            div.actions {
                (field::send(Text::GO_FURTHER, view.problem, language, context))
                (field::cancel(language, context))
            }
        }
        (field::cancel_form())
    };
    Sheet { title: Text::ENROLMENT_TITLE, failed: view.problem.is_some(), wide: false, content }
}
