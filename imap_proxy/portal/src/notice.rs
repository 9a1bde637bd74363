//! Pages that only show a message and a link back to the start.

use jiff::Timestamp;
use maud::{Markup, html};

use super::field;
use super::layout::Sheet;
use super::{Context, Ended, Locked, paths};
use postern_pages::{Language, Text, moment};

pub(super) fn locked(view: &Locked, language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        p.lead {
            @match view.until {
                Some(until) => {
                    @let until = moment::moment(until, context.now, language);
                    @let text = if context.signed_in { Text::LockedUntilThen } else { Text::LockedUntil };
                    (language.fill(text, &[("until", &until)]))
                }
                None => (language.say(Text::LockedForAdministrator)),
            }
        }
        p { (language.say(Text::LockedNotYou)) }
        div.actions {
            @if context.signed_in {
                a.button href=(paths::SECURITY) { (language.say(Text::BackToSecurity)) }
            } @else if view.may_request {
                (ways_out(view.until, language, context))
            } @else {
                a.button href=(paths::HOME) { (language.say(Text::SignInAgain)) }
            }
        }
        @if view.may_request { (field::cancel_form()) }
    };
    Sheet { title: Text::LockedTitle, failed: false, wide: false, content }
}

pub(super) fn no_method(language: Language, context: &Context<'_>) -> Sheet {
    let content = html! {
        p.lead { (language.say(Text::NoMethodLead)) }
        p.lead { (language.say(Text::UnavailableAdvice)) }
        div.actions { (ways_out(None, language, context)) }
        (field::cancel_form())
    };
    Sheet { title: Text::NoMethodTitle, failed: false, wide: false, content }
}

/// The remaining options of a user who cannot enter a code; the page has a [`field::cancel_form`]. Before `until`, a
/// script disables the button and shows a countdown on it. Cancelling the sign-in, to use another account, is possible
/// at once.
fn ways_out(until: Option<Timestamp>, language: Language, context: &Context<'_>) -> Markup {
    let wait = until.and_then(|until| moment::seconds_until(until, context.now));
    html! {
        button.main form="cancel" data-wait=[wait] { (language.say(Text::SignInAgain)) }
        a.quiet href=(paths::LOST) { (language.say(Text::LostEverything)) }
        @if wait.is_some() { (field::cancel(language, context)) }
    }
}

pub(super) fn unusual(language: Language) -> Sheet {
    notice(Text::UnusualTitle, &[Text::UnusualLead, Text::UnusualAdvice], Text::SignInAgain, language)
}

pub(super) fn session_ended(why: Ended, language: Language) -> Sheet {
    let lead = match why {
        Ended::Unknown => Text::EndedUnknown,
        Ended::SlowSignIn => Text::EndedSlowSignIn,
        Ended::Idle => Text::EndedIdle,
        Ended::Old => Text::EndedOld,
        Ended::GoneOn => Text::EndedGoneOn,
        Ended::Replaced => Text::EndedReplaced,
        Ended::OtherPassword => Text::EndedOtherPassword,
        Ended::SignedOutElsewhere => Text::EndedSignedOutElsewhere,
        Ended::SignedOut => Text::EndedSignedOut,
        Ended::AccountChanged => Text::EndedAccountChanged,
        Ended::TooMany => Text::EndedTooMany,
        Ended::Webmail => Text::EndedWebmail,
    };
    notice(Text::EndedTitle, &[lead], Text::SignInAgain, language)
}

pub(super) fn unavailable(language: Language, context: &Context<'_>) -> Sheet {
    let (title, lead) = match context.signed_in {
        false => (Text::UnavailableTitle, Text::UnavailableLead),
        true => (Text::UnavailableWithinTitle, Text::UnavailableWithinLead),
    };
    notice(title, &[lead, Text::UnavailableAdvice], Text::TryAgain, language)
}

pub(super) fn no_answer(language: Language) -> Sheet {
    notice(Text::NoAnswerTitle, &[Text::NoAnswerLead, Text::UnavailableAdvice], Text::ToMyMail, language)
}

pub(super) fn refused(language: Language) -> Sheet {
    notice(Text::RefusedTitle, &[Text::RefusedLead, Text::RefusedAdvice], Text::SignInAgain, language)
}

pub(super) fn bad_request(language: Language) -> Sheet {
    notice(Text::BadRequestTitle, &[Text::BadRequestLead], Text::StartAgain, language)
}

pub(super) fn not_found(language: Language) -> Sheet {
    notice(Text::NotFoundTitle, &[Text::NotFoundLead], Text::ToMyMail, language)
}

/// The page for a request to another host. It has no links: the other pages would not work under the wrong host name.
pub(super) fn other_host(language: Language) -> Sheet {
    let content = html! { p.lead { (language.say(Text::OtherHostLead)) } };
    Sheet { title: Text::OtherHostTitle, failed: false, wide: false, content }
}

fn notice(title: Text, paragraphs: &[Text], action: Text, language: Language) -> Sheet {
    let content = html! {
        @for paragraph in paragraphs { p.lead { (language.say(*paragraph)) } }
        div.actions { a.button href=(paths::HOME) { (language.say(action)) } }
    };
    Sheet { title, failed: false, wide: false, content }
}
