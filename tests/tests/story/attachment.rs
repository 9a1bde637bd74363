//! Large things go through whole.

use super::visitor::{Visitor, between};
use super::world;
use sha2::{Digest, Sha256};
use std::fs;

/// Bytes of the attachment; the benchmark sends more.
const SIZE: usize = 5 * 1024 * 1024;

#[test]
fn an_attachment_comes_back_as_it_went() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);

    // Bytes of which no two blocks are alike, so that a lost or doubled one shows.
    let bytes: Vec<u8> = (0..SIZE / 32).flat_map(|block: usize| Sha256::digest(block.to_be_bytes())).collect();
    let directory = tempfile::tempdir().unwrap();
    let (up, down) = (directory.path().join("oak.bin"), directory.path().join("back.bin"));
    fs::write(&up, &bytes).unwrap();

    let compose = visitor.get("/?_task=mail&_action=compose");
    assert_eq!(compose.status, 302, "{}", compose.body);
    let page = visitor.get(compose.location());
    let id = page.between(r#""compose_id":""#, "\"").to_owned();
    let token = format!("X-Roundcube-Request: {}", page.request_token());
    let part = format!("_attachments[]=@{};type=application/octet-stream", up.display());
    let target = format!("/?_task=mail&_action=upload&_remote=1&_id={id}&_uploadid=1");
    let answer = visitor.request(&target, &["--header", &token, "--form", &part]);
    let file = between(&answer.body, r#"add2attachment_list(\"rcmfile"#, r#"\""#);
    let file = file.unwrap_or_else(|| panic!("no file in {}", answer.body));

    let target = format!("/?_task=mail&_action=display-attachment&_id={id}&_file=rcmfile{file}");
    let cookie = format!("Cookie: {}={}", super::visitor::COOKIE, visitor.session());
    visitor
        .curl(["--header", &cookie, "--output", down.to_str().unwrap(), &visitor.address(&target)])
        .success()
        .unwrap();
    assert_eq!(Sha256::digest(fs::read(&down).unwrap()), Sha256::digest(&bytes));
}
