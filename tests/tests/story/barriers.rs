//! axe-core's judgement of the page that a browser shows.

use postern_tests::axe;
use postern_tests::browser::Browser;

/// axe-core finds no fault with the page, of any impact.
pub(super) async fn has_no_barrier(browser: &Browser, page: &str) {
    let found = axe::judge(browser).await.unwrap();
    assert!(found.is_empty(), "{page}: {found:#?}");
}
