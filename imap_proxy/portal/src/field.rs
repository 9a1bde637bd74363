//! The code field with its error message, and the buttons that several pages share.

use maud::{Markup, html};

use super::{Context, Problem, Trust, fields, paths};
use postern_pages::forms::attempt;
use postern_pages::{Language, Text, moment};

/// `maxlength` of a code field: much longer than a code, because pasted codes may contain spaces.
pub const CODE_FIELD_LENGTH: usize = 64;

/// `maxlength` of a method's description.
pub const DESCRIPTION_LENGTH: usize = 64;

/// The number of wrong codes in a row from which the page suggests that the phone's clock is wrong.
const CLOCK_HINT_FROM: u32 = 2;

/// The properties in which code fields differ.
pub(super) struct CodeField {
    pub(super) label: Text,
    /// The error messages for this field.
    pub(super) texts: ProblemTexts,
    /// Whether phones show the numeric keypad and offer a code that they received.
    pub(super) digits: bool,
    /// Whether it is one of several steps, so that its label is the step's heading.
    pub(super) is_step: bool,
}

/// The text for each [`Problem`] with one kind of code or other input.
pub(super) struct ProblemTexts {
    not_a_code: Text,
    wrong: Text,
    /// Set where a wrong clock can be the cause.
    clock_hint: Option<Text>,
    too_early: Text,
    in_use: Text,
    /// Whether there is another method to try.
    others: bool,
}

/// For time-based codes.
pub(super) const APP_TEXTS: ProblemTexts = ProblemTexts {
    not_a_code: Text::NOT_A_CODE,
    wrong: Text::WRONG,
    clock_hint: Some(Text::CLOCK_HINT),
    too_early: Text::TOO_EARLY,
    in_use: Text::IN_USE,
    others: true,
};

/// For codes that were sent.
pub(super) const SENT_TEXTS: ProblemTexts = plain_texts(Text::SENT_NOT_A_CODE, Text::SENT_WRONG, Text::IN_USE);

/// For codes that were sent, where there is no other method.
pub(super) const ONLY_SENT_TEXTS: ProblemTexts = ProblemTexts { others: false, ..SENT_TEXTS };

/// For backup codes.
pub(super) const BACKUP_TEXTS: ProblemTexts = plain_texts(Text::BACKUP_NOT_A_CODE, Text::BACKUP_WRONG, Text::IN_USE);

/// For an enrolment code.
pub(super) const ENROLMENT_TEXTS: ProblemTexts =
    plain_texts(Text::ENROLMENT_NOT_A_CODE, Text::ENROLMENT_WRONG, Text::IN_USE);

/// For a phone number that codes are to be sent to.
pub(super) const NUMBER_TEXTS: ProblemTexts = plain_texts(Text::NUMBER_UNFIT, Text::NUMBER_UNFIT, Text::NUMBER_IN_USE);

/// For an e-mail address that codes are to be sent to.
pub(super) const ADDRESS_TEXTS: ProblemTexts =
    plain_texts(Text::ADDRESS_UNFIT, Text::ADDRESS_UNFIT, Text::ADDRESS_IN_USE);

/// For a security key that the account has.
pub(super) const KEY_TEXTS: ProblemTexts = plain_texts(Text::KEY_NOT_ANSWERED, Text::KEY_WRONG, Text::KEY_KNOWN);

/// For a new security key.
pub(super) const NEW_KEY_TEXTS: ProblemTexts =
    plain_texts(Text::KEY_NOT_ANSWERED, Text::NEW_KEY_WRONG, Text::KEY_KNOWN);

/// For input that does not depend on a clock.
const fn plain_texts(not_a_code: Text, wrong: Text, in_use: Text) -> ProblemTexts {
    ProblemTexts { not_a_code, wrong, clock_hint: None, too_early: Text::BACKUP_TOO_EARLY, in_use, others: true }
}

impl CodeField {
    /// Renders the label, the field, and between them the problem with the last code, associated with the field for
    /// screen readers. The code itself is not shown again. The field gets the focus.
    pub(super) fn render(&self, problem: Option<Problem>, language: Language, context: &Context<'_>) -> Markup {
        self.render_with(&html! {}, problem, language, context)
    }

    /// Like [`Self::render`], with a button beside the field where there is enough space.
    pub(super) fn render_with(
        &self,
        button: &Markup,
        problem: Option<Problem>,
        language: Language,
        context: &Context<'_>,
    ) -> Markup {
        let label = html! { label for="code" { (language.say(self.label)) } };
        let problem = problem.map(|problem| self.texts.explain(problem, language, context));
        let described_by = problem.is_some().then_some("code-problem");
        let input = html! {
            input.code #code name=(fields::CODE) type="text"
                inputmode=[self.digits.then_some("numeric")]
                autocomplete=(if self.digits { "one-time-code" } else { "off" })
                autocapitalize="none" spellcheck="false" maxlength=(CODE_FIELD_LENGTH)
                required autofocus aria-describedby=[described_by] aria-invalid=[described_by.map(|_| "true")];
        };
        let input = html! { div.with-button { (input) (button) } };
        html! {
            div.field {
                @if self.is_step { h2 { (label) } } @else { (label) }
                (attempt("code-problem", problem, &input))
            }
        }
    }
}

/// The button that submits a code. While no code is checked, a script disables it and shows a countdown on it.
pub(super) fn send(text: Text, problem: Option<Problem>, language: Language, context: &Context<'_>) -> Markup {
    let wait = match problem {
        Some(Problem::TooEarly { until }) => moment::seconds_until(until, context.now),
        _ => None,
    };
    html! { button.main data-wait=[wait] data-over=[wait.map(|_| "code-problem")] { (language.say(text)) } }
}

impl ProblemTexts {
    pub(super) fn explain(&self, problem: Problem, language: Language, context: &Context<'_>) -> Markup {
        let until = |text, until| {
            let until = moment::moment(until, context.now, language);
            html! { p { (language.fill(text, &[("until", &until)])) } }
        };
        match problem {
            Problem::NotACode => html! { p { (language.say(self.not_a_code)) } },
            Problem::InUse => html! { p { (language.say(self.in_use)) } },
            Problem::NotSent if self.others => html! { p { (language.say(Text::NOT_SENT)) } },
            Problem::Copied => html! { p { (language.say(Text::KEY_COPIED)) } },
            Problem::NotSent => html! { p { (language.say(Text::ONLY_NOT_SENT)) } },
            Problem::TooMany { until: None } if self.others => html! { p { (language.say(Text::TOO_MANY)) } },
            Problem::TooMany { until: None } => html! { p { (language.say(Text::ONLY_TOO_MANY)) } },
            Problem::TooMany { until: Some(time) } if self.others => until(Text::TOO_MANY_UNTIL, time),
            Problem::TooMany { until: Some(time) } => until(Text::ONLY_TOO_MANY_UNTIL, time),
            Problem::TooSoon { until: time } => until(Text::TOO_SOON, time),
            Problem::Wrong { misses } => html! {
                p { (language.say(self.wrong)) }
                @if let Some(hint) = self.clock_hint && misses >= CLOCK_HINT_FROM { p { (language.say(hint)) } }
            },
            Problem::TooEarly { until: time } => until(self.too_early, time),
        }
    }
}

/// The field for the user's description of the method being set up, with what was typed so far.
pub(super) fn description(label: Text, hint: Text, typed: &str, language: Language) -> Markup {
    html! {
        div.field {
            label for="description" { (language.say(label)) }
            input #description name=(fields::DESCRIPTION) type="text" value=(typed)
                maxlength=(DESCRIPTION_LENGTH) autocomplete="off" aria-describedby="description-hint";
            p.hint #description-hint { (language.say(hint)) }
        }
    }
}

/// The offer to trust this browser.
pub(super) fn trust(offer: Option<Trust>, language: Language) -> Markup {
    html! {
        @if let Some(Trust { days, chosen }) = offer {
            div.trust {
                p.tick {
                    input #trust type="checkbox" name=(fields::TRUST) value=(fields::YES) checked[chosen]
                        aria-describedby="trust-hint";
                    label for="trust" {
                        @match days {
                            1 => (language.say(Text::TRUST_FOR_A_DAY)),
                            days => (language.fill(Text::TRUST_FOR_DAYS, &[("n", &days)])),
                        }
                    }
                }
                p.hint #trust-hint { (language.say(Text::TRUST_HINT)) }
            }
        }
    }
}

/// The form that the button of [`cancel`] submits. It is separate because forms cannot be nested.
pub(super) fn cancel_form() -> Markup {
    html! { form #cancel method="post" action=(paths::CANCEL) hidden {} }
}

/// The button that cancels this sign-in, or the action the page belongs to; the page has a [`cancel_form`].
pub(super) fn cancel(language: Language, context: &Context<'_>) -> Markup {
    let text = if context.signed_in { Text::DO_NOTHING } else { Text::CANCEL };
    html! { button.quiet.cancel form="cancel" formnovalidate { (language.say(text)) } }
}
