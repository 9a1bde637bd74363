//! One mailbox with many spellings; and names that belong to no mailbox.

use crate::calls::Refuses;
use crate::home::{Home, Plan, Running};
use crate::people::ALICE;
use postern_wire::admin::{
    Accounts, Action, AddTotp, Aliases, ChangeAccount, Changed, Empty, Finding, Findings, Level, SetContact, State,
    TotpAdded,
};
use postern_wire::auth::{Ask, AskVerdict, Asked, Channel, Origin, Reason};

const ALIAS: &str = "sales@example.com";

/// Each spelling is Alice for at least one mail server.
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

/// Each is refused, because a mail server could take it for Alice.
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
    "CORP/alice/alice@example.com",
    "CORP/alice",
    "/alice",
    "example.com/alice/shared",
    "alice!example.com",
    "alice#example.com",
    "alice=example.com@example.com",
    "alice|x",
    "alice\u{640}@example.com",
    "al\u{131}ce@example.com",
    "álice@example.com",
    "ßam@example.com",
    "þomas@example.com",
    "tħomas@example.com",
    "bob+x@example.com",
    "CORP\\bob",
    "bob@corp",
    "bob١@example.com",
];

#[test]
fn every_spelling_of_a_protected_mailbox_is_asked_for_its_code() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
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
    // Two Unicode forms of one letter, in a non-ASCII domain.
    posternd.enrolled("josé@müller.example");
    for spelling in ["jose\u{301}@mu\u{308}ller.example", "JOSÉ@xn--mller-kva.example", "José@MÜLLER.EXAMPLE"] {
        let verdict = posternd.ask(spelling);
        assert!(matches!(&verdict, AskVerdict::Challenge { mailbox, .. } if mailbox == "josé@xn--mller-kva.example"));
    }
}

#[test]
fn a_mailbox_without_an_account_passes_until_the_platform_says_otherwise() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    let AskVerdict::NotRequired { mailbox, standing } = posternd.ask("Bob@Example.com") else { panic!("refused") };
    assert_eq!(mailbox, "bob@example.com");
    assert!(!posternd.is_over(&mailbox, &standing));
    let set = |value: &str| posternd.try_set("unlisted", value);
    set("refuse").unwrap();
    assert_eq!(posternd.ask("bob").reason(), Some(Reason::Name));
    assert!(posternd.is_over(&mailbox, &standing));
    assert_eq!(posternd.answer("bob", "123456").reason(), Some(Reason::Stale));
    set("pass").unwrap();
    assert_eq!(posternd.ask("bob").reason(), None);
    assert!(set("perhaps").unwrap_err().message.contains("pass, refuse or auto"));
}

#[test]
fn a_mailbox_can_be_listed_without_a_second_factor() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    let set = |value: &str| posternd.set("unlisted", value);
    set("refuse");
    for (typed, mailbox) in
        [("CORP\\Bob", "bob@example.com"), ("o'neil+x@müller.example", "o'neil@xn--mller-kva.example")]
    {
        let rehearsal = ChangeAccount {
            mailbox: typed.to_owned(),
            action: Action::Add,
            hours: None,
            dry_run: true,
            enrolment_code: false,
        };
        let rehearsed: Changed = posternd.order("ChangeAccount", &rehearsal).unwrap();
        assert_eq!((rehearsed.before, rehearsed.changed, rehearsed.after.state), (None, true, State::Off));
        assert_eq!(posternd.ask(mailbox).reason(), Some(Reason::Name), "nothing was changed");
        let added = posternd.change(typed, Action::Add).unwrap();
        assert_eq!((added.before, added.after.mailbox.as_str(), added.changed), (None, mailbox, true));
        assert!(matches!(posternd.ask(typed), AskVerdict::NotRequired { mailbox: it, .. } if it == mailbox));
        assert!(!posternd.change(typed, Action::Add).unwrap().changed, "it is so already");
    }
    let listed: Vec<_> = posternd.accounts().into_iter().map(|it| (it.mailbox, it.state)).collect();
    let expected = ["bob@example.com", "o'neil@xn--mller-kva.example"].map(|it| (it.to_owned(), State::Off));
    assert_eq!(listed, expected);
    let entries: Vec<_> = posternd.audit(None).into_iter().filter(|entry| entry.action == "add").collect();
    let of: Vec<_> = entries.iter().map(|entry| (entry.mailbox.as_deref(), entry.outcome.as_str())).collect();
    assert_eq!(of, [(Some("bob@example.com"), "done"), (Some("o'neil@xn--mller-kva.example"), "done")]);
    // An account that has a second factor keeps it.
    posternd.enable("bob@example.com");
    let again = posternd.change("bob@example.com", Action::Add).unwrap();
    assert_eq!((again.before, again.changed), (Some(State::Enrolling), false));
    assert_eq!(posternd.change("bob@elsewhere.test", Action::Add).unwrap_err().reason, "foreign_mailbox");
    // The change is persistent.
    posternd.stop();
    let posternd = home.start();
    assert!(matches!(posternd.ask("o'neil@müller.example"), AskVerdict::NotRequired { .. }));
}

/// A webmail gives a name of its own beside the one that was typed.
#[test]
fn all_names_of_a_sign_in_lead_to_one_mailbox() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let ask = |name: &str, also: &[&str]| -> Asked {
        let also = also.iter().map(ToString::to_string).collect();
        posternd.front("Ask", &Ask { name: name.to_owned(), also, ..Ask::default() })
    };
    let alone = ask(ALICE, &[]);
    assert!(!alone.also_judged && alone.lives.is_some_and(|lives| lives.whole == 7 * 24 * 3600));
    let same = ask(ALICE, &["Alice", "ALICE@example.com"]);
    assert!(same.also_judged && matches!(&same.verdict, AskVerdict::Challenge { mailbox, .. } if mailbox == ALICE));
    let free = ask("carol@example.com", &["carol"]);
    assert!(free.also_judged && matches!(free.verdict, AskVerdict::NotRequired { .. }));
    for (name, also) in [("carol", vec![ALICE]), (ALICE, vec!["carol"]), ("carol", vec!["carol", "b*b"])] {
        assert_eq!(ask(name, &also).verdict.reason(), Some(Reason::Name), "{name} {also:?}");
    }
}

#[test]
fn by_default_names_that_are_not_listed_are_refused_before_exchange() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    let ask = |name: &str| -> AskVerdict {
        let origin = Origin { before_exchange: true, ..Origin::default() };
        posternd.front("Ask", &Ask { name: name.to_owned(), channel: Channel::Imap, origin, ..Ask::default() })
    };
    assert_eq!(posternd.ask("bob").reason(), None, "another front");
    assert_eq!(ask("bob").reason(), Some(Reason::Name));
    assert!(posternd.change("bob", Action::Add).unwrap().changed);
    assert_eq!(ask("bob").reason(), None);
    let set = |value: &str| posternd.try_set("unlisted", value).unwrap();
    assert_eq!(ask("eve").reason(), Some(Reason::Name));
    let says = |words: &str| {
        let found = posternd.order::<Findings>("Check", &Empty {}).unwrap().findings;
        let is_it = |it: &Finding| it.subject == "platform example" && it.level == Level::Warning;
        let message = &found.iter().find(|it| is_it(it)).unwrap().message;
        assert!(message.contains(words) && message.contains("postern account add"), "{message}");
    };
    says("but for fronts that stand before Exchange");
    set("pass");
    assert_eq!(ask("eve").reason(), None, "as platforms of before have it");
    says("at Exchange too");
    assert_eq!(set("auto").platforms[0].settings["unlisted"], "auto");
    assert_eq!(ask("eve").reason(), Some(Reason::Name));
}

#[test]
fn at_pam_nothing_is_read_as_a_plus_address() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    posternd.change("corp@example.com", Action::Add).unwrap();
    for name in ["CORP+alice", "CORP/alice", "CORP-alice", "CORP_alice", "CORP.alice", "alice+x", "corp+x@example.com"]
    {
        assert_eq!(posternd.ask_at(name, Channel::Pam).reason(), Some(Reason::Name), "{name}");
    }
    for name in ["alice", "CORP\\alice", "alice@CORP"] {
        assert!(matches!(posternd.ask_at(name, Channel::Pam), AskVerdict::Challenge { .. }), "{name}");
    }
    assert!(matches!(posternd.ask_at("corp", Channel::Pam), AskVerdict::NotRequired { .. }));
}

#[test]
fn a_foreign_name_is_refused_unless_the_configuration_lets_it_pass() {
    for (names, passes) in [("", false), ("foreign = \"refuse\"", false), ("foreign = \"pass\"", true)] {
        let home = Home::new(Plan { names, ..Plan::default() });
        let posternd = home.start_with_platform();
        for name in ["root@elsewhere.test", "root@sub.example.com"] {
            let verdict = posternd.ask(name);
            let passed = matches!(&verdict, AskVerdict::NotRequired { mailbox, .. } if mailbox == name);
            assert_eq!((passed, verdict.reason()), (passes, (!passes).then_some(Reason::Name)), "{names} {name}");
        }
        for name in
            ["ro\tot@elsewhere.test", "CORP+alice@elsewhere.test", "alice#x@elsewhere.test", "ßam@elsewhere.test"]
        {
            assert_eq!(posternd.ask(name).reason(), Some(Reason::Name), "{name}: a mail server may read it as another");
        }
        assert_eq!(posternd.answer("root@elsewhere.test", "123456").reason(), Some(Reason::Stale));
    }
}

#[test]
fn an_alias_that_is_taken_away_means_nobody() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
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

/// Notes of names that are not listed, such as a contact address.
fn note(posternd: &Running<'_>, mailbox: &str) {
    let note = SetContact { mailbox: mailbox.to_owned(), address: Some("someone@elsewhere.test".to_owned()) };
    posternd.order::<Accounts>("SetContact", &note).unwrap();
}

/// The first alias would lead to a name without an account, which requires no code.
#[test]
fn a_name_that_has_aliases_does_not_become_one() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    note(&posternd, "m@example.com");
    posternd.add_aliases("m@example.com", &["a@example.com"]).unwrap();
    let refused = posternd.add_aliases(ALICE, &["m@example.com"]).unwrap_err();
    assert!(refused.reason == "alias_taken" && refused.message.contains("has aliases of its own"), "{refused:?}");
    posternd.remove_aliases("m@example.com", &["a@example.com"]).unwrap();
    posternd.add_aliases(ALICE, &["m@example.com", "a@example.com"]).unwrap();
    for name in ["m", "a"] {
        assert!(matches!(posternd.ask(name), AskVerdict::Challenge { mailbox, .. } if mailbox == ALICE), "{name}");
    }
}

#[test]
fn aliases_that_do_not_fit_into_one_commit_are_refused_in_words() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let names: Vec<String> = (0..32).map(|number| format!("a{number}@example.com")).collect();
    names.iter().for_each(|name| note(&posternd, name));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let refused = posternd.add_aliases(ALICE, &names).unwrap_err();
    assert!(refused.reason == "too_many" && refused.message.contains("Name half of them"), "{refused:?}");
    let (some, others) = names.split_at(16);
    posternd.add_aliases(ALICE, some).unwrap();
    assert_eq!(posternd.add_aliases(ALICE, others).unwrap().accounts[0].aliases.len(), 32);
}

#[test]
fn marks_that_nobody_sees_are_dropped_where_something_is_given_and_refused_in_a_name() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let marked = |text: &str| format!("\u{feff}\u{2066}{text}\u{2069}\u{200b}\u{a0}\r\n");
    assert_eq!(posternd.ask(&marked(ALICE)).reason(), Some(Reason::Name));
    assert_eq!(posternd.answer(ALICE, &marked(&posternd.code(&alice))).reason(), None);
    assert_eq!(posternd.answer(ALICE, &marked(&alice.backup_codes[0].replace('-', "\u{2011}"))).reason(), None);
    let added = posternd.change(&marked("bob@example.com"), Action::Add).unwrap();
    assert_eq!(added.after.mailbox, "bob@example.com");
    let accounts = posternd.add_aliases(&marked(ALICE), &[&marked(ALIAS)]).unwrap().accounts;
    assert_eq!(accounts[0].aliases, [ALIAS]);
    let (mailbox, address) = (ALICE.to_owned(), Some(marked("alice@elsewhere.test")));
    let shown: Accounts = posternd.order("SetContact", &SetContact { mailbox, address }).unwrap();
    assert_eq!(shown.accounts[0].contact.as_deref(), Some("alice@elsewhere.test"));
}

#[test]
fn what_people_write_is_kept_and_shown_without_what_nobody_sees() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let description = "\u{202e}enohp\u{202c} of \u{2067}\u{7}Alice\u{200b}\n".to_owned();
    let add = AddTotp { mailbox: ALICE.to_owned(), description, ..AddTotp::default() };
    posternd.order::<TotpAdded>("AddTotp", &add).unwrap();
    assert_eq!(posternd.show(ALICE).unwrap().methods[1].description, "enohp of Alice");
    let AskVerdict::Challenge { methods, .. } = posternd.ask(ALICE) else { panic!("no challenge") };
    assert!(methods.iter().any(|method| method.description == "enohp of Alice"), "{methods:?}");
}
