//! A front that serves until it is stopped.

use std::pin::Pin;
use tokio::sync::watch;

/// Serves; completes after [`told`] has.
pub(crate) type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Completes at shutdown.
pub(crate) async fn told(mut stopped: watch::Receiver<()>) {
    // The sender is dropped at shutdown; nothing is ever sent.
    drop(stopped.changed().await);
}
