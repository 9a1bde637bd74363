//! What runs in a session ends with it.

use tokio::sync::watch;

/// Ties what runs in a session to it: cut as soon as the session is over, which drops the other end.
#[derive(Clone)]
pub struct CancellationToken(watch::Receiver<()>);

impl CancellationToken {
    /// Cut when `end` is dropped.
    pub(crate) fn of(end: &watch::Sender<()>) -> Self {
        Self(end.subscribe())
    }

    /// Whether it is cut already.
    pub fn is_cancelled(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Completes when it is cut.
    pub async fn cut(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
