//! The tables of aliases, and of what plus-addressing hides.

use crate::accounts::{account, after, fresh, platform};
use crate::document::compare;
use crate::events::Event;
use postern_rules::alias::{self, ALIASES_MAX, Added, AliasRefusal, Gained, Known};
use postern_rules::name::{LookupName, Named};
use postern_rules::{Account, Mailbox};

pub(crate) fn mailbox(name: &str) -> Mailbox {
    let mut platform = platform("on");
    platform.policy.plus_addressing = false;
    let platforms = [platform];
    let Ok(Named::Ours(mailbox, _)) = LookupName::new(name).read(&platforms, "example.com") else { panic!("{name}") };
    mailbox
}

#[test]
fn the_table_of_aliases_is_what_is_added() {
    compare(["bob has", "alias", "under it", "comes to"], |[has, name, under_it, _]| {
        let mut bob = account("protected");
        bob.aliases = match *has {
            "-" => Vec::new(),
            "32 others" => (0..ALIASES_MAX).map(|at| mailbox(&format!("other{at}"))).collect(),
            names => names.split(", ").map(mailbox).collect(),
        };
        let before = bob.clone();
        let (other, own) = (mailbox("eve"), Account { mailbox: mailbox(name), ..fresh() });
        let listed = after(&own, Event::Add);
        let aliased = Account { aliases: vec![mailbox("rob")], ..own.clone() };
        let known = match *under_it {
            "nothing" => Known::Nothing,
            "an alias of eve" => Known::AliasOf(&other),
            "a listed account" => Known::Account(&listed),
            "notes" => Known::Account(&own),
            "notes and aliases" => Known::Account(&aliased),
            what => panic!("{what:?}"),
        };
        let added = alias::add(&mut bob, mailbox(name), known);
        assert_eq!(bob != before, matches!(added, Ok(Added::Now | Added::NowWithoutNotes)));
        match added {
            Ok(Added::Already) => "already",
            Ok(Added::Now) => "added",
            Ok(Added::NowWithoutNotes) => "added, and the notes go",
            Err(AliasRefusal::AliasOf(of)) => {
                assert_eq!(of, other);
                "refused: an alias of another"
            }
            Err(AliasRefusal::HasAccount) => "refused: it has an account",
            Err(AliasRefusal::HasAliases) => "refused: it has aliases",
            Err(AliasRefusal::TooMany) => "refused: too many",
            Err(AliasRefusal::Unknown) => "refused: unknown",
        }
        .to_owned()
    });
}

#[test]
fn an_alias_is_removed_from_the_mailbox_that_has_it() {
    let mut bob = Account { aliases: vec![mailbox("robert")], ..account("protected") };
    assert_eq!(alias::remove(&mut bob, &mailbox("rob")), Err(AliasRefusal::Unknown));
    assert_eq!((alias::remove(&mut bob, &mailbox("robert")), bob.aliases.len()), (Ok(()), 0));
}

#[test]
fn the_table_of_plus_addressing_is_what_it_hides() {
    compare(["state", "mailbox", "aliases", "hidden"], |[state, name, aliases, _]| {
        let aliases = aliases.split(", ").filter(|alias| *alias != "-").map(mailbox).collect();
        let account = Account { mailbox: mailbox(name), aliases, ..account(state) };
        let platform = platform("on");
        let local = |name: &Mailbox| name.as_str().split('@').next().unwrap().to_owned();
        let hidden: Vec<String> = alias::hidden_by_plus_addressing(&account, &platform).map(local).collect();
        // What is hidden cannot be reached once it is on, and nothing else.
        let astray: Vec<String> = alias::astray(&account, &[platform]).map(local).collect();
        assert_eq!(hidden, astray);
        if hidden.is_empty() { "-".to_owned() } else { hidden.join(", ") }
    });
}

#[test]
fn the_table_of_names_that_are_gained_is_what_is_refused_or_recorded() {
    compare(["before", "after", "mailbox", "plus-addressing", "outcome"], |[before, after, name, plus, _]| {
        let named = |state: &str| {
            let (state, alias) = state.split_once(" + ").map_or((state, None), |(state, alias)| (state, Some(alias)));
            let aliases = alias.map(mailbox).into_iter().collect();
            Account { mailbox: mailbox(name), aliases, ..account(state) }
        };
        let before = (*before != "new").then(|| named(before));
        let mut platform = platform("on");
        platform.policy.plus_addressing = *plus == "on";
        match alias::gained(before.as_ref(), &named(after), &[platform]) {
            Gained::Nothing => "done".to_owned(),
            Gained::WithPlus => "done, and recorded".to_owned(),
            Gained::Astray(name) => format!("refused: {}", name.as_str().split('@').next().unwrap()),
        }
    });
}
