//! The daemon is away, or does not answer: nobody is let in, nobody who is in is thrown out.

use super::{bob_is_in, refused, sign_in};
use nix::sys::signal::Signal;

#[tokio::test]
async fn without_the_daemon_nobody_new_gets_in() {
    let (mut world, bob, mut inside) = bob_is_in().await;
    world.posternd.stop().unwrap();
    let mut waiting = refused(&world, &bob.name, &bob.password, "a NO [UNAVAILABLE] ").await;
    inside.succeeds("b NOOP").await; // who is in stays in

    world.posternd.start().unwrap();
    waiting.succeeds(&format!("b LOGIN {} {}", bob.name, bob.password)).await;

    world.posternd.signal(Signal::SIGSTOP).unwrap();
    let (_, answer) = sign_in(&world, &bob.name, &bob.password).await;
    world.posternd.signal(Signal::SIGCONT).unwrap();
    assert!(answer.starts_with("a NO [UNAVAILABLE] "), "{answer}");
    inside.succeeds("c NOOP").await;
}
