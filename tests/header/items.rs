//! Parses cbindgen's text into declarations that can be reordered.

use std::collections::{BTreeMap, BTreeSet};

/// One declaration of C: its comment, the declaration, and what belongs to it.
pub(crate) struct Item {
    /// Its place in the code.
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Item {
    /// The declaration without comments.
    pub(crate) fn code(&self) -> String {
        without_comments(&self.text)
    }

    pub(crate) fn is_function(&self) -> bool {
        let code = self.code();
        let others = ["typedef", "#define"].iter().any(|start| code.trim_start().starts_with(start));
        !others && !self.is_enum()
    }

    pub(crate) fn is_constant(&self) -> bool {
        self.code().trim_start().starts_with("#define")
    }

    pub(crate) fn is_enum(&self) -> bool {
        enum_head(&self.text).is_some()
    }
}

/// Integer and name of an enum, and what follows them.
pub(crate) fn enum_head(text: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) =
        ["ENUM", "FLAGS"].iter().find_map(|word| text.split_once(&format!("NERTC_CALLKIT_{word}(")))?;
    let (integer, rest) = rest.split_once(", ")?;
    let (name, rest) = rest.split_once(')')?;
    Some((integer, name, rest))
}

pub(crate) fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut code = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        code += before;
        rest = after.split_once("*/").expect("a comment ends").1;
    }
    code + rest
}

/// Every declaration of `text`, in its order.
pub(crate) fn items(text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut item = String::new();
    for line in text.lines() {
        if item.is_empty() && (line.is_empty() || is_frame(line)) {
            continue;
        }
        item += line;
        item += "\n";
        if let Some(name) = complete(&item) {
            found.push(Item { at: found.len(), name, text: std::mem::take(&mut item) });
        }
    }
    assert!(item.trim().is_empty(), "a declaration that does not end: {item}");
    found
}

/// Lines of the file's frame: guards and languages, which each header gets anew.
fn is_frame(line: &str) -> bool {
    ["#ifdef", "#ifndef", "#endif", "extern \"C\"", "}  //", "} //"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// The name that a text declares, if it is whole.
fn complete(text: &str) -> Option<String> {
    if text.matches("/*").count() != text.matches("*/").count() {
        return None;
    }
    let code = without_comments(text);
    let code = code.trim();
    if let Some(define) = code.strip_prefix("#define ") {
        let name = define.split([' ', '(']).next()?;
        return (!code.ends_with('\\')).then(|| name.to_owned());
    }
    let depth = |open, close| code.matches(open).count() == code.matches(close).count();
    if !code.ends_with(';') || !depth('{', '}') || !depth('(', ')') {
        return None;
    }
    if let Some((_, name, _)) = enum_head(code) {
        return Some(name.to_owned());
    }
    let head = match code.split_once('{') {
        Some((head, _)) => head,
        None => match code.split_once("(*") {
            Some((_, pointer)) if code.starts_with("typedef") => pointer.split(')').next()?,
            _ => code.split('(').next()?,
        },
    };
    head.trim_end_matches([';', ' ']).rsplit([' ', '*', '\n']).next().map(str::to_owned)
}

/// Identifiers of C in a text.
pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// What `item` needs declared before it, itself last, without what `done` has.
pub(crate) fn with_needs<'a>(
    item: &'a Item,
    all: &BTreeMap<&str, &'a Item>,
    declared: &[&str],
    done: &mut BTreeSet<&'a str>,
    out: &mut Vec<&'a Item>,
) {
    if declared.contains(&item.name.as_str()) || !done.insert(&item.name) {
        return;
    }
    let code = item.code();
    let texts = words(&item.text);
    let constants = texts.iter().filter_map(|word| all.get(word).filter(|of| of.is_constant()));
    let types = words(&code);
    let types = types.iter().filter_map(|word| all.get(word).filter(|of| !of.is_function()));
    // In the order of the code.
    let mut needs: Vec<&&Item> = constants.chain(types).collect();
    needs.sort_by_key(|of| of.at);
    for of in needs {
        with_needs(of, all, declared, done, out);
    }
    out.push(item);
}
