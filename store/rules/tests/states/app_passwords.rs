//! The tables of app passwords: who makes one, and within which limits.

use crate::accounts::{NOW, account, platform, shown_refusal};
use crate::document::compare;
use crate::events::Refusal;
use postern_rules::app_password::{AppPassword, Limits, LimitsError, NETWORKS_MAX};
use postern_rules::decide::app_passwords::{Administrator, Maker, Owner, are_of_use};
use postern_rules::proof::{Change, FRESH};
use postern_rules::{Proof, password_tries, password_tries::PasswordTries};

#[test]
fn the_table_of_makers_is_who_may_make_one() {
    compare(["state", "by", "app password"], |[state, by, _]| {
        let account = account(state);
        let proof = |change, at| Some(Proof::of(&account, change, at));
        let proof = match *by {
            "an administrator" => None,
            "its owner, with a factor for it" => proof(Some(Change::CreateAppPassword), NOW),
            "its owner, signed in" => proof(None, NOW),
            "its owner, with a factor for something else" => proof(Some(Change::MakeBackupCodes), NOW),
            "its owner, with a factor of a quarter of an hour ago" => {
                proof(Some(Change::CreateAppPassword), NOW.plus(-FRESH))
            }
            other => panic!("{other:?}"),
        };
        let made = match &proof {
            None => Administrator.may_make(&account, NOW).map_err(Refusal::from),
            Some(proof) => Owner(proof).may_make(&account, NOW).map_err(Refusal::from),
        };
        match made {
            Ok(()) => "made".to_owned(),
            Err(refusal) => format!("refused: {}", shown_refusal(&refusal)),
        }
    });
}

#[test]
fn the_table_of_limits_is_where_and_until_when_one_is_taken() {
    compare(["until", "from", "after", "at", "taken"], |[until, from, after, at, _]| {
        let number = |text: &str| text.parse::<i64>().unwrap();
        let expires = (*until != "-").then(|| NOW.plus(number(until)));
        let networks = match *from {
            "-" => Vec::new(),
            "too many" => vec!["192.0.2.0/24".parse().unwrap(); NETWORKS_MAX + 1],
            networks => networks.split(", ").map(|network| network.parse().unwrap()).collect(),
        };
        match Limits::new(expires, networks, NOW) {
            Err(LimitsError::Past) => "not made: its end is past".to_owned(),
            Err(LimitsError::Networks) => "not made: too many networks".to_owned(),
            Ok(limits) => {
                let account = account("protected");
                let sealed = crate::accounts::sealed(NOW);
                let made = AppPassword::keep(&crate::accounts::app_password(), &account.mailbox, sealed, NOW);
                let it = made.within(limits);
                let address = (*at != "-").then(|| at.parse().unwrap());
                let is_taken = it.is_taken_from(address) && !it.has_expired(NOW.plus(number(after)));
                if is_taken { "yes" } else { "no" }.to_owned()
            }
        }
    });
    assert!(platform("on").enabled);
}

#[test]
fn they_are_of_use_where_there_are_some_or_a_mail_server_can_be_asked() {
    let without = account("protected");
    let with = crate::accounts::with_app_password(&without, "");
    assert_eq!(
        [are_of_use(&without, false), are_of_use(&without, true), are_of_use(&with, false)],
        [false, true, true]
    );
}

#[test]
fn the_fourth_wrong_password_within_a_quarter_of_an_hour_is_not_tried() {
    let mut tries = PasswordTries::default();
    assert_eq!([(); 5].map(|()| tries.take()), [true, true, true, false, false]);
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);
    assert!(password_tries::count_after(minutes(14)) && !password_tries::count_after(minutes(15)));
}
