//! The story in Chromium.

use super::Site;
use crate::story::person::{COOKIES, Person, QR};
use postern_tests::browser::Look;

const NAME: &str = "#username";
const PASSWORD: &str = "#password";
const SUBMIT: &str = ".signinbutton";
const MAIL: &str = "#mail li";

async fn signs_in(person: &Person, name: &str, password: &str) {
    person.goes_to("/").await;
    person.types(NAME, name).await;
    person.types(PASSWORD, password).await;
    person.follows(SUBMIT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sets_up_a_phone_reads_mail_and_signs_out() {
    let mut site = Site::new();
    let alice = site.mailbox("alice");
    let person = Person::at(&site, Look::DESKTOP).await;

    signs_in(&person, "alice", "not it").await;
    assert!(person.reads("#signInErrorDiv").await.contains("isn't correct"));
    person.is_at("/owa/auth/logon.aspx").await;

    // The first time: the phone is set up.
    signs_in(&person, "alice", &alice.password).await;
    let secret = person.photographs_secret(&mut site, "owa-set-up").await;
    person.answers(&site.code(&secret).unwrap()).await;
    person.saves_codes().await;

    // The script reads its canary and calls with it; news come by a long poll.
    person.is_at("/owa/").await;
    assert_eq!(person.reads(MAIL).await, alice.private_subject());
    assert_eq!(person.reads("#user").await, alice.name);
    site.webmail.deliver(&alice.name, "It has come");
    person.sees("#news:not(:empty)").await;
    assert_eq!(person.reads("#news").await, "It has come");
    assert_eq!(person.cookies().await, [&["PBack", "X-OWA-CANARY"], &COOKIES[..]].concat());

    person.follows("#signout").await;
    person.sees("#signedout").await;
    person.goes_to("/ecp/").await;
    person.sees(NAME).await;

    // From now on a code is asked for.
    signs_in(&person, "EXAMPLE.COM\\alice", &alice.password).await;
    person.is_at("/postern/code").await;
    person.does_not_see(QR).await;
    person.answers(&site.next_code(&secret)).await;
    assert_eq!(person.reads(MAIL).await, alice.private_subject());
    person.browser.screenshot("owa-mailbox").await.unwrap();

    // When the account changes, the page learns it by itself.
    site.admin("account reset alice@example.com");
    person.client().execute("call('FindConversation')", vec![]).await.unwrap();
    person.sees(NAME).await;
    assert_eq!(person.reads("#signInErrorDiv").await, "Your session has timed out.");
}
