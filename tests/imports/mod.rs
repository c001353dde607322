//! The import graph of Rust and C files, for the test that refuses circles.
//!
//! Nodes are files. A Rust file imports another if one of its paths (in `use`, inline or inside a macro call)
//! names the other's module or an item of it. A re-export is therefore an import; a declaration `mod x;` is
//! not. Consequence: a parent module either uses or re-exports its children, or is used by them, never both.
//! Method calls and macros in textual scope carry no path and do not count. C files import what they include.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The imports of each file.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Reads a file; `None` = there is none.
pub(crate) type ReadFile<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Adds the files of the Rust crate whose root file is `root`.
pub(crate) fn add_crate(graph: &mut Graph, root: &str, read: ReadFile<'_>) {
    let mut found = Crate::default();
    found.add_file(None, root, &folder(root), read);
    for (at, module) in found.modules.iter().enumerate() {
        let paths = module.paths.iter().chain(module.uses.iter().map(|import| &import.path));
        let files = paths.filter_map(|path| found.target(at, path, DEPTH));
        let others = files.map(|target| &found.modules[target].file).filter(|file| **file != module.file);
        graph.entry(module.file.clone()).or_default().extend(others.cloned());
    }
}

/// Adds a C file.
pub(crate) fn add_c(
    graph: &mut Graph,
    file: &str,
    text: &str,
    folders: &[&str],
    exists: &dyn Fn(&str) -> bool,
) {
    let includes = text.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?.trim_start();
        let name = name.get(1..)?.split(['"', '>']).next()?;
        let places = std::iter::once(folder(file)).chain(folders.iter().map(|folder| (*folder).to_owned()));
        places.map(|place| join(&place, name)).find(|path| exists(path))
    });
    graph.entry(file.to_owned()).or_default().extend(includes.collect::<Vec<_>>());
}

/// The files of each circle.
pub(crate) fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reachable: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (&**file, reachable(graph, file))).collect();
    let reaches = |from: &str, to: &str| reachable.get(from).is_some_and(|files| files.contains(to));
    let mut found = BTreeSet::new();
    for file in graph.keys().filter(|file| reaches(file, file)) {
        let circle = graph.keys().filter(|other| reaches(file, other) && reaches(other, file));
        found.insert(circle.cloned().collect::<BTreeSet<_>>());
    }
    found.into_iter().collect()
}

/// What `file` imports, directly or not.
fn reachable<'a>(graph: &'a Graph, file: &str) -> BTreeSet<&'a str> {
    let imports = |file: &str| graph.get(file).into_iter().flatten().map(|to| &**to);
    let (mut found, mut open) = (BTreeSet::new(), imports(file).collect::<Vec<_>>());
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(imports(next));
        }
    }
    found
}

/// So many re-exports of re-exports are followed.
const DEPTH: u32 = 8;

#[derive(Default)]
struct Crate {
    modules: Vec<Module>,
    /// Results of `named`.
    names: RefCell<BTreeMap<(usize, String), Option<usize>>>,
}

#[derive(Default)]
struct Module {
    parent: Option<usize>,
    file: String,
    children: BTreeMap<String, usize>,
    uses: Vec<Use>,
    /// Paths of at least two segments.
    paths: Vec<Vec<String>>,
}

/// One name of a `use`.
struct Use {
    path: Vec<String>,
    /// What it is called here; `None` = everything (`*`).
    name: Option<String>,
}

impl Crate {
    /// Adds the module in `file`, whose children are in `home`.
    fn add_file(&mut self, parent: Option<usize>, file: &str, home: &str, read: ReadFile<'_>) -> usize {
        let text = read(file).unwrap_or_else(|| panic!("{file} is declared as a module and not there"));
        let tokens: TokenStream = text.parse().unwrap_or_else(|e| panic!("{file}: {e}"));
        let at = self.modules.len();
        self.modules.push(Module { parent, file: file.to_owned(), ..Module::default() });
        self.scan(at, tokens, home, read);
        at
    }

    /// Collects what the tokens of module `at` import and declare.
    fn scan(&mut self, at: usize, tokens: TokenStream, home: &str, read: ReadFile<'_>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut here = 0;
        let mut path_attribute = None;
        while let Some(token) = tokens.get(here) {
            match (word(token), tokens.get(here + 1)) {
                (Some(key), Some(next)) if key == "use" && !is_punct(next, '<') => {
                    let end = tokens[here..].iter().position(|token| is_punct(token, ';'));
                    let end = end.map_or(tokens.len(), |length| here + length);
                    self.add_use(at, &[], &tokens[here + 1..end]);
                    here = end;
                }
                (Some(key), Some(next)) if key == "mod" && word(next).is_some() => {
                    let name = word(next).unwrap_or_default();
                    let place = (home, path_attribute.take());
                    self.add_child(at, &name, tokens.get(here + 2), place, read);
                    here += 3;
                }
                // `pub(super)` imports nothing.
                (Some(key), Some(TokenTree::Group(group))) if key == "pub" && is_scope(group) => here += 2,
                (Some(_), _) => here = self.add_path(at, &tokens, here),
                (None, _) => {
                    if let TokenTree::Group(group) = token {
                        path_attribute = path_of(group).or(path_attribute);
                        self.scan(at, group.stream(), home, read);
                    }
                    here += 1;
                }
            }
        }
    }

    fn add_child(
        &mut self,
        at: usize,
        name: &str,
        body: Option<&TokenTree>,
        (home, path): (&str, Option<String>),
        read: ReadFile<'_>,
    ) {
        let inner = join(home, name);
        let child = if let Some(TokenTree::Group(body)) = body {
            let child = self.modules.len();
            let file = self.modules[at].file.clone();
            self.modules.push(Module { parent: Some(at), file, ..Module::default() });
            self.scan(child, body.stream(), &inner, read);
            child
        } else if let Some(path) = path {
            let file = join(&folder(&self.modules[at].file), &path);
            self.add_file(Some(at), &file, &folder(&file), read)
        } else {
            let files = [format!("{inner}.rs"), format!("{inner}/mod.rs")];
            let file = files.iter().find(|file| read(file).is_some()).unwrap_or(&files[0]);
            self.add_file(Some(at), file, &inner, read)
        };
        self.modules[at].children.insert(name.to_owned(), child);
    }

    /// Reads `a::{b, c::*, d as e}`, which follows `prefix`.
    fn add_use(&mut self, at: usize, prefix: &[String], tree: &[TokenTree]) {
        let mut path = prefix.to_vec();
        let mut tokens = tree.iter();
        while let Some(token) = tokens.next() {
            match (token, word(token)) {
                (_, Some(alias)) if alias == "as" => {
                    let name = tokens.next().and_then(word);
                    return self.modules[at].uses.push(Use { path, name });
                }
                (_, Some(segment)) => path.push(segment),
                (TokenTree::Group(group), None) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let trees = inner.split(|token| is_punct(token, ','));
                    return trees
                        .filter(|tree| !tree.is_empty())
                        .for_each(|tree| self.add_use(at, &path, tree));
                }
                (_, None) if is_punct(token, '*') => {
                    return self.modules[at].uses.push(Use { path, name: None });
                }
                (_, None) => {}
            }
        }
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let name = path.last().cloned();
        self.modules[at].uses.push(Use { path, name });
    }

    /// Reads the path that begins `here`; returns where it ends.
    fn add_path(&mut self, at: usize, tokens: &[TokenTree], here: usize) -> usize {
        let colons =
            |at: usize| tokens.get(at..at + 2).is_some_and(|two| two.iter().all(|it| is_punct(it, ':')));
        let is_first = here < 2 || !colons(here - 2);
        let mut path = vec![word(&tokens[here]).unwrap_or_default()];
        let mut end = here + 1;
        while let Some(segment) = tokens.get(end + 2).filter(|_| colons(end)).and_then(word) {
            path.push(segment);
            end += 3;
        }
        if is_first && path.len() > 1 {
            self.modules[at].paths.push(path);
        }
        end
    }

    /// The module that `path`, seen from module `from`, names or ends in; `None` = another crate's.
    fn target(&self, from: usize, path: &[String], depth: u32) -> Option<usize> {
        self.walk(from, path, depth).map(|(module, _)| module)
    }

    /// As `target`, and whether the whole path names a module.
    fn walk(&self, from: usize, path: &[String], depth: u32) -> Option<(usize, bool)> {
        let (first, mut rest) = path.split_first()?;
        let mut module = match &**first {
            "crate" => self.root(from),
            "self" => from,
            "super" => self.modules[from].parent?,
            name => self.named(from, name)?,
        };
        while let Some((segment, after)) = rest.split_first() {
            module = match &**segment {
                "super" => self.modules[module].parent?,
                "self" => module,
                name => match self.modules[module].children.get(name) {
                    Some(child) => *child,
                    // A re-export of what another crate has is not ours.
                    None if self.is_foreign(module, name, depth) => return None,
                    None => return Some((module, false)),
                },
            };
            rest = after;
        }
        Some((module, true))
    }

    fn root(&self, from: usize) -> usize {
        self.modules[from].parent.map_or(from, |parent| self.root(parent))
    }

    /// The module that is called `name` in `module`: a child, or imported.
    fn named(&self, module: usize, name: &str) -> Option<usize> {
        if !name.starts_with(char::is_lowercase) {
            return None;
        }
        let key = (module, name.to_owned());
        if let Some(known) = self.names.borrow().get(&key) {
            return *known;
        }
        // Ends the recursion of imports that lead back here.
        self.names.borrow_mut().insert(key.clone(), None);
        let imported = |import: &Use| {
            let (found, is_module) = match &import.name {
                Some(alias) if alias == name && import.path != [name] => {
                    self.walk(module, &import.path, DEPTH)?
                }
                Some(_) => return None,
                None => {
                    let (from, _) = self.walk(module, &import.path, DEPTH)?;
                    (self.named(from, name)?, true)
                }
            };
            is_module.then_some(found)
        };
        let this = &self.modules[module];
        let found = this.children.get(name).copied().or_else(|| this.uses.iter().find_map(imported));
        self.names.borrow_mut().insert(key, found);
        found
    }

    fn is_foreign(&self, module: usize, name: &str, depth: u32) -> bool {
        let mut named =
            self.modules[module].uses.iter().filter(|import| import.name.as_deref() == Some(name));
        depth > 0 && named.next().is_some_and(|import| self.target(module, &import.path, depth - 1).is_none())
    }
}

fn word(token: &TokenTree) -> Option<String> {
    if let TokenTree::Ident(ident) = token { Some(ident.to_string()) } else { None }
}

fn is_punct(token: &TokenTree, punct: char) -> bool {
    matches!(token, TokenTree::Punct(it) if it.as_char() == punct)
}

/// The `(super)` of `pub(super)`.
fn is_scope(group: &Group) -> bool {
    let first = group.stream().into_iter().next().and_then(|token| word(&token));
    let scopes = ["crate", "super", "self", "in"];
    group.delimiter() == Delimiter::Parenthesis && first.is_some_and(|first| scopes.contains(&&*first))
}

/// `x.rs` of the attribute `[path = "x.rs"]`.
fn path_of(attribute: &Group) -> Option<String> {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [key, equals, TokenTree::Literal(file)] = &*tokens else { return None };
    let is_path = word(key).is_some_and(|key| key == "path") && is_punct(equals, '=');
    is_path.then(|| file.to_string().trim_matches('"').to_owned())
}

fn folder(file: &str) -> String {
    Path::new(file).parent().and_then(Path::to_str).unwrap_or_default().to_owned()
}

/// `folder/path` without `.` and `..`.
fn join(folder: &str, path: &str) -> String {
    let mut joined = PathBuf::from(folder);
    for part in Path::new(path) {
        match part.to_str() {
            Some("..") => _ = joined.pop(),
            Some(".") | None => {}
            Some(part) => joined.push(part),
        }
    }
    joined.to_str().unwrap_or_default().to_owned()
}
