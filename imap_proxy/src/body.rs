//! Bodies stream: nothing here collects one, except where a caller names the most it may hold.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full, Limited, combinators::UnsyncBoxBody};
use std::pin::Pin;

/// Any error of a body; the transfer it belonged to is over.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body on its way in either direction.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// No body at all.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body of known content.
pub fn full(content: impl Into<Bytes>) -> Body {
    Full::new(content.into()).map_err(|never| match never {}).boxed_unsync()
}

/// What the other side sends, passed on as it comes.
pub fn stream<B>(body: B) -> Body
where
    B: hyper::body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    if body.is_end_stream() { empty() } else { body.map_err(Into::into).boxed_unsync() }
}

/// What an answer of our own has, which is there already.
///
/// # Errors
/// As [`collect`].
pub fn own(body: Body, limit: usize) -> Pin<Box<dyn Future<Output = Result<Bytes, BoxError>> + Send>> {
    // The compiler does not see through the generic one in a task of its own.
    Box::pin(collect(body, limit))
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
    use http_body_util::LengthLimitError;

    #[tokio::test]
    async fn a_body_is_collected_up_to_its_limit() {
        assert_eq!(collect(full("0123456789"), 10).await.unwrap(), "0123456789");
        assert!(collect(full("0123456789"), 9).await.unwrap_err().is::<LengthLimitError>());
        assert!(collect(empty(), 0).await.unwrap().is_empty());
    }
}
