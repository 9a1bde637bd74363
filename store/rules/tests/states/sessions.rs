//! The table of sessions: what they rest on, and what ends them.

use crate::accounts::{
    NOW, account, after, another_totp, platform, random, signed_in_at_home, with_app_password, wrong,
};
use crate::document::compare;
use crate::events::Event;
use postern_rules::proof::DAY;
use postern_rules::session_life::lives;
use postern_rules::standing::{Holder, may_end_sessions};
use postern_rules::{Account, Channel, Standing, Time};

/// An account, and what a session of it rests on.
fn open(rests_on: &str) -> (Account, Standing) {
    let not_required = |state, channel| {
        let account = account(state);
        let standing = Standing::NotRequired(channel, account.epoch);
        (account, standing)
    };
    match rests_on {
        "a factor" => {
            let event = Event::AddTotp { totp: another_totp(), description: "", random: random() };
            let account = after(&account("protected"), event);
            let standing = Standing::verified(&account);
            (account, standing)
        }
        "nothing required" => not_required("off", Channel::Webmail),
        "nothing required at imap" => not_required("off", Channel::Imap),
        "a suspension" => not_required("suspended", Channel::Webmail),
        "a trusted browser" => {
            let account = signed_in_at_home(account("protected"), true);
            let browser = account.browsers.iter().next().unwrap().id.clone();
            let standing = Standing::Trusted { epoch: account.epoch, browser };
            (account, standing)
        }
        "an app password" => {
            let account = with_app_password(&account("protected"), "");
            let it = &account.app_passwords[0];
            let standing = Standing::app_password(&it.id, it.created, &it.sealed);
            (account, standing)
        }
        other => panic!("{other:?}"),
    }
}

/// The account after something has happened, and when that is.
fn then(mut account: Account, what: &str) -> (Account, Time) {
    let event = match what {
        "five wrong codes" => return ((0..5).fold(account, |account, _| after(&account, wrong())), NOW),
        "an hour" => return (account, NOW.plus(3600)),
        "29 days" => return (account, NOW.plus(29 * DAY)),
        "30 days" => return (account, NOW.plus(30 * DAY)),
        "a day" => return (account, NOW.plus(DAY)),
        "its end comes" => {
            account.app_passwords[0].expires = Some(NOW.plus(60));
            return (account, NOW.plus(60));
        }
        "trust is revoked" => {
            let proof = postern_rules::Proof::of(&account, None, NOW);
            let id = account.browsers.iter().next().unwrap().id.clone();
            return (after(&account, Event::RevokeTrust { id: &id, proof: &proof }), NOW);
        }
        "it is revoked" => {
            let id = account.app_passwords[0].id.clone();
            return (after(&account, Event::RevokeAppPassword { id: &id, proof: None }), NOW);
        }
        "a method is removed" => {
            let id = account.factors[0].id.clone();
            return (after(&account, Event::RemoveFactor(&id)), NOW);
        }
        "a reset" => Event::Reset { enrolment_code: None },
        "a removal" => Event::Remove,
        "enabling" => Event::Enable { enrolment_code: None },
        "a suspension" => Event::Suspend(1),
        "resuming" => Event::Resume,
        "nothing" | "the name is foreign" | "the name is refused" => return (account, NOW),
        other => panic!("{other:?}"),
    };
    (after(&account, event), NOW)
}

#[test]
fn the_table_of_sessions_is_what_is_over() {
    compare(["platform", "rests on", "then", "session"], |[column, rests_on, what, _]| {
        let platform = platform(column);
        let (before, standing) = open(rests_on);
        let (account, now) = then(before.clone(), what);
        let holder = match *what {
            "the name is foreign" => Holder::Foreign,
            "the name is refused" => Holder::Nobody,
            _ => Holder::Account(&account, &platform),
        };
        let is_over = standing.is_over(&holder, now);
        assert_eq!(Standing::parse(&standing.to_string()), Some(standing));
        // Where a change of the account has ended one, the fronts are told to ask.
        let is_changed = account != before && !account.unlisted;
        assert!(
            !is_over || !is_changed || what.starts_with("its end") || may_end_sessions(Some(&before), &account, now)
        );
        if is_over { "is over" } else { "goes on" }.to_owned()
    });
}

#[test]
fn the_table_of_lives_is_how_long_a_session_lasts() {
    compare(["at", "what", "lasts at most"], |[at, what, _]| {
        let channel = Channel::ALL.into_iter().find(|channel| channel.as_str() == *at).unwrap();
        let Some(lives) = lives(channel) else { return "the connection".to_owned() };
        // The proof of a sign-in is good for as long as its session.
        assert!(i64::from(lives.whole) <= postern_rules::proof::SHOWS);
        let seconds = match *what {
            "a sign-in after the password" => lives.sign_in,
            "new backup codes, shown at the first set-up" => lives.saving,
            "a session that is not used" => lives.idle,
            "a session in all" => lives.whole,
            other => panic!("{other:?}"),
        };
        format!("{} minutes", seconds / 60)
    });
}
