//! Ten thousand who say nothing, and one who signs in.

use crate::Front;
use crate::client::{self, Client};
use crate::daemon::{self, PATIENCE};
use crate::mail_server::mail_server;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use postern_mail::{MAX_WAITING, MAX_WAITING_PER_ADDRESS, Security};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

/// Connections that say nothing.
const SILENT: usize = 10_000;
/// Files of the test's own.
const SPARE: usize = 256;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_silence_of_thousands_keeps_nobody_out() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    // Both ends of those who wait are in this process, and one end of those who were turned out.
    let room = usize::try_from(hard).unwrap().saturating_sub(MAX_WAITING + SPARE);
    assert!(room > 2 * MAX_WAITING, "this test takes more open files than {hard}; raise the hard limit (ulimit -Hn)");

    let daemon = daemon::Daemon::start();
    daemon.on("Ask", r#"{"verdict":"not_required","mailbox":"alice@example.com","standing":"s1"}"#);
    let server = mail_server().await;
    let front = Front::between(&daemon.socket(), &server.url, Security::Tls);
    let signed_in = async || {
        let mut client = Client::connect(&front, [127, 0, 0, 1]).await;
        client.ask("a LOGIN alice pw").await;
        client
    };
    let mut early = signed_in().await;

    let mut silent = Vec::new();
    for number in 0..SILENT.min(room) {
        // No address has more than its share, so that it is the number of all that counts.
        let source = [127, 1, 0, 1 + u8::try_from(number / MAX_WAITING_PER_ADDRESS).unwrap()];
        silent.push(client::connect_from(source, front.address).await);
        if number % MAX_WAITING == 0 {
            signed_in().await.ask("b NOOP").await;
        }
    }
    signed_in().await.ask("b NOOP").await;
    early.ask("c NOOP").await;

    let (last, first) = (silent.pop().unwrap(), silent.first_mut().unwrap());
    assert_eq!(timeout(PATIENCE, first.read(&mut [0])).await.unwrap().unwrap_or(0), 0, "the oldest made room");
    assert_eq!(last.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "the latest waits");
}
