//! The table of requests for a reset.

use crate::accounts::{NOW, RIGHT, account, after, platform};
use crate::document::compare;
use crate::events::{Event, decide};
use postern_rules::Channel;
use postern_rules::request::{NotApproved, Opened};
use postern_rules::source::Source;

#[test]
fn the_table_of_requests_is_what_may_be_approved() {
    compare(["request-wait", "after", "since then", "approved"], |[wait, hours, since, _]| {
        let mut platform = platform("on");
        platform.policy.set("request-wait", wait).unwrap();
        let account = account("protected");
        let opened = Opened::now(&account, NOW);
        let now = NOW.plus(hours.parse::<i64>().unwrap() * 3600);
        let answer = |code| Event::Answer {
            channel: Channel::Webmail,
            method: None,
            code,
            window: 1,
            session: None,
            source: Source::default(),
            trust: false,
        };
        let account = match *since {
            "nothing" => account,
            "a wrong code" => after(&account, answer("000000")),
            "a right code" => {
                let later = NOW.plus(1);
                decide(&account, &platform, answer(RIGHT), later).next.unwrap()
            }
            "an app password is made" => crate::accounts::with_app_password(&account, ""),
            "a suspension" => after(&account, Event::Suspend(1)),
            "a reset" => after(&account, Event::Reset { enrolment_code: None }),
            "a removal" => after(&account, Event::Remove),
            other => panic!("{other:?}"),
        };
        match opened.may_be_approved(&account, &platform.policy, now) {
            Ok(()) => "yes".to_owned(),
            Err(NotApproved::Over) => "no: it is over".to_owned(),
            Err(NotApproved::TooSoon(ready)) => {
                assert_eq!(ready, NOW.plus(3600 * wait.parse::<i64>().unwrap()));
                "no: too soon".to_owned()
            }
        }
    });
}
