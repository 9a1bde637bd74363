//! A private `/dev/log`.

use std::net::Shutdown;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::{During, Result, wait};

/// The maximum length of a line that is read.
const LINE: usize = 8192;
/// A text that no host logs.
const MARKER: &str = "all that came before has been read";

/// Collects the messages sent to it. It reads continuously, since syslog(3) would otherwise block.
pub(super) struct Log {
    path: PathBuf,
    socket: UnixDatagram,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Log {
    pub(super) fn listen(path: &Path) -> Result<Log> {
        let socket = UnixDatagram::bind(path).during(path.display())?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (ear, seen) = (socket.try_clone().during(path.display())?, Arc::clone(&lines));
        let reader = thread::spawn(move || {
            let mut buffer = [0; LINE];
            while let Ok(length @ 1..) = ear.recv(&mut buffer) {
                let line = String::from_utf8_lossy(&buffer[..length]).into_owned();
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Ok(Log { path: path.to_owned(), socket, lines, reader: Some(reader) })
    }

    /// The messages since the last call: all of them, since datagrams keep their order.
    pub(super) fn take(&self) -> Result<Vec<String>> {
        let marker = UnixDatagram::unbound().during("a marker for the log")?;
        marker.send_to(MARKER.as_bytes(), &self.path).during(self.path.display())?;
        wait::until("the log's reader", || {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            Ok((lines.last().is_some_and(|line| line == MARKER)).then(|| {
                lines.pop();
                std::mem::take(&mut *lines)
            }))
        })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
