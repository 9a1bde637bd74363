//! The accept loop of every socket that a program of Postern listens on.
//!
//! A connection is served by a task of its own, which is reaped when it has ended. What the kernel refuses because it has
//! no means (file descriptors, memory) is tried again after [`ACCEPT_BACKOFF`]. How many connections there may be is the
//! caller's matter: it turns a connection away by giving no task for it, or lets [`Bounded`] leave those that are too
//! many in the kernel's queue. What a slow peer may cost is the task's matter: it has deadlines of its own.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The wait after the kernel had no means (file descriptors, memory) for one more connection.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// A socket that listens.
pub trait Accept {
    /// A connection, with what is known of its client.
    type Connection;

    /// The next connection. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// Of the kernel (accept(2)).
    fn accept(&self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

impl Accept for TcpListener {
    type Connection = (TcpStream, std::net::SocketAddr);

    async fn accept(&self) -> io::Result<Self::Connection> {
        self.accept().await
    }
}

impl Accept for UnixListener {
    type Connection = UnixStream;

    async fn accept(&self) -> io::Result<UnixStream> {
        self.accept().await.map(|(stream, _)| stream)
    }
}

/// A socket from which at most so many connections are accepted at a time; the next one waits in the kernel's queue.
pub struct Bounded<L> {
    listener: L,
    permits: Arc<Semaphore>,
}

impl<L> Bounded<L> {
    /// For `max` connections. Each counts until its permit is dropped.
    pub fn new(listener: L, max: usize) -> Self {
        Self { listener, permits: Arc::new(Semaphore::new(max)) }
    }
}

impl<L: Accept + Sync> Accept for Bounded<L> {
    type Connection = (L::Connection, OwnedSemaphorePermit);

    async fn accept(&self) -> io::Result<Self::Connection> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(io::Error::other)?;
        Ok((self.listener.accept().await?, permit))
    }
}

/// Accepts connections until `stop` is done, and closes the socket then. `serve` gives the task that serves a connection,
/// or none for one that is turned away; it must not wait. `failed` is told of each error of the kernel but those of a
/// client that has gone already.
pub async fn accept_until<L: Accept, F: Future<Output = ()> + Send + 'static>(
    listener: L,
    stop: impl Future<Output = ()>,
    failed: impl Fn(&io::Error),
    mut serve: impl FnMut(L::Connection) -> Option<F>,
) -> OpenConnections {
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => return OpenConnections(tasks),
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(connection) => {
                if let Some(task) = serve(connection) {
                    tasks.spawn(task);
                }
            }
            // Of the connection alone (accept(2)): the client is gone already.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                failed(&error);
                sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
}

/// The connections that are open when a socket is closed. Dropping this cuts them.
#[must_use = "dropping this cuts the connections"]
pub struct OpenConnections(JoinSet<()>);

impl OpenConnections {
    /// How many of them have not ended.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Waits until all have ended; false when they have not after `time`.
    pub async fn end_within(&mut self, time: Duration) -> bool {
        timeout(time, async { while self.0.join_next().await.is_some() {} }).await.is_ok()
    }

    /// Cuts those that have not ended.
    pub async fn cut(mut self) {
        self.0.shutdown().await;
    }
}

#[cfg(test)]
mod tests;
