//! The metrics, and where they are served.

use crate::authenticator::wrong_code;
use crate::calls::Refuses;
use crate::home::Home;
use crate::messages::field_of;
use crate::people::ALICE;
use crate::post::Post;
use postern_wire::admin::{Action, Status};
use postern_wire::auth::{AskVerdict, Channel, Enrol, EnrolVerdict, FieldVerdict, Reason};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

/// Number of successive wrong codes that lock a channel.
const FAILURES: u64 = 5;
/// Daily budget of messages without a configured value.
const TEXTS: u64 = 1000;
const MAILS: u64 = 5000;

/// Returns the current page of the metrics.
pub(crate) fn page(home: &Home) -> String {
    let mut stream = UnixStream::connect(home.metrics()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let (head, page) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    page.to_owned()
}

/// Returns a value on a page; none if it is not there.
fn number(page: &str, name: &str) -> Option<u64> {
    page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Checks values: an event is counted before its answer is sent.
#[track_caller]
fn shows(home: &Home, wanted: &[(&str, u64)]) {
    let page = page(home);
    for (name, value) in wanted {
        assert_eq!(number(&page, name), Some(*value), "{name}\n{page}");
    }
}

#[test]
fn what_people_and_administrators_do_is_counted() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    shows(
        &home,
        &[
            ("postern_build_info{version=\"0.1.0\"}", 1),
            ("process_start_time_seconds", home.clock().now().unsigned_abs()),
            ("postern_store_writable", 1),
            ("postern_account_changes_total{change=\"enrolled\"}", 0),
            ("postern_asks_total{door=\"webmail\",answer=\"challenge\"}", 0),
        ],
    );
    let alice = posternd.enrolled(ALICE);
    shows(
        &home,
        &[
            ("postern_account_changes_total{change=\"enabled\"}", 1),
            ("postern_account_changes_total{change=\"enrolled\"}", 1),
            ("postern_account_changes_total{change=\"locked\"}", 0),
        ],
    );

    assert!(matches!(posternd.ask_at(ALICE, Channel::Webmail), AskVerdict::Challenge { .. }));
    home.clock().advance(30);
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
    assert_eq!(posternd.answer(ALICE, alice.backup_codes[0].as_str()).reason(), None);
    home.clock().advance(30);
    let field = format!("password{}", posternd.code(&alice));
    let verdict: FieldVerdict = posternd.front("AnswerField", &field_of(ALICE, Channel::Imap, &field));
    assert!(matches!(verdict, FieldVerdict::Accepted { .. }), "{verdict:?}");
    assert!(matches!(posternd.ask_at("nobody at all", Channel::Pam), AskVerdict::Refused(_)));
    let wrong = wrong_code(&alice.secret, home.clock().now());
    for _ in 0..=FAILURES {
        assert!(posternd.answer(ALICE, &wrong).reason().is_some());
    }
    posternd.change(ALICE, Action::Reset).unwrap();
    assert!(posternd.change("eve@elsewhere.example", Action::Reset).is_err());
    let seen = page(&home);
    shows(
        &home,
        &[
            ("postern_asks_total{door=\"webmail\",answer=\"challenge\"}", 1),
            ("postern_asks_total{door=\"pam\",answer=\"refused\"}", 1),
            ("postern_accepted_total{door=\"webmail\",method=\"totp\"}", 1),
            ("postern_accepted_total{door=\"webmail\",method=\"backup\"}", 1),
            ("postern_accepted_total{door=\"imap\",method=\"totp\"}", 1),
            ("postern_refused_total{door=\"pam\",reason=\"name\"}", 1),
            ("postern_refused_total{door=\"webmail\",reason=\"wrong\"}", FAILURES),
            ("postern_refused_total{door=\"webmail\",reason=\"locked\"}", 1),
            ("postern_account_changes_total{change=\"locked\"}", 1),
            ("postern_account_changes_total{change=\"reset\"}", 1),
            ("postern_admin_calls_total{outcome=\"failed\"}", 1),
            ("postern_calls_running{socket=\"auth\"}", 0),
        ],
    );
    // Acknowledged changes have waited for the disk.
    let commits = number(&seen, "postern_store_commit_seconds_count{outcome=\"done\"}").unwrap();
    let batches = number(&seen, "postern_store_batches_total").unwrap();
    assert!(commits >= batches && batches > FAILURES, "{commits} {batches}");
    // Neither names nor typed values.
    for never in ["alice", "eve", "nobody", "example.com", &alice.backup_codes[0], &alice.secret] {
        assert!(!seen.contains(never), "{never}\n{seen}");
    }
    // There is no sender, so no remaining budget is shown.
    assert!(!seen.contains("postern_messages_budget_left{"), "{seen}");
}

#[test]
fn metrics_are_shown_to_this_host_or_not_at_all() {
    let home = Home::new(Default::default());
    let config = std::fs::read_to_string(home.path("posternd.toml")).unwrap();
    let listening = |place: &str| {
        let place = format!("listen = {place:?}");
        let ours = format!("listen = {:?}", home.metrics());
        std::fs::write(home.path("posternd.toml"), config.replace(&ours, &place)).unwrap();
    };
    listening("0.0.0.0:9765");
    let refused = home.output(&["--check"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("would tell other hosts"), "{said}");
    assert!(home.try_start().is_err());
    // If the address cannot be bound, the start fails with an error that says why.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listening(&taken.local_addr().unwrap().to_string());
    let said = home.try_start().err().unwrap_or_default();
    assert!(said.contains("metrics cannot be shown at 127.0.0.1"), "{said}");
    listening("/nonexistent/metrics.sock");
    assert!(home.try_start().is_err());
    // Without the table there is no listener.
    std::fs::write(home.path("posternd.toml"), config.replace("[metrics]", "").replace(&listen_line(&home), ""))
        .unwrap();
    let posternd = home.start();
    assert!(posternd.order::<Status>("Status", &postern_wire::admin::Empty {}).is_ok());
    assert!(UnixStream::connect(home.metrics()).is_err());
    posternd.stop();
}

fn listen_line(home: &Home) -> String {
    format!("listen = {:?}", home.metrics())
}

#[test]
fn messages_are_counted_and_what_is_left_of_them() {
    let post = Post::new();
    let posternd = post.home.start_with_platform();
    posternd.enable(ALICE);
    let left = |sender: &str| format!("postern_messages_budget_left{{sender=\"{sender}\"}}");
    shows(&post.home, &[(&left("sms"), TEXTS), (&left("mail"), MAILS)]);
    let begin = |kind: &str, to: &str| Enrol {
        name: ALICE.to_owned(),
        kind: Some(kind.to_owned()),
        to: Some(to.to_owned()),
        ..Enrol::default()
    };
    let verdict: EnrolVerdict = posternd.front("Enrol", &begin("sms", "+44612345678"));
    assert!(matches!(verdict, EnrolVerdict::Sent { .. }), "{verdict:?}");
    let sent =
        |sender: &str, outcome: &str| format!("postern_messages_total{{sender=\"{sender}\",outcome=\"{outcome}\"}}");
    shows(
        &post.home,
        &[(&sent("sms", "sent"), 1), (&sent("mail", "sent"), 0), (&left("sms"), TEXTS - 1), (&left("mail"), MAILS)],
    );
    assert!(!page(&post.home).contains("44612345678"));
    // A program that fails: it is unknown whether a message was sent, so it counts.
    std::fs::write(post.home.post().join("send-sms"), "#!/bin/sh\nexit 1\n").unwrap();
    post.home.clock().advance(60);
    let verdict: EnrolVerdict = posternd.front("Enrol", &begin("sms", "+44612345679"));
    assert_eq!(verdict.reason(), Some(Reason::NotSent));
    shows(
        &post.home,
        &[(&sent("sms", "unavailable"), 1), ("postern_refused_total{door=\"webmail\",reason=\"not_sent\"}", 1)],
    );
    posternd.stop();
    // This is counted in the store, everything else since the start.
    let _posternd = post.home.start();
    shows(&post.home, &[(&sent("sms", "sent"), 0)]);
    assert!(number(&page(&post.home), &left("sms")).unwrap() < TEXTS);
}
