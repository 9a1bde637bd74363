//! The Security page, on which users see their own account.

use super::own_browsers::{self, SignedIn};
use super::reader::AccountReader;
use super::view::view;
use crate::context::RequestContext;
use crate::pages::Pages;
use crate::session::handle::SessionHandle;
use http::{Response, StatusCode};
use postern_http::body::Body;
use postern_portal::Page;

/// The Security page.
pub(crate) struct SecurityPage {
    pub(crate) pages: Pages,
    pub(crate) reader: AccountReader,
}

impl SecurityPage {
    /// Shows the whole account.
    pub(crate) async fn show(&self, cx: &RequestContext, session: &SessionHandle) -> Response<Body> {
        let mailbox = session.mailbox().unwrap_or_default();
        let (sessions, clients) = own_browsers::clients(session.released_of(&mailbox, SignedIn::of));
        let security = match self.reader.read(cx, session, clients).await {
            Ok(security) => security,
            Err(answer) => return *answer,
        };
        let mut view = view(&security);
        view.browsers = own_browsers::list(own_browsers::named(sessions, &security.clients), &security.browsers);
        view.done = session.with_released(|state| state.done.take()).flatten();
        self.pages.reader(cx).page(StatusCode::OK, &Page::Security(view), Some(&security.mailbox))
    }
}
