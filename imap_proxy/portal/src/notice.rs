//! Pages that only show a message and a link back to the start.

use jiff::Timestamp;
use maud::{Markup, html};

use super::field;
use super::{Context, Ended, Locked, paths};
use postern_pages::layout::Sheet;
use postern_pages::{Language, Text, moment};

pub(super) fn locked(view: &Locked, language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        p.lead {
            @match view.until {
                Some(until) => {
                    @let until = moment::moment(until, context.now, language);
                    @let text = if context.signed_in { Text::LOCKED_UNTIL_THEN } else { Text::LOCKED_UNTIL };
                    (language.fill(text, &[("until", &until)]))
                }
                None => (language.say(Text::LOCKED_FOR_ADMINISTRATOR)),
            }
        }
        p { (language.say(Text::LOCKED_NOT_YOU)) }
        div.actions {
            @if context.signed_in {
                a.button href=(paths::SECURITY) { (language.say(Text::BACK_TO_SECURITY)) }
            } @else if view.may_request {
                (ways_out(view.until, language, context))
            } @else {
                a.button href=(paths::HOME) { (language.say(Text::SIGN_IN_AGAIN)) }
            }
        }
        @if view.may_request { (field::cancel_form()) }
    };
    Sheet { title: Text::LOCKED_TITLE, failed: false, wide: false, content }
}

pub(super) fn no_method(language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::NO_METHOD_LEAD)) }
        p.lead { (language.say(Text::UNAVAILABLE_ADVICE)) }
        div.actions { (ways_out(None, language, context)) }
        (field::cancel_form())
    };
    Sheet { title: Text::NO_METHOD_TITLE, failed: false, wide: false, content }
}

/// The remaining options of a user who cannot enter a code; the page has a [`field::cancel_form`]. Before `until`, a
/// script disables the button and shows a countdown on it. Cancelling the sign-in, to use another account, is possible
/// at once.
fn ways_out(until: Option<Timestamp>, language: Language, context: &Context<'_>) -> Markup {
    let wait = until.and_then(|until| moment::seconds_until(until, context.now));
    html! {
        button.main form="cancel" data-wait=[wait] { (language.say(Text::SIGN_IN_AGAIN)) }
        a.quiet href=(paths::LOST) { (language.say(Text::LOST_EVERYTHING)) }
        @if wait.is_some() { (field::cancel(language, context)) }
    }
}

pub(super) fn unusual(language: Language) -> Sheet {
    notice(Text::UNUSUAL_TITLE, &[Text::UNUSUAL_LEAD, Text::UNUSUAL_ADVICE], Text::SIGN_IN_AGAIN, language)
}

pub(super) fn session_ended(why: Ended, language: Language) -> Sheet {
    let lead = match why {
        Ended::Unknown => Text::ENDED_UNKNOWN,
        Ended::SlowSignIn => Text::ENDED_SLOW_SIGN_IN,
        Ended::Idle => Text::ENDED_IDLE,
        Ended::Old => Text::ENDED_OLD,
        Ended::GoneOn => Text::ENDED_GONE_ON,
        Ended::Replaced => Text::ENDED_REPLACED,
        Ended::OtherPassword => Text::ENDED_OTHER_PASSWORD,
        Ended::SignedOutElsewhere => Text::ENDED_SIGNED_OUT_ELSEWHERE,
        Ended::SignedOut => Text::ENDED_SIGNED_OUT,
        Ended::AccountChanged => Text::ENDED_ACCOUNT_CHANGED,
        Ended::TooMany => Text::ENDED_TOO_MANY,
        Ended::Webmail => Text::ENDED_WEBMAIL,
    };
    notice(Text::ENDED_TITLE, &[lead], Text::SIGN_IN_AGAIN, language)
}

pub(super) fn unavailable(language: Language, context: &Context<'_>) -> Sheet {
    let (title, lead) = match context.signed_in {
        false => (Text::UNAVAILABLE_TITLE, Text::UNAVAILABLE_LEAD),
        true => (Text::UNAVAILABLE_WITHIN_TITLE, Text::UNAVAILABLE_WITHIN_LEAD),
    };
    notice(title, &[lead, Text::UNAVAILABLE_ADVICE], Text::TRY_AGAIN, language)
}

pub(super) fn no_answer(language: Language) -> Sheet {
    notice(Text::NO_ANSWER_TITLE, &[Text::NO_ANSWER_LEAD, Text::UNAVAILABLE_ADVICE], Text::TO_MY_MAIL, language)
}

pub(super) fn refused(language: Language) -> Sheet {
    notice(Text::REFUSED_TITLE, &[Text::REFUSED_LEAD, Text::REFUSED_ADVICE], Text::SIGN_IN_AGAIN, language)
}

pub(super) fn bad_request(language: Language) -> Sheet {
    notice(Text::BAD_REQUEST_TITLE, &[Text::BAD_REQUEST_LEAD], Text::START_AGAIN, language)
}

pub(super) fn not_found(language: Language) -> Sheet {
    notice(Text::NOT_FOUND_TITLE, &[Text::NOT_FOUND_LEAD], Text::TO_MY_MAIL, language)
}

/// The page for a request to another host. It has no links: the other pages would not work under the wrong host name.
pub(super) fn other_host(language: Language) -> Sheet {
    let content = html! { p.lead { (language.say(Text::OTHER_HOST_LEAD)) } };
    Sheet { title: Text::OTHER_HOST_TITLE, failed: false, wide: false, content }
}

fn notice(title: Text, paragraphs: &[Text], action: Text, language: Language) -> Sheet {
    let content = html! {
        @for paragraph in paragraphs { p.lead { (language.say(*paragraph)) } }
        div.actions { a.button href=(paths::HOME) { (language.say(action)) } }
    };
    Sheet { title, failed: false, wide: false, content }
}
