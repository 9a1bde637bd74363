//! The request for a reset: a user who knows the password but has lost every factor asks the administrator for help.

use super::transitions::Transitions;
use super::view;
use crate::context::RequestContext;
use crate::pages::{self, Pages};
use crate::routes::PortalRoute;
use crate::session::handle::SessionHandle;
use crate::session::stage::Stage;
use crate::session::state::State;
use crate::verdict::{AfterRequest, after_request};
use http::{Response, StatusCode};
use postern_front::daemon::Daemon;
use postern_http::body::Body;
use postern_portal::{Lost, LostProblem, Page, fields, paths};
use postern_products::form::Form;
use postern_wire::auth::Channel;
use postern_wire::security::{MAX_REQUEST_TEXT, OpenRequest};

/// The page on which a user who has lost every factor requests a reset.
pub(crate) struct LostPage {
    pub(crate) daemon: Daemon,
    pub(crate) pages: Pages,
    pub(crate) transitions: Transitions,
}

impl LostPage {
    /// Processes the request, unless this sign-in has made one already.
    pub(crate) async fn take(&self, cx: &RequestContext, session: &SessionHandle, form: &Form) -> Response<Body> {
        let known = |state: &mut State| {
            let mailbox = state.context().mailbox.clone();
            state.request().map(|requested| (mailbox, *requested))
        };
        let Some((mailbox, requested)) = session.with(known).flatten() else { return self.pages.ended(cx) };
        if requested.is_some() {
            return view::show(&self.pages, cx, session, PortalRoute::Lost, None);
        }
        let reader = self.pages.reader(cx);
        let mut lost = Lost { others: cx.stage == Stage::Challenged, ..read(form) };
        if [&lost.contact, &lost.reason, &lost.evidence].into_iter().any(String::is_empty) {
            lost.problem = Some(LostProblem::Incomplete);
            return reader.page(StatusCode::BAD_REQUEST, &Page::Lost(lost), Some(&mailbox));
        }
        let request = OpenRequest {
            name: mailbox.clone(),
            channel: Channel::Webmail,
            origin: cx.origin(),
            contact: lost.contact.clone(),
            reason: lost.reason.clone(),
            evidence: lost.evidence.clone(),
            language: Some(cx.language.tag().to_owned()),
        };
        let reply = self.daemon.open_request(&request).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "a request for a reset could not be made"));
        match after_request(reply) {
            AfterRequest::Requested(requested) => {
                tracing::info!(mailbox, ?requested, "a reset is asked for");
                let note = |state: &mut State| {
                    if let Some(made) = state.request() {
                        *made = Some(requested);
                    }
                };
                session.with(note);
                pages::see_other(paths::LOST)
            }
            AfterRequest::Problem(problem) => {
                lost.problem = Some(problem);
                reader.page(StatusCode::FORBIDDEN, &Page::Lost(lost), Some(&mailbox))
            }
            AfterRequest::Denied(denial) => self.transitions.deny(cx, session, &denial),
        }
    }
}

fn read(form: &Form) -> Lost {
    let text = |name| {
        let typed = form.field(name).unwrap_or_default().replace("\r\n", "\n");
        let kept: String =
            typed.trim().chars().filter(|c| *c == '\n' || !c.is_control()).take(MAX_REQUEST_TEXT).collect();
        kept
    };
    let (contact, reason, evidence) = (text(fields::CONTACT), text(fields::REASON), text(fields::EVIDENCE));
    Lost { contact, reason, evidence, ..Lost::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_products::form;

    #[test]
    fn texts_are_kept_as_typed_within_their_limits() {
        let long = "é".repeat(MAX_REQUEST_TEXT + 1);
        let body =
            form::write(&[("contact", " +44 612345678\0 "), ("reason", "Lost\r\nall\u{7}"), ("evidence", &long)]);
        let lost = read(&form::parse(body.as_bytes()).unwrap());
        assert_eq!((lost.contact.as_str(), lost.reason.as_str()), ("+44 612345678", "Lost\nall"));
        assert_eq!(lost.evidence.chars().count(), MAX_REQUEST_TEXT);
    }

    #[test]
    fn the_longest_texts_fit_into_a_form() {
        let text = "語".repeat(MAX_REQUEST_TEXT);
        let body = form::write(&[("contact", &text), ("reason", &text), ("evidence", &text)]);
        assert!(form::parse(body.as_bytes()).is_ok());
    }
}
