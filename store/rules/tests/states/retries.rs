//! The table of the tries of a notice.

use crate::accounts::NOW;
use crate::document::table;
use postern_rules::retry;
use postern_rules::sent::DAY;

#[test]
fn the_table_of_notices_is_what_is_tried() {
    let number = |cell: &str| cell.parse().unwrap();
    let rows: Vec<(u32, i64)> =
        table(["try", "after"]).into_iter().map(|[at, after]| (at.parse().unwrap(), number(after))).collect();
    assert!(rows.len() > 5);
    let mut now = NOW;
    for (number, after) in rows {
        let again = retry::again(NOW, number - 2, now).unwrap();
        assert_eq!(again, now.plus(after), "try {number}");
        assert!(!retry::is_due(again, again.plus(-1)) && retry::is_due(again, again));
        now = again;
    }
    assert!(retry::again(NOW, 9, NOW.plus(12 * 3600 - 1)).is_some());
    assert!(retry::again(NOW, 9, NOW.plus(12 * 3600)).is_none());
    // A clock that steps back and forth does not have it tried for ever.
    assert!(retry::again(NOW, retry::TRIES_MAX, NOW.plus(-DAY)).is_none());
    assert!(retry::is_due(NOW.plus(DAY), NOW), "a clock that was ahead put it there");
}
