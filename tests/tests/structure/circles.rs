//! Which file of a crate imports which, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::modules::{Crate, Import, Named};

/// How many imports lead from one to the next, before it is taken for a circle of `use`.
const DEPTH: usize = 16;

/// One file imports another: the line where it does so first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrow {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    pub(crate) line: usize,
    /// `crate::session::Store`.
    pub(crate) path: String,
}

/// A circle: each arrow begins where the one before it ends, and the last ends where the first begins.
#[derive(Debug)]
pub(crate) struct Circle(pub(crate) Vec<(Arrow, String)>);

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (_, name) in &self.0 {
            write!(f, "{name} → ")?;
        }
        writeln!(f, "{}", self.0[0].1)?;
        for (arrow, _) in &self.0 {
            writeln!(f, "    {}:{}: {}", arrow.from.display(), arrow.line, arrow.path)?;
        }
        Ok(())
    }
}

/// What a path leads to.
enum Found {
    Module(usize),
    /// Something that this module declares, or shows by a `pub use`.
    Item(usize),
}

/// Every arrow between the files of a crate.
pub(crate) fn arrows(of: &Crate) -> Vec<Arrow> {
    let mut arrows: BTreeMap<(usize, usize), (usize, String)> = BTreeMap::new();
    let mut add = |from: usize, to: usize, named: &Named| {
        if of.modules[from].file != of.modules[to].file {
            let line = (named.line, named.path.join("::"));
            arrows.entry((from, to)).and_modify(|first| *first = line.clone().min(first.clone())).or_insert(line);
        }
    };
    for (number, module) in of.modules.iter().enumerate() {
        for import in &module.names.imports {
            match of.find(number, &import.of.path, true, 0) {
                // A parent that shows what its children have does not use it.
                Some(Found::Item(to) | Found::Module(to)) if import.is_shown && of.is_below(to, number) => {}
                Some(Found::Item(to)) => add(number, to, &import.of),
                // Where a module is imported, what counts is what is named by it; `*` names all of it.
                Some(Found::Module(to)) if import.name.is_none() => add(number, to, &import.of),
                _ => {}
            }
        }
        for named in &module.names.paths {
            if let Some(Found::Item(to)) = of.find(number, &named.path, false, 0) {
                add(number, to, named);
            }
        }
    }
    let mut by_file: BTreeMap<(PathBuf, PathBuf), (usize, String)> = BTreeMap::new();
    for ((from, to), line) in arrows {
        let files = (of.modules[from].file.clone(), of.modules[to].file.clone());
        by_file.entry(files).and_modify(|first| *first = line.clone().min(first.clone())).or_insert(line);
    }
    by_file.into_iter().map(|((from, to), (line, path))| Arrow { from, to, line, path }).collect()
}

impl Crate {
    /// What a path leads to that stands in a module. `None` is what is not of this crate, and what is not known.
    fn find(&self, module: usize, path: &[String], is_import: bool, depth: usize) -> Option<Found> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => 0,
            "self" => module,
            "super" => self.modules[module].parent?,
            name => match self.look_up(module, name, depth)? {
                Found::Module(at) => at,
                Found::Item(at) => return Some(Found::Item(at)),
            },
        };
        while let Some((name, behind)) = rest.split_first() {
            rest = behind;
            at = match name.as_str() {
                "self" => at,
                "super" => self.modules[at].parent?,
                name => match self.look_up(at, name, depth) {
                    Some(Found::Module(at)) => at,
                    Some(Found::Item(at)) => return Some(Found::Item(at)),
                    // A macro has made it. (What is not a path of this crate has not come so far.)
                    None if at == module && !is_import => return None,
                    None => return Some(Found::Item(at)),
                },
            };
        }
        Some(Found::Module(at))
    }

    /// What a name means in a module.
    fn look_up(&self, module: usize, name: &str, depth: usize) -> Option<Found> {
        let here = &self.modules[module];
        if depth > DEPTH {
            return None;
        }
        if let Some(child) = here.children.get(name) {
            return Some(Found::Module(*child));
        }
        if here.names.items.contains(name) {
            return Some(Found::Item(module));
        }
        let named = here.names.imports.iter().filter(|import| import.name.as_deref() == Some(name));
        // `use serde::serde` names itself no further.
        let named = named.filter(|import| import.of.path.first().is_none_or(|first| first != name));
        if let Some(found) = named.filter_map(|import| self.follow(module, import, depth)).next() {
            return Some(found);
        }
        for import in here.names.imports.iter().filter(|import| import.name.is_none()) {
            if let Some(Found::Module(of)) = self.find(module, &import.of.path, true, depth + 1)
                && of != module
                && let Some(found) = self.look_up(of, name, depth + 1)
            {
                return Some(self.seen_through(module, found));
            }
        }
        let of_macro = || self.modules.iter().position(|module| module.names.macros.contains(name));
        of_macro().map(Found::Item)
    }

    fn follow(&self, module: usize, import: &Import, depth: usize) -> Option<Found> {
        let found = self.find(module, &import.of.path, true, depth + 1)?;
        Some(self.seen_through(module, found))
    }

    /// A parent that shows what its children have is seen through; of any other module it is its own, whatever it is.
    fn seen_through(&self, module: usize, found: Found) -> Found {
        match found {
            Found::Item(of) if !self.is_below(of, module) => Found::Item(module),
            found => found,
        }
    }

    fn is_below(&self, module: usize, parent: usize) -> bool {
        let mut at = self.modules[module].parent;
        while let Some(number) = at {
            if number == parent {
                return true;
            }
            at = self.modules[number].parent;
        }
        false
    }
}

/// Circles of a crate, the shortest first. No arrow is in two of them, and without them there is none: of circles that
/// share an arrow the others show when this one is gone.
pub(crate) fn circles(of: &Crate, root: &Path) -> Vec<Circle> {
    let files = of.files();
    let name = |file: &Path| match files.get(file).map(|module| module.path.join("::")) {
        Some(path) if !path.is_empty() => path,
        _ => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let mut left = arrows(of);
    let mut circles = Vec::new();
    loop {
        let found: Vec<Vec<usize>> = (0..left.len()).filter_map(|first| shortest(&left, first)).collect();
        let Some(circle) = found.iter().min_by_key(|circle| circle.len()) else { break };
        let circle: Vec<Arrow> = circle.iter().map(|arrow| left[*arrow].clone()).collect();
        // What is in no circle now will be in none.
        left = left
            .into_iter()
            .enumerate()
            .filter(|(arrow, _)| found.iter().flatten().any(|other| other == arrow))
            .map(|(_, arrow)| arrow)
            .collect();
        left.retain(|arrow| !circle.contains(arrow));
        let shown = |arrow: Arrow| {
            let name = name(&arrow.from);
            let from = arrow.from.strip_prefix(root).map_or(arrow.from.clone(), Path::to_owned);
            (Arrow { from, ..arrow }, name)
        };
        circles.push(Circle(circle.into_iter().map(shown).collect()));
    }
    circles
}

/// The shortest circle that an arrow is in.
fn shortest(arrows: &[Arrow], first: usize) -> Option<Vec<usize>> {
    // By which arrow, and after which one of the list, a file was reached.
    let mut reached = vec![(first, None)];
    let mut seen = BTreeSet::from([&arrows[first].to]);
    for at in 0.. {
        let (arrow, _) = *reached.get(at)?;
        if arrows[arrow].to == arrows[first].from {
            let back = std::iter::successors(Some(at), |at| reached[*at].1);
            let mut circle: Vec<usize> = back.map(|at| reached[at].0).collect();
            circle.reverse();
            return Some(circle);
        }
        for (next, _) in arrows.iter().enumerate().filter(|(_, next)| next.from == arrows[arrow].to) {
            if seen.insert(&arrows[next].to) {
                reached.push((next, Some(at)));
            }
        }
    }
    None
}
