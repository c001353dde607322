//! What the library exports = the functions of the header = include/symbols.txt = the REENTRANCY table, and
//! each function's comment ends with the line that says where it may be called.

mod source;

use nertc_callkit::ffi::{InCallback, REENTRANCY};
use source::read;
use std::{collections::BTreeSet, env, process::Command};

/// Name, comment and declaration of each function in the header.
fn functions() -> Vec<(String, String, String)> {
    let headers =
        ["", "/backend", "/loopback", "/mqtt"].map(|name| read(&format!("include/nertc_callkit{name}.h")));
    let headers = headers.concat();
    let parts = headers.split("/**").skip(1).filter_map(|part| part.split_once("*/\nNERTC_CALLKIT_API "));
    let found = parts.map(|(comment, declaration)| {
        let (declaration, _) = declaration.split_once(';').expect("a declaration");
        let (head, _) = declaration.split_once('(').expect("a function");
        let name = head.rsplit([' ', '*', '\n']).next().expect("a name");
        (name.to_owned(), comment.to_owned(), declaration.to_owned())
    });
    found.collect()
}

fn names() -> BTreeSet<String> {
    functions().into_iter().map(|(name, ..)| name).collect()
}

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
fn the_library_exports_what_the_header_declares_and_no_more() {
    assert_eq!(exports(), names());
}

#[test]
fn symbols_txt_has_each_function_with_its_first_version() {
    let text = read("include/symbols.txt");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows: BTreeSet<String> =
        rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let said = functions().into_iter().map(|(name, comment, declaration)| {
        let deprecated = if declaration.contains("DEPRECATED") { "yes" } else { "no" };
        format!("{name} {} {deprecated}", since(&comment))
    });
    assert_eq!(rows, said.collect(), "symbols.txt | header");
}

#[test]
fn each_comment_says_where_the_function_may_be_called() {
    let table: BTreeSet<String> = REENTRANCY.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(table, names(), "REENTRANCY in src/ffi/mod.rs | header");
    for (name, comment, _) in functions() {
        let in_callback = REENTRANCY.iter().find(|(row, _)| *row == name).map(|(_, in_callback)| in_callback);
        let word = match in_callback {
            Some(InCallback::Yes) => "yes",
            Some(InCallback::Refused) => "no (REENTRANT)",
            None => unreachable!("compared above"),
        };
        let last = comment.trim_end_matches(['*', '\n', ' ']).lines().next_back().unwrap_or_default();
        let (start, end) = (" * Thread: ", format!(" In a callback: {word}. Since: {}.", since(&comment)));
        assert!(last.starts_with(start) && last.ends_with(&end), "{name} ends with {last:?}");
    }
}

/// `0.1.0` of `… Since: 0.1.0.`
fn since(comment: &str) -> &str {
    let (_, since) = comment.rsplit_once("Since: ").unwrap_or_default();
    since.split_once(".\n").map_or("", |(version, _)| version)
}
