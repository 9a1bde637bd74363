//! The table of sign-ins by several names.

use crate::document::compare;
use postern_rules::strictest::{Counts, Demand, strictest};

#[test]
fn the_table_of_several_names_is_which_answer_counts() {
    let answer = |cell: &str| -> Option<(Demand, &'static str)> {
        let (demand, of) = cell.split_once(" of ").unwrap_or((cell, ""));
        let demand = match demand {
            "-" => return None,
            "not required" => Demand::Nothing,
            "challenge" => Demand::Factor,
            "locked" => Demand::Blocked,
            "refused" => Demand::Refusal,
            other => panic!("{other:?}"),
        };
        Some((demand, if of == "eve" { "eve@example.com" } else { "bob@example.com" }))
    };
    compare(["first", "second", "third", "counts"], |[first, second, third, _]| {
        match strictest([first, second, third].into_iter().filter_map(|cell| answer(cell))) {
            Counts::Answer(at) => ["first", "second", "third"][at].to_owned(),
            Counts::Conflict => "refused: two mailboxes".to_owned(),
        }
    });
}
