//! Size and offset of every public struct: computed from crates/abi by the rules of C, then asserted by
//! rustc and by C compilers, here and for the other supported processors.

mod source;

use source::{is_pointer, structs};
use std::{env, fmt::Write, fs, path::Path, process::Command};

/// What differs between processors.
struct Target {
    pointer: usize,
    /// Alignment of a 64-bit number in a struct.
    long: usize,
}

const I686: Target = Target { pointer: 4, long: 4 };
const ARMV7: Target = Target { pointer: 4, long: 8 };
const BITS_64: Target = Target { pointer: 8, long: 8 };

impl Target {
    /// Size and alignment of a field.
    fn measure(&self, of: &str) -> (usize, usize) {
        if let Some((item, count)) =
            of.strip_prefix('[').and_then(|of| of.trim_end_matches(']').split_once("; "))
        {
            let (size, align) = self.measure(item);
            return (size * count.parse::<usize>().expect("a plain count"), align);
        }
        match of {
            "c_char" => (1, 1),
            "u32" | "i32" => (4, 4),
            "u64" | "nertc_callkit_call_no" => (8, self.long),
            "usize" | "nertc_callkit_req" => (self.pointer, self.pointer),
            of if is_pointer(of) => (self.pointer, self.pointer),
            of => panic!("what is a {of} in C?"),
        }
    }
}

/// Where the fields of a struct lie.
struct Layout {
    name: String,
    fields: Vec<(String, usize)>,
    size: usize,
    padding: usize,
}

fn layouts(target: &Target) -> Vec<Layout> {
    let layout = |of: source::Struct| {
        let (mut at, mut padding, mut widest) = (0_usize, 0, 1);
        let mut fields = Vec::new();
        for (name, of) in of.fields {
            let (size, align) = target.measure(&of);
            let start = at.next_multiple_of(align);
            padding += start - at;
            fields.push((name, start));
            at = start + size;
            widest = align.max(widest);
        }
        let size = at.next_multiple_of(widest);
        Layout { name: of.name, fields, size, padding: padding + size - at }
    };
    structs().into_iter().map(layout).collect()
}

/// A C file that compiles only if the layout is as worked out.
fn c_asserts(target: &Target) -> String {
    let mut text = ["backend", "loopback", "mqtt", "webrtc"]
        .map(|name| format!("#include <nertc_callkit/{name}.h>\n"))
        .concat();
    for Layout { name, fields, size, .. } in layouts(target) {
        writeln!(text, "_Static_assert(sizeof({name}) == {size}, \"{name}\");").expect("memory");
        for (field, at) in fields {
            let what = format!("offsetof({name}, {}) == {at}", field.trim_start_matches("r#"));
            writeln!(text, "_Static_assert({what}, \"{name}.{field}\");").expect("memory");
        }
    }
    text
}

/// The same for rustc: the files of crates/abi, followed by the assertions.
fn rust_asserts(target: &Target) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/abi/src");
    let mut text = String::from("#![no_std]\n#![allow(non_camel_case_types, reason = \"as in C\")]\n");
    for file in source::abi_files() {
        let file = Path::new(&file).with_extension("");
        let module = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let path = folder.join(module).with_extension("rs");
        writeln!(text, "#[path = {path:?}] mod {module}; pub use {module}::*;").expect("memory");
    }
    for Layout { name, fields, size, .. } in layouts(target) {
        writeln!(text, "const _: () = assert!(size_of::<{name}>() == {size});").expect("memory");
        for (field, at) in fields {
            writeln!(text, "const _: () = assert!(core::mem::offset_of!({name}, {field}) == {at});")
                .expect("memory");
        }
    }
    text
}

/// Lets a compiler check a file; `name` distinguishes the files of parallel tests.
fn check(name: &str, text: &str, compiler: &str, arguments: &[&str]) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, text).expect("the target folder can be written");
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let mut command = Command::new(compiler);
    command.args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).arg(&file);
    if compiler != "rustc" {
        command.args(["-std=c11", "-Wall", "-Werror", "-fsyntax-only", "-I"]).arg(include);
    }
    let output = command.output().unwrap_or_else(|e| panic!("{compiler}: {e}; `make setup` installs it"));
    assert!(output.status.success(), "{compiler} {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rust_and_c_agree_here() {
    let here = if cfg!(target_pointer_width = "64") { BITS_64 } else { I686 };
    let rust = ["--edition=2024", "--crate-type=lib", "--crate-name=layout", "--emit=metadata"];
    check("layout.rs", &rust_asserts(&here), "rustc", &rust);
    check("layout_gcc.c", &c_asserts(&here), "gcc", &[]);
    check("layout_clang.c", &c_asserts(&here), "clang", &[]);
}

#[test]
fn other_processors_lay_structs_out_by_their_rules() {
    let others = [
        ("x86_64-linux-gnu", BITS_64),
        ("aarch64-linux-gnu", BITS_64),
        ("armv7-linux-gnueabihf", ARMV7),
        ("i686-linux-gnu", I686),
    ];
    for (triple, target) in others {
        let arguments = ["-target", triple, "-ffreestanding"];
        check(&format!("layout_{triple}.c"), &c_asserts(&target), "clang", &arguments);
    }
}

/// A hole is never initialised by a C program, so no field could ever be placed there.
#[test]
fn structs_have_no_holes_where_pointers_have_64_bits() {
    let holes = layouts(&BITS_64).into_iter().filter(|layout| layout.padding > 0);
    assert_eq!(holes.map(|layout| layout.name).collect::<Vec<_>>(), Vec::<String>::new());
}
