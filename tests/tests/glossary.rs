//! `docs/glossary.md` names the types of the code as they are.

use std::fs;

use postern_tests::binaries::workspace;

use crate::structure::rust_files;

/// The words between backticks in the last column of each row.
fn named(glossary: &str) -> impl Iterator<Item = &str> {
    let rows = glossary.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|')?.rsplit('|').next());
    rows.flat_map(|column| column.split('`').skip(1).step_by(2))
}

#[test]
fn every_type_that_the_glossary_names_is_declared() {
    let mut paths = Vec::new();
    ["store", "imap_proxy", "pam_module"].iter().for_each(|name| rust_files(&workspace().join(name), &mut paths));
    let sources: String = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let words: Vec<&str> = sources.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let is_declared = |name: &str| {
        words.windows(2).any(|pair| ["struct", "enum", "trait", "type"].contains(&pair[0]) && pair[1] == name)
    };
    let glossary = fs::read_to_string(workspace().join("docs/glossary.md")).unwrap();
    let names: Vec<&str> = named(&glossary).collect();
    assert!(names.len() > 30, "{names:?}");
    let missing: Vec<_> = names.into_iter().filter(|name| !is_declared(name)).collect();
    assert!(missing.is_empty(), "docs/glossary.md names types that are not there: {missing:?}");
}
