//! The table of who may set something up.

use crate::accounts::{NOW, account, platform, shown_refusal};
use crate::document::compare;
use crate::events::{By, Event, Recipient, Verdict, decide};
use crate::offers::channel;
use postern_rules::contact::PhoneNumber;
use postern_rules::enrolment::{Authority, NoAuthority, authority};
use postern_rules::{Kind, Proof, enrolment_code, ticket};

#[test]
fn the_table_of_who_may_set_up_is_who_may() {
    compare(["platform", "state", "brought", "at", "sets up"], |[column, state, brought, at, _]| {
        let (mut account, platform, channel) = (account(state), platform(column), channel(at));
        let code = enrolment_code::hash("abcd-efgh-jkmn-pqrs");
        let typed = match brought.strip_prefix("the password, ").unwrap_or("") {
            "the code" => Some(enrolment_code::hash("ABCD EFGH jkmnpqrs")),
            "a wrong code" => Some([1; 32]),
            _ => None,
        };
        if !column.contains("no code was given") && (typed.is_some() || brought.contains("a code is wanted")) {
            account.enrolment_code = Some(code);
        }
        let proof = (*brought == "a proof").then(|| Proof::of(&account, None, NOW));
        let said = authority(&account, &platform, channel, (proof, typed), NOW);
        // A code is sent on the same word, and on no other.
        if let Ok(Authority::Password(_)) | Err(NoAuthority::EnrolmentCode) = &said {
            let by = By::Enrolment { channel, epoch: account.epoch, code: typed };
            let to = Recipient::Method(by, Kind::Sms(PhoneNumber::read("+44612345678").unwrap()));
            let send = Event::Send { to, session: [1; 16], replaces: None, code: "123456" };
            let sent = decide(&account, &platform, send, NOW).verdict;
            assert_eq!(matches!(sent, Verdict::Send { .. }), said.is_ok(), "{sent:?}");
        }
        match said {
            Ok(Authority::Password(_)) => "by the password".to_owned(),
            Ok(Authority::Proof(_)) => "by the proof".to_owned(),
            Err(refusal) => format!("refused: {}", shown_refusal(&refusal.into())),
        }
    });
}

#[test]
fn what_was_begun_is_ended_within_its_time_whatever_the_clock_does() {
    for lifetime in [ticket::ENROLMENT, ticket::CHALLENGE] {
        let until = NOW.plus(lifetime);
        for (after, is_current) in [(-301, false), (-300, true), (0, true), (lifetime - 1, true), (lifetime, false)] {
            assert_eq!(ticket::is_current(until, lifetime, NOW.plus(after)), is_current, "{lifetime} {after}");
        }
    }
    assert_eq!((ticket::ENROLMENT, ticket::CHALLENGE), (900, 600));
}
