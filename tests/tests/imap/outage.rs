//! The daemon is away, or does not answer: nobody is let in, nobody who is in is thrown out.

use super::client::Client;
use super::{mailbox, sign_in, world};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[tokio::test]
async fn without_the_daemon_nobody_new_gets_in() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    let (mut inside, _) = sign_in(&world, &bob.name, &bob.password).await;
    world.posternd.stop().unwrap();
    let (mut waiting, answer) = sign_in(&world, &bob.name, &bob.password).await;
    assert!(answer.starts_with("a NO [UNAVAILABLE] "), "{answer}");
    assert!(inside.ask("b NOOP").await.contains("b OK"), "who is in stays in");

    world.posternd.start().unwrap();
    let again = waiting.ask(&format!("b LOGIN {} {}", bob.name, bob.password)).await;
    assert!(again.contains("b OK "), "{again}");

    let daemon = Pid::from_raw(world.posternd.pid().unwrap().cast_signed());
    kill(daemon, Signal::SIGSTOP).unwrap();
    let mut client = Client::open(&world).await;
    let answer = client.ask(&format!("a LOGIN {} {}", bob.name, bob.password)).await;
    kill(daemon, Signal::SIGCONT).unwrap();
    assert!(answer.starts_with("a NO [UNAVAILABLE] "), "{answer}");
    assert!(inside.ask("c NOOP").await.contains("c OK"));
}
