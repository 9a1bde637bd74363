//! Responses of the webmail that are cut off when their session ends.

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use postern_front::session_registry::CancellationToken;
use postern_http::body::{Body, BoxError};
use postern_http::upstream::Content;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Completes when the session has ended.
type End = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A response that is cut off when `token` is cancelled.
pub(crate) fn cut_when_cancelled(answer: Response<Content>, token: CancellationToken) -> Response<Body> {
    answer.map(|content| Cut { content, token, end: None }.boxed_unsync())
}

/// A response of the webmail, cut off when its session ends.
struct Cut {
    content: Content,
    token: CancellationToken,
    /// Created when the webmail has no data to send for the first time.
    end: Option<End>,
}

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let over = || Some(Err("the session is over".into()));
        // Checked on each call: with a fast webmail and a fast client, no poll below is ever pending.
        if this.token.is_cancelled() {
            return Poll::Ready(over());
        }
        let frame = Pin::new(&mut this.content).poll_frame(cx);
        if frame.is_ready() {
            return frame;
        }
        let end = this.end.get_or_insert_with(|| Box::pin(this.token.clone().cut()));
        end.as_mut().poll(cx).map(|()| over())
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}
