//! The library exports the functions of src/ffi/api; two lists are written from their comments.
//!
//! `make header` runs these tests with NERTC_CALLKIT_WRITE_HEADER set, which writes the lists instead of
//! comparing them.

mod source;

use source::{functions, read};
use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

/// What the shared library offers to a linker. It lies beside this test.
fn exports() -> BTreeSet<String> {
    let library = env::current_exe().expect("this test").with_file_name("libnertc_callkit.so");
    let nm = Command::new("nm")
        .args(["--dynamic", "--defined-only", "--format=just-symbols"])
        .arg(library)
        .output();
    let nm = nm.expect("nm; `make setup` installs it");
    assert!(nm.status.success(), "{}", String::from_utf8_lossy(&nm.stderr));
    String::from_utf8_lossy(&nm.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn the_library_exports_its_functions_and_nothing_else() {
    assert_eq!(exports(), functions().into_iter().map(|function| function.name).collect());
}

/// Compares `file` with what it should be, or writes it.
#[track_caller]
fn check_generated(file: &str, fresh: &str) {
    if env::var_os("NERTC_CALLKIT_WRITE_HEADER").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), fresh).expect("the file can be written");
    }
    assert!(read(file) == fresh, "{file}: run `make header` and look at the difference");
}

#[test]
fn symbols_txt_is_generated_from_the_comments() {
    let functions = functions();
    let width = functions.iter().map(|function| function.name.len()).max().expect("functions");
    let mut text = format!("{:width$}  since  deprecated  in a callback\n", "# symbol");
    for it in functions {
        let deprecated = if it.is_deprecated { "yes" } else { "no" };
        let in_callback = if it.in_callback { "yes" } else { "REENTRANT" };
        text += &format!("{:width$}  {}  {deprecated:10}  {in_callback}\n", it.name, it.since);
    }
    check_generated("include/symbols.txt", &text);
}

#[test]
fn threading_md_is_generated_from_the_comments() {
    const FILE: &str = "docs/THREADING.md";
    let text = read(FILE);
    let (before, rest) = text.split_once("| --- | --- |\n").expect("a table");
    let (_, after) = rest.split_once("\n\n").expect("its end");
    let row =
        |name: &str, in_callback| format!("| {name} | {} |\n", if in_callback { "yes" } else { "REENTRANT" });
    let rows: String = functions().iter().map(|it| row(&it.name, it.in_callback)).collect();
    check_generated(FILE, &format!("{before}| --- | --- |\n{rows}\n{after}"));
}
