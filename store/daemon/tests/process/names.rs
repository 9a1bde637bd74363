//! One mailbox, many spellings; and names that are nobody's.

use crate::calls::{ALICE, Refuses};
use crate::home::{Home, Plan};
use postern_wire::admin::{Accounts, Aliases, Platforms, SetPlatform};
use postern_wire::auth::{AskVerdict, Reason};

const ALIAS: &str = "sales@example.com";

/// Each is Alice for one mail server or another.
const SPELLINGS: &[&str] = &[
    "alice@example.com",
    "ALICE@EXAMPLE.COM",
    "Alice@Example.Com.",
    "  alice@example.com ",
    "alice",
    "ALICE",
    "CORP\\alice",
    "corp\\Alice",
    "example.com\\alice",
    "alice+shop@example.com",
    "CORP\\alice+shop",
    "ａｌｉｃｅ@example.com",
    "alice@ｅｘａｍｐｌｅ.com",
    "alice@example。com",
    ALIAS,
    "SALES@example.COM",
    "sales+x",
];

/// Each is refused, lest a mail server take it for Alice.
const NO_NAMES: &[&str] = &[
    "",
    " ",
    "alice@",
    "@example.com",
    "alice@@example.com",
    "alice@example.com@example.com",
    "alice\u{0}@example.com",
    "alice\t@example.com",
    "alice\n",
    "alice@example.com\r\n",
    "al\u{200b}ice@example.com",
    "alice\u{202e}@example.com",
    "\"alice\"@example.com",
    "alice@example..com",
    ".alice@example.com",
    "alice*admin@example.com",
    "alice%example.com@example.com",
    "NOPE\\alice",
    "CORP\\alice@example.com",
    "alice bob@example.com",
];

#[test]
fn every_spelling_of_a_protected_mailbox_is_asked_for_its_code() {
    let home = Home::with_clock();
    let posternd = home.start();
    posternd.make_platform();
    posternd.enrolled(ALICE);
    posternd.add_aliases(ALICE, &[ALIAS]).unwrap();
    for spelling in SPELLINGS {
        let verdict = posternd.ask(spelling);
        assert!(
            matches!(&verdict, AskVerdict::Challenge { mailbox, .. } if mailbox == ALICE),
            "{spelling:?} {verdict:?}"
        );
    }
    for name in NO_NAMES {
        assert_eq!(posternd.ask(name).reason(), Some(Reason::Name), "{name:?}");
    }
    // Two forms of one letter, in a domain that is beyond ASCII itself.
    posternd.enrolled("josé@müller.example");
    for spelling in ["jose\u{301}@mu\u{308}ller.example", "JOSÉ@xn--mller-kva.example", "José@MÜLLER.EXAMPLE"] {
        let verdict = posternd.ask(spelling);
        assert!(matches!(&verdict, AskVerdict::Challenge { mailbox, .. } if mailbox == "josé@xn--mller-kva.example"));
    }
}

#[test]
fn a_mailbox_without_an_account_passes_until_the_platform_says_otherwise() {
    let home = Home::new(Plan::default());
    let posternd = home.start();
    posternd.make_platform();
    let AskVerdict::NotRequired { mailbox, standing } = posternd.ask("CORP\\Bob") else { panic!("refused") };
    assert_eq!(mailbox, "bob@example.com");
    assert!(!posternd.is_over(&mailbox, &standing));
    let set = |value: &str| {
        let [name, key, value] = ["example", "unlisted", value].map(str::to_owned);
        posternd.order::<Platforms>("SetPlatform", &SetPlatform { name, key, value })
    };
    set("refuse").unwrap();
    assert_eq!(posternd.ask("bob").reason(), Some(Reason::Name));
    assert!(posternd.is_over(&mailbox, &standing));
    assert_eq!(posternd.answer("bob", "123456").reason(), Some(Reason::Stale));
    set("pass").unwrap();
    assert_eq!(posternd.ask("bob").reason(), None);
    assert!(set("perhaps").unwrap_err().message.contains("pass or refuse"));
}

#[test]
fn a_foreign_name_is_refused_unless_the_configuration_lets_it_pass() {
    for (names, passes) in [("", false), ("foreign = \"refuse\"", false), ("foreign = \"pass\"", true)] {
        let home = Home::new(Plan { names, ..Plan::default() });
        let posternd = home.start();
        posternd.make_platform();
        for name in ["root@elsewhere.test", "root@sub.example.com"] {
            let verdict = posternd.ask(name);
            let passed = matches!(&verdict, AskVerdict::NotRequired { mailbox, .. } if mailbox == name);
            assert_eq!((passed, verdict.reason()), (passes, (!passes).then_some(Reason::Name)), "{names} {name}");
        }
        assert_eq!(posternd.ask("ro\tot@elsewhere.test").reason(), Some(Reason::Name), "that is no name at all");
        assert_eq!(posternd.answer("root@elsewhere.test", "123456").reason(), Some(Reason::Stale));
    }
}

#[test]
fn an_alias_that_is_taken_away_means_nobody() {
    let home = Home::with_clock();
    let posternd = home.start();
    posternd.make_platform();
    posternd.enrolled(ALICE);
    posternd.add_aliases(ALICE, &[ALIAS]).unwrap();
    let again = posternd.add_aliases("bob@example.com", &[ALIAS]).unwrap_err();
    assert_eq!(again.reason, "unknown_mailbox");
    posternd.enrolled("bob@example.com");
    assert_eq!(posternd.add_aliases("bob@example.com", &[ALIAS]).unwrap_err().reason, "alias_taken");
    assert_eq!(posternd.add_aliases("bob@example.com", &[ALICE]).unwrap_err().reason, "alias_taken");
    let aliases = Aliases { mailbox: ALICE.to_owned(), aliases: vec![ALIAS.to_owned()] };
    posternd.order::<Accounts>("RemoveAliases", &aliases).unwrap();
    assert!(matches!(posternd.ask(ALIAS), AskVerdict::NotRequired { mailbox, .. } if mailbox == ALIAS));
}
