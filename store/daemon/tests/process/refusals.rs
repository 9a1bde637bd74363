//! Refusals of invalid commands list the valid values.

use crate::calls::connect;
use crate::home::{Home, Plan};
use crate::people::ALICE;
use postern_wire::CallError;
use postern_wire::admin::{self, Action};
use serde_json::{Value, json};

#[test]
fn hours_outside_the_range_are_refused_with_it() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let before = (posternd.show(ALICE).unwrap(), posternd.audit(None).len());
    for hours in [0, -1, 721, 1_000_000_000, i64::MIN, i64::MAX] {
        let refused = posternd.suspend(ALICE, hours).unwrap_err();
        assert_eq!(refused.reason, "hours");
        assert!(
            refused.message.contains(&format!("{hours} hours are refused: a suspension lasts 1 to 720")),
            "{refused:?}"
        );
    }
    for hours in [json!(1.5), json!("1"), json!([1]), json!(1e19)] {
        let order = json!({ "mailbox": ALICE, "action": "suspend", "hours": hours });
        let error = connect(&home.admin()).call::<Value>(admin::INTERFACE, "ChangeAccount", &order).unwrap_err();
        assert!(matches!(error, CallError::Error(error) if error.name == "org.varlink.service.InvalidParameter"));
    }
    assert!(posternd.change(ALICE, Action::Suspend).unwrap_err().message.contains("1 to 720"));
    assert_eq!((posternd.show(ALICE).unwrap(), posternd.audit(None).len()), before, "nothing was changed");
    for hours in [1, 720] {
        posternd.suspend(ALICE, hours).unwrap();
    }
}

#[test]
fn a_mailbox_outside_every_platform_is_refused_with_the_domains() {
    let home = Home::new(Plan::default());
    let posternd = home.start();
    let refused = posternd.change("alice@exmaple.com", Action::Enable).unwrap_err();
    assert!(refused.message.contains("there is no platform yet. `postern platform create"), "{}", refused.message);
    posternd.make_platform();
    let refused = posternd.change("alice@exmaple.com", Action::Enable).unwrap_err();
    assert_eq!(refused.reason, "foreign_mailbox");
    assert!(refused.message.contains("example.com, xn--mller-kva.example"), "{}", refused.message);
    assert!(refused.message.contains("Did you mean example.com?"), "{}", refused.message);
    assert!(posternd.accounts().is_empty());
    posternd.enable(ALICE);
    let refused = posternd.show("alcie@example.com").unwrap_err();
    assert!(refused.message.contains(&format!("Did you mean {ALICE}?")), "{}", refused.message);
}
