//! Reads the project's own source, for tests that compare it with something.
#![allow(dead_code, reason = "each test uses its part")]

use std::{fs, path::Path};

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The C types, in the order in which a reader should meet them.
pub(crate) fn abi_files() -> [String; 7] {
    ["values", "backend_values", "options", "webrtc", "events", "vtables", "config"]
        .map(|name| format!("crates/abi/src/{name}.rs"))
}

/// The facade, in the order of `src/ffi/api/mod.rs`, which is the order of the header.
pub(crate) fn ffi_files() -> Vec<String> {
    let modules = read("src/ffi/api/mod.rs");
    let names = modules.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "));
    let files = names.filter_map(|name| name.strip_suffix(';')).map(|name| format!("src/ffi/api/{name}.rs"));
    // A folder exports nothing: it serves the functions of the other modules.
    files.filter(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists()).collect()
}

/// An exported function, as src/ffi/api declares it.
pub(crate) struct Function {
    pub(crate) name: String,
    /// Its first version.
    pub(crate) since: String,
    pub(crate) is_deprecated: bool,
    /// It works inside a callback; else it answers REENTRANT there.
    pub(crate) in_callback: bool,
}

/// Every exported function in the order of the header, as the last line of its comment describes it.
pub(crate) fn functions() -> Vec<Function> {
    let mut found = Vec::new();
    for file in ffi_files() {
        let text = read(&file);
        for (at, _) in text.match_indices("#[unsafe(no_mangle)]\n") {
            let (before, after) = text.split_at(at);
            let (head, _) =
                after.split_once('(').and_then(|(_, rest)| rest.split_once('(')).expect("a function");
            let name = head.rsplit(' ').next().expect("a name").to_owned();
            let about = before.lines().rev().take_while(|line| line.starts_with(['/', '#']));
            let about: Vec<&str> = about.collect();
            let last = about.iter().find_map(|line| line.strip_prefix("/// ")).unwrap_or_default();
            let end = last.strip_prefix("Thread: any. In a callback: ").and_then(|end| end.strip_suffix('.'));
            let (word, since) = end.and_then(|end| end.split_once(". Since: ")).unwrap_or_default();
            let in_callback = match word {
                "yes" => true,
                "no (REENTRANT)" => false,
                _ => panic!("{name}: a comment ends with `Thread: any. In a callback: yes. Since: 1.2.3.`"),
            };
            let is_deprecated = about.iter().any(|line| line.starts_with("#[deprecated"));
            found.push(Function { name, since: since.to_owned(), is_deprecated, in_callback });
        }
    }
    found
}

/// A public struct that C sees, as written in crates/abi.
pub(crate) struct Struct {
    pub(crate) name: String,
    /// Name and Rust type of each field.
    pub(crate) fields: Vec<(String, String)>,
    /// Only read by users: an event or a result.
    pub(crate) read_only: bool,
}

/// Every struct of crates/abi that has fields for C.
pub(crate) fn structs() -> Vec<Struct> {
    let mut found = Vec::new();
    for file in abi_files() {
        let text = read(&file);
        for part in text.split("\n#[repr(C)]\n").skip(1) {
            let (_, part) = part.split_once("pub struct ").expect("a struct");
            let (name, part) = part.split_once(" {").expect("a name");
            let (body, _) = part.split_once("\n}").expect("a body");
            let fields = body.split("\n    pub ").skip(1).map(|field| {
                let (field, rest) = field.split_once(':').expect("a type");
                let of = rest.split("\n    ///").next().expect("a type").trim().trim_end_matches(',');
                (field.to_owned(), of.to_owned())
            });
            found.push(Struct {
                name: name.to_owned(),
                fields: fields.collect(),
                read_only: file.ends_with("events.rs") && !name.ends_with("_listener"),
            });
        }
    }
    found
}

/// Is this Rust type a pointer or a function pointer in C?
pub(crate) fn is_pointer(of: &str) -> bool {
    of.starts_with('*') || of.starts_with("Option<") || of.ends_with("_cb")
}

/// Every file of the repository, with its path from the top; what is built or fetched is left out.
pub(crate) fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name");
            if path.is_dir() {
                // Cargo marks where it builds, which may be anywhere.
                let is_built =
                    path.join("CACHEDIR.TAG").exists() || ["target", "build", ".git"].contains(&name);
                folders.extend((!is_built).then_some(path));
            } else if path.is_file() {
                found.push(path.strip_prefix(root).expect("inside").to_str().expect("UTF-8").to_owned());
            }
        }
    }
    found.sort();
    found
}
