//! The accept loop of every listening socket of a Postern program.
//!
//! Each connection is served by its own task, which is reaped when it has ended. If the kernel lacks resources (file
//! descriptors, memory), accepting is retried after [`ACCEPT_BACKOFF`]. The caller limits the number of connections: it
//! refuses a connection by returning no task for it, or uses [`Bounded`] to leave excess connections in the kernel's
//! queue. The task limits the cost of a slow peer: it has its own deadlines.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The wait after the kernel lacked resources (file descriptors, memory) for one more connection.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// A listening socket.
pub trait Accept {
    /// A connection, with the known data of its client.
    type Connection;

    /// Accepts the next connection. Cancel safe: nothing is lost when the future is dropped.
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

/// A socket that accepts at most a fixed number of connections at a time; the next one waits in the kernel's queue.
pub struct Bounded<L> {
    listener: L,
    permits: Arc<Semaphore>,
}

impl<L> Bounded<L> {
    /// Limits a socket to `max` connections. Each counts until its permit is dropped.
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

/// Accepts connections until `stop` completes, and then closes the socket. `serve` returns the task that serves a
/// connection, or `None` to refuse it; it must not block. `failed` receives each error of the kernel, except that of a
/// client that has closed its connection already.
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
            // An error of the connection only (accept(2)): the client has closed it already.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                failed(&error);
                sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
}

/// The connections that are open when a socket is closed. Dropping this aborts them.
#[must_use = "dropping this cuts the connections"]
pub struct OpenConnections(JoinSet<()>);

impl OpenConnections {
    /// The number of connections that have not ended.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Waits until all have ended; returns false if some have not after `time`.
    pub async fn end_within(&mut self, time: Duration) -> bool {
        timeout(time, async { while self.0.join_next().await.is_some() {} }).await.is_ok()
    }

    /// Aborts the connections that have not ended.
    pub async fn cut(mut self) {
        self.0.shutdown().await;
    }
}

#[cfg(test)]
mod tests;
