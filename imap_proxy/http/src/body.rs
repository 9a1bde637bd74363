//! Bodies are streamed: nothing here collects one, except where a caller gives a size limit.

use crate::guarded::Stall;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full, Limited, combinators::UnsyncBoxBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Any error of a body; its transfer is over.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body in either direction.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// An empty body.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body with known content.
pub fn full(content: impl Into<Bytes>) -> Body {
    Full::new(content.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Streams the body that the other side sends.
pub fn stream<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    if body.is_end_stream() { empty() } else { body.map_err(Into::into).boxed_unsync() }
}

/// The content of a response that the proxy itself made; it is in memory already.
///
/// # Errors
/// As [`collect`].
pub fn own(body: Body, limit: usize) -> Pin<Box<dyn Future<Output = Result<Bytes, BoxError>> + Send>> {
    // Boxed, since the compiler cannot see through the generic future in a task of its own.
    Box::pin(collect(body, limit))
}

/// Streams a client's body; the request is aborted if the client sends nothing for [`STALL`](crate::guarded::STALL). On
/// HTTP/1 its connection enforces that limit already; on HTTP/2 the connection may be active meanwhile.
pub fn of_client<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    if body.is_end_stream() { empty() } else { OfClient { body, stall: Stall::default() }.boxed_unsync() }
}

struct OfClient<B> {
    body: B,
    stall: Stall,
}

impl<B> hyper::body::Body for OfClient<B>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, stall } = &mut *self;
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(frame) => {
                stall.end();
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => stall.wait(cx).map(|()| Some(Err("the client sends nothing more".into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
/// When it is longer (`http_body_util::LengthLimitError`), or the transfer broke off.
pub async fn collect<B>(body: B, limit: usize) -> Result<Bytes, BoxError>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    Ok(Limited::new(body, limit).collect().await?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guarded::STALL;
    use http_body_util::LengthLimitError;
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    /// Sends one byte after each wait; after that many bytes it never becomes ready again.
    struct Slow {
        wait: Duration,
        left: usize,
        timer: Option<Pin<Box<tokio::time::Sleep>>>,
    }

    impl hyper::body::Body for Slow {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            let wait = if self.left == 0 { Duration::MAX } else { self.wait };
            std::task::ready!(self.timer.get_or_insert_with(|| Box::pin(sleep(wait))).as_mut().poll(cx));
            (self.timer, self.left) = (None, self.left - 1);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_more_is_given_up_and_a_slow_one_is_not() {
        let began = Instant::now();
        let body = of_client(Slow { wait: STALL - Duration::from_secs(1), left: 10, timer: None });
        let error = collect(body, 1024).await.unwrap_err();
        assert!(error.to_string().contains("sends nothing more"), "{error}");
        assert_eq!(began.elapsed().as_secs(), 10 * (STALL.as_secs() - 1) + STALL.as_secs());
    }

    #[tokio::test]
    async fn a_body_is_collected_up_to_its_limit() {
        assert_eq!(collect(full("0123456789"), 10).await.unwrap(), "0123456789");
        assert!(collect(full("0123456789"), 9).await.unwrap_err().is::<LengthLimitError>());
        assert!(collect(empty(), 0).await.unwrap().is_empty());
    }
}
