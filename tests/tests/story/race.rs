//! One code, many hands.

use super::bytes::Line;
use super::visitor::{COOKIE, Visitor};
use super::world;

/// Sessions that send the same code at once.
const HANDS: usize = 20;

#[tokio::test]
async fn one_code_in_twenty_sessions_opens_one() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let visitors: Vec<Visitor> = (0..HANDS).map(|_| Visitor::new(&world)).collect();
    for visitor in &visitors {
        visitor.sign_in(&alice).leads_to("/postern/code");
    }
    // All but the last byte of each request is there before the first of them is complete.
    let body = format!("code={}", world.code(&secret).unwrap());
    let (early, last) = body.split_at(body.len() - 1);
    let mut lines = Vec::new();
    for visitor in &visitors {
        let mut line = Line::open(&world).await;
        let head = format!(
            "POST /postern/code HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}={}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n{early}",
            visitor.session(),
            body.len()
        );
        line.send(head.as_bytes()).await;
        lines.push(line);
    }
    for line in &mut lines {
        line.send(last.as_bytes()).await;
    }
    let mut opened = 0;
    for line in lines {
        let answer = line.answer().await;
        if answer.status == 303 {
            answer.lets_in();
            opened += 1;
        } else {
            assert_eq!(answer.status, 403, "{answer:?}");
        }
    }
    assert_eq!(opened, 1);
}
