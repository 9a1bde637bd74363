//! The code field with what was wrong, and the buttons that several pages share.

use maud::{Markup, Render, html};

use super::text::Text;
use super::{Context, Language, Problem, fields, moment, paths};

/// `maxlength` of a code field: far more than a code, as pasted ones come with blanks.
pub const CODE_FIELD_LENGTH: usize = 64;

/// `maxlength` of a method's description.
pub const DESCRIPTION_LENGTH: usize = 64;

/// Wrong codes in a row from which the page suspects the phone's clock.
const CLOCK_HINT_FROM: u32 = 2;

/// What sets one code field apart from another.
pub(super) struct CodeField {
    pub(super) label: Text,
    /// What the problems are called here.
    pub(super) texts: ProblemTexts,
    /// Whether phones show the number pad and offer a code they received.
    pub(super) digits: bool,
    /// Whether the page is about this field, so that typing may begin at once. Where there is something to read
    /// or scan first, the focus (and a phone's keyboard) would be in the way.
    pub(super) due: bool,
}

/// The words for each [`Problem`] with one kind of code.
pub(super) struct ProblemTexts {
    not_a_code: Text,
    wrong: Text,
    /// Where a wrong clock can be the cause.
    clock_hint: Option<Text>,
    too_early: Text,
}

/// For time-based codes.
pub(super) const APP_TEXTS: ProblemTexts = ProblemTexts {
    not_a_code: Text::NotACode,
    wrong: Text::Wrong,
    clock_hint: Some(Text::ClockHint),
    too_early: Text::TooEarly,
};

/// For backup codes.
pub(super) const BACKUP_TEXTS: ProblemTexts = ProblemTexts {
    not_a_code: Text::BackupNotACode,
    wrong: Text::BackupWrong,
    clock_hint: None,
    too_early: Text::BackupTooEarly,
};

impl CodeField {
    /// The label, the field, and between them what was wrong with the last code, tied to the field for screen
    /// readers. The code itself is not shown again.
    pub(super) fn render(&self, problem: Option<Problem>, language: Language, context: &Context<'_>) -> Markup {
        html! {
            div.field {
                label for="code" { (language.say(self.label)) }
                @if let Some(problem) = problem {
                    (alert("code-problem", self.texts.explain(problem, language, context)))
                }
                input.code #code name=(fields::CODE) type="text"
                    inputmode=[self.digits.then_some("numeric")]
                    autocomplete=(if self.digits { "one-time-code" } else { "off" })
                    autocapitalize="none" spellcheck="false" maxlength=(CODE_FIELD_LENGTH)
                    required autofocus[self.due || problem.is_some()]
                    aria-describedby=[problem.map(|_| "code-problem")]
                    aria-invalid=[problem.map(|_| "true")];
            }
        }
    }
}

impl ProblemTexts {
    fn explain(&self, problem: Problem, language: Language, context: &Context<'_>) -> Markup {
        match problem {
            Problem::NotACode => html! { p { (language.say(self.not_a_code)) } },
            Problem::Wrong { misses } => html! {
                p { (language.say(self.wrong)) }
                @if let Some(hint) = self.clock_hint && misses >= CLOCK_HINT_FROM { p { (language.say(hint)) } }
            },
            Problem::TooEarly { until } => {
                let until = moment::moment(until, context.now, language);
                html! { p { (language.fill(self.too_early, &[("until", &until)])) } }
            }
        }
    }
}

/// What is wrong with the field that refers to `id`.
pub(super) fn alert(id: &str, content: impl Render) -> Markup {
    html! { div.problem id=(id) role="alert" { (content) } }
}

/// The form that the button of [`cancel`] sends: it stands apart, as forms do not nest.
pub(super) fn cancel_form() -> Markup {
    html! { form #cancel method="post" action=(paths::CANCEL) hidden {} }
}

/// Gives up this sign-in; the page has a [`cancel_form`].
pub(super) fn cancel(language: Language) -> Markup {
    html! { button.quiet form="cancel" formnovalidate { (language.say(Text::Cancel)) } }
}
