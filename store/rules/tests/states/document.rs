//! Reading the document.

/// The document.
pub(crate) const TEXT: &str = include_str!("../../../../docs/states.md");

/// The rows of the one table that has these columns.
pub(crate) fn table<const N: usize>(columns: [&str; N]) -> Vec<[&'static str; N]> {
    let header = format!("| {} |", columns.join(" | "));
    let rows: Vec<[&str; N]> = rows_below(&header).collect();
    assert!(!rows.is_empty(), "docs/states.md has no table with {header}");
    rows
}

/// The rows of all tables with this header.
fn rows_below<const N: usize>(header: &str) -> impl Iterator<Item = [&'static str; N]> {
    let tables = TEXT.split("\n\n").filter_map(move |part| part.strip_prefix(header)).collect::<Vec<_>>();
    tables.into_iter().flat_map(|table| table.trim().lines().skip(1)).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        cells.try_into().unwrap_or_else(|_| panic!("{line}"))
    })
}

/// Compares what the rules say with what each row of a table says, which is in its last column.
#[track_caller]
pub(crate) fn compare<const N: usize>(columns: [&str; N], said: impl Fn(&[&'static str; N]) -> String) {
    let wrong: Vec<String> = table(columns)
        .into_iter()
        .filter_map(|row| {
            let said = said(&row);
            (said != row[N - 1]).then(|| format!("{}: {said}", row[..N - 1].join(" | ")))
        })
        .collect();
    assert!(wrong.is_empty(), "docs/states.md says otherwise than the rules:\n{}", wrong.join("\n"));
}
