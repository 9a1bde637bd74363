//! The table of how often something may happen.

use crate::accounts::{NOW, account, platform};
use crate::document::table;
use postern_rules::message_cap::{Medium, day, one_more};
use postern_rules::proof::{CHANGES_A_DAY, WORDS_A_DAY};
use postern_rules::request::REQUESTS_A_DAY;
use postern_rules::throttle::{self, Throttle};
use postern_rules::{Channel, alias, app_password, factor, password_tries, sent};

#[test]
fn the_table_of_caps_is_how_often() {
    let number = |most: usize| most.to_string();
    for [what, most, within] in table(["what", "most", "within"]) {
        let said = match what {
            "wrong passwords of a mailbox that are tried to make an app password" => {
                (password_tries::MAX.to_string(), format!("{} minutes", password_tries::SPAN.as_secs() / 60))
            }
            "texts to one number" => (Medium::Text.to_one_recipient().to_string(), "a day".to_owned()),
            "mails to one address" => (Medium::Mail.to_one_recipient().to_string(), "a day".to_owned()),
            "codes that are sent for an account" => (number(sent::A_DAY), "24 hours".to_owned()),
            "codes that are sent to one number or address for an account" => {
                ("1".to_owned(), format!("{} seconds", sent::AGAIN))
            }
            "wrong answers to one code that was sent" => (sent::MISSES.to_string(), "-".to_owned()),
            "changes that a user makes of their account" => (number(CHANGES_A_DAY), "24 hours".to_owned()),
            "changes of words that a user makes" => (number(WORDS_A_DAY), "24 hours".to_owned()),
            "requests for a reset of an account" => (number(REQUESTS_A_DAY), "24 hours".to_owned()),
            "wrong codes in a row at the webmail" => (budget(Channel::Webmail), "-".to_owned()),
            "wrong codes in a row at imap and pop3 together" => {
                assert_eq!(Channel::Imap.budget(), Channel::Pop3.budget());
                (budget(Channel::Imap), "-".to_owned())
            }
            "wrong codes in a row at pam" => (budget(Channel::Pam), "-".to_owned()),
            "wrong codes in a row that cost nothing" => (throttle::FREE.to_string(), "-".to_owned()),
            "methods of an account" => (number(factor::FACTORS_MAX), "-".to_owned()),
            "app passwords of an account" => (number(app_password::APP_PASSWORDS_MAX), "-".to_owned()),
            "networks of an app password" => (number(app_password::NETWORKS_MAX), "-".to_owned()),
            "aliases of a mailbox" => (number(alias::ALIASES_MAX), "-".to_owned()),
            other => panic!("{other:?}"),
        };
        assert_eq!((most, within), (said.0.as_str(), said.1.as_str()), "{what}");
    }
    assert!(platform("on").enabled && account("off").unlisted);
}

/// As many as may be wrong until only an administrator opens the channel.
fn budget(channel: Channel) -> String {
    let failed = |count: &u32| (0..*count).fold(Throttle::default(), |throttle, _| throttle.failed(NOW));
    let is_closed = |count: &u32| failed(count).lock(channel.budget(), NOW.plus(i64::MAX / 2)).is_some();
    (1..=throttle::BOUND).find(is_closed).unwrap().to_string()
}

#[test]
fn a_day_of_messages_is_a_day_of_utc() {
    assert_eq!((one_more(0, 2), one_more(1, 2), one_more(2, 2), one_more(3, 2)), (Some(1), Some(2), None, None));
    let midnight = postern_rules::Time(86_400 * 20_000);
    assert_eq!((day(midnight.plus(-1)), day(midnight), day(midnight.plus(86_399))), (19_999, 20_000, 20_000));
}
