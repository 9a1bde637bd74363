//! A wrong password looks the same whatever the account is here.

use super::visitor::{Visitor, between};
use super::world;

#[test]
fn a_wrong_password_tells_nothing_about_the_account() {
    let mut world = world();
    let [alice, bob, carol, dave, erin] = ["alice", "bob", "carol", "dave", "erin"].map(|person| world.mailbox(person));
    world.enable(&bob);
    world.admin(&format!("account remove {}", bob.name));
    world.protect(&carol);
    world.protect(&dave);
    world.admin(&format!("account suspend {} --hours 1", dave.name));
    world.protect(&erin);
    let thief = Visitor::challenged(&world, &erin);
    for _ in 0..5 {
        thief.code("000000");
    }
    let mut seen = Vec::new();
    // The locked one first: the lock lasts for half a minute only.
    for (state, mailbox) in
        [("locked", erin), ("enrolling", alice), ("off", bob), ("protected", carol), ("suspended", dave)]
    {
        let shown = world.admin(&format!("account show {} --json", mailbox.name));
        assert!(shown.contains(&format!("\"{state}\"")), "{state}: {shown}");
        seen.push(refusal(&Visitor::new(&world), &mailbox.name));
    }
    seen.push(refusal(&Visitor::new(&world), "frank@example.com"));
    seen.push(refusal(&Visitor::new(&world), "nobody@example.com"));
    seen.push(refusal(&Visitor::new(&world), "someone@elsewhere.example"));
    assert!(seen[0].starts_with("HTTP/2 401") && seen[0].contains("Login failed."), "{}", seen[0]);
    for other in &seen[1..] {
        assert_eq!(*other, seen[0]);
    }
}

/// The whole answer, without its dates, the token that Roundcube makes anew for each page, what was typed and how long
/// that is.
fn refusal(visitor: &Visitor, name: &str) -> String {
    let answer = visitor.password(name, "not the password");
    let token = answer.request_token();
    assert_eq!(between(&answer.body, r#"name="_token" value=""#, "\""), Some(token));
    assert!(answer.headers("set-cookie").is_empty(), "{}", answer.head);
    let own = ["date: ", "expires: ", "last-modified: ", "content-length: "];
    let head: Vec<&str> = answer.head.lines().filter(|line| !own.iter().any(|start| line.starts_with(start))).collect();
    format!("{}\n\n{}", head.join("\n"), answer.body.replace(token, "TOKEN").replace(name, "NAME"))
}
