//! Strangers who sign in to somebody's mailbox with wrong passwords.

use crate::Front;
use crate::client::Client;
use crate::daemon::{self, PATIENCE};
use crate::mail_server::mail_server;
use postern_mail::{MAX_PENDING_PER_ADDRESS, Security};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Sessions that the owner may have, and wrong sign-ins of the stranger's.
const SESSIONS: usize = 20;
const WRONG: usize = 160;
const STRANGER: [u8; 4] = [127, 1, 0, 1];
const OWNER: [u8; 4] = [127, 0, 0, 1];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_sign_ins_under_way_take_none_of_the_owners_sessions() {
    let daemon = daemon::Daemon::start();
    daemon.on("Ask", r#"{"verdict":"not_required","mailbox":"alice@example.com","standing":"s1"}"#);
    let server = mail_server().await;
    let front = Front::with(&daemon.socket(), &server.url, Security::Tls, SESSIONS);
    let mut wrong = Vec::new();
    for _ in 0..WRONG {
        let mut client = Client::connect(&front, STRANGER).await;
        client.send("a LOGIN alice guess").await;
        wrong.push(client);
    }
    let all_that_may = async {
        while server.pending.load(Ordering::SeqCst) < MAX_PENDING_PER_ADDRESS {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, all_that_may).await.expect("the mail server is asked");

    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let mut client = Client::connect(&front, OWNER).await;
        client.ask("a LOGIN alice pw").await;
        sessions.push(client);
    }
    let mut one_more = Client::connect(&front, OWNER).await;
    one_more.send("a LOGIN alice pw").await;
    assert!(one_more.line().await.starts_with("a NO [LIMIT] "));
    assert_eq!(server.pending.load(Ordering::SeqCst), MAX_PENDING_PER_ADDRESS, "the others wait for their turn");
    drop(sessions);

    // Each has its turn in the end.
    let answers = async {
        loop {
            server.answer.notify_waiters();
            sleep(Duration::from_millis(5)).await;
        }
    };
    let all_refused = async {
        for client in &mut wrong {
            let answer = client.line().await;
            assert!(answer.starts_with("a NO ["), "{answer}");
        }
    };
    tokio::select! {
        () = answers => {}
        refused = timeout(PATIENCE, all_refused) => refused.expect("each is answered"),
    }
}
