//! The table of what it comes to when users remove a method of theirs.

use crate::accounts::platform;
use crate::document::compare;
use crate::offers::with_methods;
use postern_rules::decide::own::{Removal, removal};

#[test]
fn the_table_of_removals_is_what_they_come_to() {
    compare(["platform", "methods", "with", "removed"], |[column, methods, with, _]| {
        let account = with_methods(methods);
        assert!(account.factors.iter().any(|factor| factor.id == *with), "{methods}: {with}");
        match removal(&account, &platform(column), with) {
            Removal::Free => "others are left",
            Removal::SwitchesOff => "the second factor is off",
            Removal::Kept => "stays",
        }
        .to_owned()
    });
}
