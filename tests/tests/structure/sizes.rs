//! How long files, functions and crates are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::visit::{self, Visit};

use super::modules::{Crate, is_for_tests, parse};
use super::sources::{Package, root, rust_files};

/// Lines that a file may have.
pub(crate) const FILE: usize = 600;
/// Lines that the median file may have.
pub(crate) const MEDIAN: usize = 160;
/// Lines that a function may have, from `fn` to its last brace.
pub(crate) const FUNCTION: usize = 80;
/// Lines that a crate may have, without its tests.
pub(crate) const CRATE: usize = 9000;

/// How long something is: a file by its path, a function by path and name, a crate by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size {
    pub(crate) lines: usize,
    pub(crate) what: String,
}

/// Every file, the longest first.
pub(crate) fn of_files() -> Vec<Size> {
    let size = |path: &PathBuf| Size { lines: lines(path), what: shown(path) };
    sorted(all_files().iter().map(size).collect())
}

/// Every function, the longest first.
pub(crate) fn of_functions() -> Vec<Size> {
    let mut sizes = Vec::new();
    for path in all_files() {
        let mut reader = Functions { file: shown(&path), sizes: &mut sizes };
        reader.visit_file(&parse(&path));
    }
    sorted(sizes)
}

/// Every package without its tests, the longest first.
pub(crate) fn of_crates(packages: &[Package]) -> Vec<Size> {
    let size = |package: &Package| {
        let mut of = BTreeSet::new();
        for target in package.targets.iter().filter(|target| target.is_product) {
            of.extend(Crate::read(&target.root_file).files().keys().map(|path| path.to_path_buf()));
        }
        Size { lines: of.iter().map(|path| lines(path) - lines_of_tests(path)).sum(), what: package.name.clone() }
    };
    sorted(packages.iter().map(size).collect())
}

fn sorted(mut sizes: Vec<Size>) -> Vec<Size> {
    sizes.sort_by(|one, other| other.cmp(one));
    sizes
}

fn all_files() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    rust_files(&root(), &mut paths);
    paths
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).expect("UTF-8").lines().count()
}

/// The lines of a file that are there for its tests.
fn lines_of_tests(path: &Path) -> usize {
    let lines = |item: &syn::Item| match item {
        syn::Item::Mod(of) if is_for_tests(&of.attrs) => {
            let end = of.content.as_ref().map(|(brace, _)| brace.span.close());
            span_lines(of.mod_token.span, end.unwrap_or(of.mod_token.span)) + of.attrs.len()
        }
        _ => 0,
    };
    parse(path).items.iter().map(lines).sum()
}

fn span_lines(from: Span, to: Span) -> usize {
    to.end().line + 1 - from.start().line
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Collects the functions of a file.
struct Functions<'a> {
    file: String,
    sizes: &'a mut Vec<Size>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = span_lines(signature.fn_token.span, block.brace_token.span.close());
        self.sizes.push(Size { lines, what: format!("{} {}", self.file, signature.ident) });
    }
}

impl Visit<'_> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
