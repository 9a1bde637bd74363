//! More people at their prompts than the daemon has places.

use postern_tests::pam::{Hosts, Session};
use postern_wire::Client;
use postern_wire::auth::{self, Ask, AskVerdict, Channel, Origin};
use std::time::Duration;

/// More than the 1,024 connections that the daemon takes.
const PROMPTS: usize = 1100;
/// Files of a Python that does nothing.
const FILES: usize = 64;
/// How long a front waits for a verdict.
const FRONT_DEADLINE: Duration = Duration::from_secs(5);
/// PAM_CONV_ERR in numbers (`_pam_types.h`): nothing was typed.
const CONV_ERR: i32 = 19;

#[test]
fn open_prompts_keep_nobody_out() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", "auth required POSTERN\nauth required pam_permit.so").unwrap();
    let crowd = Session::new(&hosts, "prompt").crowd(PROMPTS).unwrap();
    assert_eq!(crowd.prompted, PROMPTS, "{:#?}", hosts.audit().unwrap());
    assert!(crowd.fds < FILES, "{} files are open", crowd.fds);

    let mut front = Client::connect(&hosts.world.files.auth_socket, FRONT_DEADLINE).unwrap();
    let ask =
        Ask { name: hosts.alice.name.clone(), channel: Channel::Webmail, origin: Origin::default(), ..Ask::default() };
    let verdict: AskVerdict = front.call(auth::INTERFACE, "Ask", &ask).unwrap();
    assert!(matches!(verdict, AskVerdict::Challenge { .. }), "{verdict:?}");
    let code = hosts.code().unwrap();
    assert_eq!(Session::new(&hosts, "prompt").typing(&[&code]).run().unwrap().codes, [0]);

    let ended = crowd.go_on().unwrap();
    assert!(ended.parallel.len() == PROMPTS && ended.parallel.iter().all(|code| *code == CONV_ERR), "{ended:?}");
}
