//! The test that finds circles finds them.

use std::fs;
use std::path::Path;

use super::circles::{arrows, circles};
use super::modules::Crate;

/// A crate of these files, and what is found in it.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let of = read(home.path(), files);
    circles(&of, home.path()).iter().map(ToString::to_string).collect()
}

fn read(home: &Path, files: &[(&str, &str)]) -> Crate {
    for (name, text) in files {
        let path = home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Crate::read(&home.join("lib.rs"))
}

#[test]
fn a_circle_is_found_and_printed_with_each_of_its_lines() {
    let found = found(&[
        ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("a.rs", "use crate::b::B;\npub struct A(B);\n"),
        ("b/mod.rs", "mod d;\npub use d::B;\n"),
        ("b/d.rs", "\npub struct B;\nfn f() { println!(\"{}\", crate::c::C::new(1)) }\n"),
        ("c.rs", "use super::a;\npub struct C(a::A);\n"),
    ]);
    let expected = "a → b::d → c → a\n    a.rs:1: crate::b::B\n    b/d.rs:3: crate::c::C::new\n    c.rs:2: a::A\n";
    assert_eq!(found, [expected]);
}

#[test]
fn each_circle_is_found_once_and_the_shortest_first() {
    let found = found(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub struct A; fn f(_: crate::b::B) {}"),
        ("b.rs", "pub struct B; fn f(_: crate::a::A, _: crate::c::C) {}"),
        ("c.rs", "pub struct C; fn f(_: crate::a::A) { crate::b::f() }"),
    ]);
    let heads: Vec<_> = found.iter().filter_map(|circle| circle.lines().next()).collect();
    assert_eq!(heads, ["a → b → a", "b → c → b"]);
}

/// Ways in which one file comes to use the other, in `a.rs`, where `b.rs` uses `a.rs`.
#[test]
fn every_way_to_name_another_module_is_seen() {
    for a in [
        "use crate::b::B;",
        "use crate::{b::B as Other};",
        "use super::b::*;",
        "use super::b; fn f(_: b::B) {}",
        "fn f() -> Vec<crate::b::B> { Vec::new() }",
        "fn f() { use crate::b::B; }",
        "fn f(x: u8) { match x { crate::b::LIMIT => {} _ => {} } }",
        "fn f() { assert_eq!(1, crate::b::LIMIT); }",
        "fn f() { html! { p { (super::b::LIMIT) } } }",
        "macro_rules! m { () => { $crate::b::LIMIT } }",
        "#[serde(with = \"crate::b\")] struct S; #[serde(with = \"crate::b::hex\")] struct T;",
        "pub use crate::b::B;",
        "mod inner { fn f(_: super::super::b::B) {} }",
        "fn f() { shown_by_b!() }",
    ] {
        let b = "use crate::a::A; pub struct B(A); macro_rules! shown_by_b { () => {} }";
        let a = format!("pub struct A; {a}");
        assert_eq!(found(&[("lib.rs", "mod a; mod b;"), ("a.rs", &a), ("b.rs", b)]).len(), 1, "{a}");
    }
}

#[test]
fn what_is_no_use_of_another_module_is_not_taken_for_one() {
    for a in [
        "#[cfg(test)] mod tests { use crate::b::B; }",
        "#[cfg(test)] use crate::b::B;",
        "#[cfg(all(test, unix))] fn f(_: crate::b::B) {}",
        "pub(in crate::b) struct C;",
        "/// [`crate::b::B`]\nstruct C;",
        "use std::b::B; fn f(_: ::b::B) {}",
        "use super::b;",
        "fn f(b: u8) -> u8 { b }",
    ] {
        let a = format!("pub struct A; {a}");
        let found = found(&[("lib.rs", "mod a; mod b;"), ("a.rs", &a), ("b.rs", "use crate::a::A; pub struct B(A);")]);
        assert!(found.is_empty(), "{a}: {found:?}");
    }
}

#[test]
fn a_parent_that_only_declares_is_no_part_of_a_circle_and_one_that_uses_its_child_is() {
    let child = ("a/b.rs", "use super::Limit; pub struct B(Limit);");
    let parent = |text| [("lib.rs", "pub mod a;"), ("a/mod.rs", text), child];
    assert!(found(&parent("mod b; pub use b::B; pub struct Limit;")).is_empty());
    assert_eq!(found(&parent("mod b; pub use b::B; pub struct Limit; fn f(_: B) {}")).len(), 1);
    assert_eq!(found(&parent("mod b; use b::B; pub struct Limit;")).len(), 1);
    assert_eq!(found(&parent("mod b; pub struct Limit; fn f() { b::f() }")).len(), 1);
}

/// Who imports by the parent imports from the child that has it.
#[test]
fn a_parent_that_shows_what_a_child_has_is_seen_through() {
    let home = tempfile::tempdir().unwrap();
    let of = read(
        home.path(),
        &[
            ("lib.rs", "mod a; pub use a::B;"),
            ("a/mod.rs", "mod b; mod c; pub use b::*;"),
            ("a/b.rs", "pub struct B;"),
            ("a/c.rs", "use crate::B; use super::B as Same;"),
        ],
    );
    let arrows: Vec<_> = arrows(&of).into_iter().map(|arrow| (arrow.from, arrow.to)).collect();
    let path = |name| home.path().join(name);
    assert_eq!(arrows, [(path("a/c.rs"), path("a/b.rs"))]);
}
