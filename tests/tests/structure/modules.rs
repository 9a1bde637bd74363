//! The modules of a crate as its sources declare them, and what each of them names: its items, its imports and the paths
//! in its code. What is there for tests only does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, UseTree, Visibility};

/// A module: a file, or a `mod name { … }` in one.
#[derive(Debug)]
pub(crate) struct Module {
    /// From the root of the crate, which is empty.
    pub(crate) path: Vec<String>,
    pub(crate) parent: Option<usize>,
    pub(crate) file: PathBuf,
    pub(crate) children: BTreeMap<String, usize>,
    pub(crate) names: Names,
}

/// What a module declares and names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) items: BTreeSet<String>,
    /// `macro_rules!`, which are found by their name alone further down in the crate.
    pub(crate) macros: BTreeSet<String>,
    pub(crate) imports: Vec<Import>,
    /// Paths in the code.
    pub(crate) paths: Vec<Named>,
}

/// A path, and the line that it is on.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// One leaf of a `use`.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    /// By what name it is known here; `None` for `*`.
    pub(crate) name: Option<String>,
    pub(crate) of: Named,
    /// `pub use` and the like: others may name it by this module.
    pub(crate) is_shown: bool,
}

/// All modules of a crate; the first is its root.
#[derive(Debug)]
pub(crate) struct Crate {
    pub(crate) modules: Vec<Module>,
}

impl Crate {
    /// Reads the file of a crate's root and those of the modules that it declares.
    ///
    /// # Panics
    /// When a file is missing or is not Rust.
    pub(crate) fn read(root_file: &Path) -> Crate {
        let mut of = Crate { modules: Vec::new() };
        let directory = root_file.parent().expect("a file is in a directory");
        of.add(Vec::new(), None, root_file, directory, &parse(root_file).items);
        of
    }

    /// Adds a module and those inside it; `directory` is where the files of its children are.
    fn add(
        &mut self,
        path: Vec<String>,
        parent: Option<usize>,
        file: &Path,
        directory: &Path,
        items: &[Item],
    ) -> usize {
        let number = self.modules.len();
        let names = Names::of(items);
        self.modules.push(Module { path, parent, file: file.to_owned(), children: BTreeMap::new(), names });
        for item in items {
            if let Item::Mod(child) = item
                && !is_for_tests(&child.attrs)
            {
                let name = child.ident.to_string();
                let mut path = self.modules[number].path.clone();
                path.push(name.clone());
                let below = directory.join(&name);
                let added = match &child.content {
                    Some((_, items)) => self.add(path, Some(number), file, &below, items),
                    None => {
                        let file = file_of(file, directory, &name, &child.attrs);
                        let is_folder = file.file_name().is_some_and(|name| name == "mod.rs");
                        let below = if is_folder { file.parent().expect("a folder").to_owned() } else { below };
                        let items = if is_elsewhere(&child.attrs) { Vec::new() } else { parse(&file).items };
                        self.add(path, Some(number), &file, &below, &items)
                    }
                };
                self.modules[number].children.insert(name, added);
            }
        }
        number
    }

    /// Every file once, with the path of the module that it is.
    pub(crate) fn files(&self) -> BTreeMap<&Path, &Module> {
        let mut files = BTreeMap::new();
        for module in &self.modules {
            files.entry(module.file.as_path()).or_insert(module);
        }
        files
    }
}

/// The syntax of a file.
pub(crate) fn parse(file: &Path) -> syn::File {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The file of `mod name;`, as the Rust Reference says (Modules, "Module source filenames").
fn file_of(declared_in: &Path, directory: &Path, name: &str, attributes: &[Attribute]) -> PathBuf {
    if let Some(path) = attributes.iter().find_map(path_attribute) {
        return declared_in.parent().expect("a file is in a directory").join(path);
    }
    let beside = directory.join(format!("{name}.rs"));
    if beside.exists() { beside } else { directory.join(name).join("mod.rs") }
}

/// A file of another crate that is compiled into this one too. What it imports is judged in the crate that it belongs to.
fn is_elsewhere(attributes: &[Attribute]) -> bool {
    attributes.iter().filter_map(path_attribute).any(|path| path.starts_with("../"))
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// `#[cfg(test)]`, also as one of the conditions that must all hold.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        let text = list.tokens.to_string();
        list.path.is_ident("cfg") && (text == "test" || text.starts_with("all (test ,"))
    })
}

impl Names {
    fn of(items: &[Item]) -> Names {
        let mut reader = Reader { names: Names::default() };
        for item in items {
            if let Some(name) = name(item) {
                reader.names.items.insert(name);
            }
            reader.visit_item(item);
        }
        reader.names
    }
}

/// By what name an item is known.
fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(of) => &of.ident,
        Item::Enum(of) => &of.ident,
        Item::Fn(of) => &of.sig.ident,
        Item::Static(of) => &of.ident,
        Item::Struct(of) => &of.ident,
        Item::Trait(of) => &of.ident,
        Item::TraitAlias(of) => &of.ident,
        Item::Type(of) => &of.ident,
        Item::Union(of) => &of.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Collects what one module names; modules inside it are read by themselves.
struct Reader {
    names: Names,
}

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        let attributes = match item {
            Item::Const(of) => &of.attrs,
            Item::Enum(of) => &of.attrs,
            Item::Fn(of) => &of.attrs,
            Item::Impl(of) => &of.attrs,
            Item::Macro(of) => &of.attrs,
            Item::Static(of) => &of.attrs,
            Item::Struct(of) => &of.attrs,
            Item::Trait(of) => &of.attrs,
            Item::Type(of) => &of.attrs,
            Item::Use(of) => &of.attrs,
            _ => &Vec::new(),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, _: &syn::ItemMod) {}

    /// `pub(in path)` lets others in, and takes nothing from them.
    fn visit_visibility(&mut self, _: &Visibility) {}

    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if item.leading_colon.is_none() {
            let is_shown = !matches!(item.vis, Visibility::Inherited);
            leaves(&item.tree, &mut Vec::new(), is_shown, &mut self.names.imports);
        }
    }

    fn visit_item_macro(&mut self, item: &syn::ItemMacro) {
        if let Some(name) = &item.ident {
            self.names.macros.insert(name.to_string());
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let line = path.segments.first().map_or(0, |segment| segment.ident.span().start().line);
            self.names.paths.push(Named { path: segments, line });
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(&call.tokens);
    }

    fn visit_meta_list(&mut self, list: &syn::MetaList) {
        self.tokens(&list.tokens);
    }
}

impl Reader {
    /// Paths as far as tokens show them: in the arguments of macros, and in texts of attributes (`with = "crate::hex"`).
    fn tokens(&mut self, tokens: &TokenStream) {
        let mut path: Option<Named> = None;
        // How many colons stand behind the last name, and whether the next name belongs to what was before it.
        let (mut colons, mut is_member) = (0, false);
        for token in tokens.clone() {
            match &token {
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    match path.as_mut().filter(|_| colons == 2) {
                        Some(path) => path.path.push(name),
                        None => {
                            self.names.paths.extend(path.take());
                            let line = token.span().start().line;
                            path = (!is_member && colons != 2).then_some(Named { path: vec![name], line });
                        }
                    }
                    (colons, is_member) = (0, false);
                    continue;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                _ => {}
            }
            self.names.paths.extend(path.take());
            colons = 0;
            is_member = matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '.');
            match &token {
                TokenTree::Group(group) => self.tokens(&group.stream()),
                TokenTree::Literal(text) => self.names.paths.extend(path_in_text(text)),
                _ => {}
            }
        }
        self.names.paths.extend(path);
    }
}

/// A text that is a path of this crate.
fn path_in_text(literal: &proc_macro2::Literal) -> Option<Named> {
    let text = literal.to_string();
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_path = text.starts_with("crate::") || text.starts_with("super::");
    let is_plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':');
    let path = || text.split("::").map(str::to_owned).collect();
    (is_path && is_plain).then(|| Named { path: path(), line: literal.span().start().line })
}

/// What a `use` brings, each name by itself.
fn leaves(tree: &UseTree, before: &mut Vec<String>, is_shown: bool, imports: &mut Vec<Import>) {
    let mut import = |name: Option<String>, last: Option<String>, line: usize| {
        let path = before.iter().cloned().chain(last).collect();
        imports.push(Import { name, of: Named { path, line }, is_shown });
    };
    match tree {
        UseTree::Path(part) => {
            before.push(part.ident.to_string());
            leaves(&part.tree, before, is_shown, imports);
            before.pop();
        }
        // `use a::b::{self}` brings `b`.
        UseTree::Name(part) if part.ident == "self" => {
            import(before.last().cloned(), None, part.ident.span().start().line);
        }
        UseTree::Name(part) => {
            let name = part.ident.to_string();
            import(Some(name.clone()), Some(name), part.ident.span().start().line);
        }
        UseTree::Rename(part) => {
            let of = (part.ident != "self").then(|| part.ident.to_string());
            import(Some(part.rename.to_string()), of, part.ident.span().start().line);
        }
        UseTree::Glob(part) => import(None, None, part.star_token.spans[0].start().line),
        UseTree::Group(group) => {
            for tree in &group.items {
                leaves(tree, before, is_shown, imports);
            }
        }
    }
}
