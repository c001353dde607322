//! The headers of `include/` are generated from crates/abi and src/ffi, and the library exports just that.
//!
//! `make header` runs these tests with NERTC_CALLKIT_WRITE_HEADER set, which writes the files instead of
//! comparing them.

mod items;
#[path = "../source/mod.rs"]
mod source;
mod types;

use items::{Item, enum_head, items, with_needs, without_comments};
use source::{abi_files, ffi_files, is_pointer, read, structs};
use std::collections::{BTreeMap, BTreeSet};
use std::{env, fs, path::Path, process::Command};
use types::{Enums, typed};

/// Where the functions of a module of src/ffi/api are declared; types come before the first that needs them,
/// and what no function needs is for backends.
const HEADERS: [(&str, &str, &[&str]); 5] = [
    ("nertc_callkit.h", "nertc_callkit.h", &["library", "session", "call", "push", "media", "log", "trace"]),
    ("backend.h", "nertc_callkit/backend.h", &[]),
    ("loopback.h", "nertc_callkit/loopback.h", &["loopback"]),
    ("mqtt.h", "nertc_callkit/mqtt.h", &["mqtt"]),
    ("webrtc.h", "nertc_callkit/webrtc.h", &["webrtc", "devices"]),
];

/// Types that apps only point to: backend.h defines them.
const OPAQUE: [&str; 2] = ["nertc_callkit_signaling", "nertc_callkit_rtc"];

/// Path and text of each header.
fn headers() -> Vec<(&'static str, String)> {
    let items = declarations();
    let all: BTreeMap<&str, &Item> = items.iter().map(|item| (item.name.as_str(), item)).collect();
    let mut done = BTreeSet::new();
    let mut parts: Vec<Vec<&Item>> = HEADERS.iter().map(|_| Vec::new()).collect();
    // backend.h takes the rest, so it comes last.
    for at in [0, 2, 3, 4, 1] {
        let (.., modules) = HEADERS[at];
        let wanted: Vec<String> = modules.iter().flat_map(|module| functions_of(module)).collect();
        let of_modules = wanted.iter().map(|name| all[name.as_str()]);
        let rest = items.iter().filter(|item| at == 1 && !item.is_function());
        let opaque: &[&str] = if at == 1 { &[] } else { &OPAQUE };
        for item in of_modules.chain(rest) {
            with_needs(item, &all, opaque, &mut done, &mut parts[at]);
        }
    }
    let in_order: Vec<&Item> = parts.iter().flatten().copied().collect();
    let cffi = ("nertc_callkit/nertc_callkit.cffi.h", preprocessed(&in_order));
    let texts = HEADERS.iter().zip(parts).map(|((opening, path, _), part)| {
        let declarations = part.iter().map(|item| arranged(item));
        (*path, framed(opening, &declarations.collect::<Vec<_>>().join("\n")))
    });
    texts.chain([cffi]).collect()
}

/// All declarations without macros and comments, for readers that run no preprocessor, as Python's cffi.
fn preprocessed(items: &[&Item]) -> String {
    let mut out =
        String::from("/* All headers in one, preprocessed, for cffi. Written by `make header`. */\n");
    for item in items {
        let mut code = without_comments(&arranged(item));
        if let Some((of_struct, _)) = code.split_once("\n#define").filter(|_| code.contains("struct")) {
            code = of_struct.to_owned();
        }
        if let Some((integer, name, values)) = enum_head(&code) {
            code = format!("typedef {integer} {name};\nenum{values}");
        }
        for word in ["API", "MUST_USE", "DEPRECATED", "NULLABLE", "NONNULL"] {
            code = code.replace(&format!("NERTC_CALLKIT_{word} "), "");
            code = code.replace(&format!("NERTC_CALLKIT_{word}\n"), "\n");
        }
        if item.is_function() {
            code = code.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
        }
        let lines = code.lines().filter(|line| !line.trim().is_empty());
        out += &lines.map(|line| format!("{line}\n")).collect::<String>();
    }
    out
}

/// The functions that a module exports, in its order.
fn functions_of(module: &str) -> Vec<String> {
    let text = read(&format!("src/ffi/api/{module}.rs"));
    let parts = text.split("extern \"C\" fn ").skip(1).filter_map(|part| part.split_once('('));
    parts.map(|(name, _)| name.to_owned()).filter(|name| name.starts_with("nertc_")).collect()
}

/// An item as the headers have it.
fn arranged(item: &Item) -> String {
    let (name, text) = (&item.name, &item.text);
    if OPAQUE.contains(&name.as_str()) {
        let text = text.replace(&format!("typedef struct {name} {{"), &format!("struct {name} {{"));
        return text.replace(&format!("}} {name};"), "};");
    }
    let opaque = OPAQUE.iter().filter(|of| name == "nertc_callkit_backends" && text.contains(**of));
    let ahead =
        opaque.map(|of| format!("/** See nertc_callkit/backend.h. */\ntypedef struct {of} {of};\n\n"));
    ahead.collect::<String>() + text
}

/// Opening, guard and languages around declarations.
fn framed(opening: &str, declarations: &str) -> String {
    let opening = read(&format!("crates/abi/header/{opening}"));
    let (comment, head) = opening.split_once("Do not edit. */\n").expect("the line that says who wrote it");
    let name = comment.split_once("@file ").expect("its name").1.lines().next().expect("its name");
    let guard = name.to_uppercase().replace(['.', '/'], "_");
    format!(
        "{comment}Do not edit. */\n\n#ifndef {guard}\n#define {guard}\n{head}\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\nNERTC_CALLKIT_BEGIN\n\n\
         {declarations}\nNERTC_CALLKIT_END\n#ifdef __cplusplus\n}} /* extern \"C\" */\n#endif\n\n\
         #endif /* {guard} */\n"
    )
}

/// What cbindgen makes of the code, declaration by declaration.
fn declarations() -> Vec<Item> {
    let mut config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    // Enums travel as integers, so nothing refers to them: name every type.
    let types = abi_files().map(|file| read(&file));
    config.export.include = types.iter().flat_map(|text| text.lines().filter_map(type_name)).collect();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in abi_files().into_iter().chain(ffi_files()) {
        builder = builder.with_src(file);
    }
    let mut written = Vec::new();
    builder.generate().expect("cbindgen").write(&mut written);
    let text = String::from_utf8(written).expect("UTF-8");
    let number = nertc_callkit_abi::NERTC_CALLKIT_VERSION_NUMBER;
    let text = text.replace(&format!("VERSION_NUMBER {number}"), &format!("VERSION_NUMBER 0x{number:06x}"));
    let mut items = items(&short_comments(&plain_names(&plain_enums(&text))));
    let enums = Enums::of(&items);
    let inputs: Vec<String> = structs().into_iter().filter(|of| !of.read_only).map(|of| of.name).collect();
    for item in &mut items {
        item.text = typed(item, &enums, &inputs);
    }
    with_inits(items)
}

/// `nertc_callkit_push` of `pub struct nertc_callkit_push {`.
fn type_name(line: &str) -> Option<String> {
    let rest = ["pub struct ", "pub enum ", "pub type "].iter().find_map(|start| line.strip_prefix(start))?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Turns cbindgen's enums, which are another type in C++ than in C, into an integer type and its values.
fn plain_enums(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix("enum ") else {
            out += line;
            out += "\n";
            continue;
        };
        let mut head = lines.by_ref().take_while(|line| *line != " {");
        let integer = head.find_map(|line| line.strip_prefix("  : ")).expect("an enum of known size");
        head.for_each(drop);
        let is_flags = name.ends_with("_flag") || name.ends_with("_cap") || name == "nertc_callkit_media";
        let word = if is_flags { "FLAGS" } else { "ENUM" };
        out += &format!("NERTC_CALLKIT_{word}({integer}, {name}) {{\n");
        for line in lines.by_ref().take_while(|line| *line != "};") {
            out += line;
            out += "\n";
        }
        out += "};\n";
        let typedef = lines.by_ref().take_while(|line| *line != "#endif // __cplusplus");
        assert!(typedef.last().is_some(), "the typedef of {name}");
    }
    out
}

/// Puts a comment of one line on one line.
fn short_comments(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let after = (lines.get(at + 1), lines.get(at + 2).map(|line| line.trim_start()));
        match (line.strip_suffix("/**"), after) {
            (Some(indent), (Some(body), Some("*/"))) if body.len() < 95 => {
                out += &format!("{indent}/** {} */\n", body.trim_start().trim_start_matches("* "));
                at += 3;
            }
            _ => {
                out += &format!("{line}\n");
                at += 1;
            }
        }
    }
    out
}

/// Names types without `struct`, as users do.
fn plain_names(text: &str) -> String {
    let plain = |line: &str| match line.starts_with("typedef struct ") {
        true => line.to_owned() + "\n",
        false => line.replace("struct nertc_callkit", "nertc_callkit") + "\n",
    };
    text.lines().map(plain).collect()
}

/// Appends an `…_INIT` macro to each struct that users fill.
fn with_inits(mut items: Vec<Item>) -> Vec<Item> {
    for of in structs().into_iter().filter(|of| !of.read_only) {
        let name = of.name;
        let values = of.fields.iter().map(|(field, of)| match (field.as_str(), of.as_str()) {
            ("struct_size", _) => format!("(uint32_t)sizeof({name})"),
            ("abi", _) => "NERTC_CALLKIT_ABI".to_owned(),
            (_, of) if of.starts_with("[*") => "{ NULL }".to_owned(),
            (_, of) if of.starts_with('[') => "{ 0 }".to_owned(),
            (_, of) if is_pointer(of) => "NULL".to_owned(),
            _ => "0".to_owned(),
        });
        let mut init =
            format!("/** Every default of {name}. */\n#define {}_INIT \\\n  {{ ", name.to_uppercase());
        let mut column = 4;
        for (at, value) in values.enumerate() {
            if column + value.len() > 94 {
                init = init.trim_end().to_owned() + ", \\\n    ";
                column = 4;
            } else if at > 0 {
                init += ", ";
            }
            init += &value;
            column += value.len() + 2;
        }
        let item = items.iter_mut().find(|item| item.name == name);
        item.unwrap_or_else(|| panic!("{name} is not in the header")).text += &(init + " }\n");
    }
    items
}

#[test]
fn headers_are_generated_from_the_code() {
    for (path, fresh) in headers() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include").join(path);
        if env::var_os("NERTC_CALLKIT_WRITE_HEADER").is_some() {
            fs::create_dir_all(path.parent().expect("a folder")).expect("include/ can be written");
            fs::write(&path, &fresh).expect("include/ can be written");
        }
        assert!(
            fs::read_to_string(&path).ok().as_ref() == Some(&fresh),
            "run `make header` and look at the difference in {}",
            path.display()
        );
    }
}

/// Compiles `file` without writing anything; panics with the compiler's output.
fn compiles(compiler: &str, arguments: &[&str], file: &Path) {
    let (succeeded, errors) = check(compiler, arguments, file);
    assert!(succeeded, "{compiler} {arguments:?}\n{errors}");
}

/// Whether `file` compiles, and the compiler's errors.
fn check(compiler: &str, arguments: &[&str], file: &Path) -> (bool, String) {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I"]).arg(include);
    let output = command.args(arguments).arg(file).output().unwrap_or_else(|e| {
        panic!("{compiler}: {e}; `make setup` installs it");
    });
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Swift imports named numbers as enums, with types of their own, and flags as integers, which combine.
/// C++ shows which is which.
#[test]
fn swift_sees_enums_and_combinable_flags() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("swift.cpp");
    let swift = ["-std=c++17", "-D__swift__=60000"];
    let compiles = |text: &str| {
        fs::write(&file, format!("#include <nertc_callkit/mqtt.h>\n{text}")).expect("a writable folder");
        check("clang++", &swift, &file)
    };
    let combined = "nertc_callkit_media both = NERTC_CALLKIT_MEDIA_AUDIO | NERTC_CALLKIT_MEDIA_VIDEO;\n";
    assert_eq!(compiles(combined), (true, String::new()));
    let (is_number, errors) = compiles("nertc_callkit_state state = 1;\n");
    assert!(!is_number && errors.contains("nertc_callkit_state"), "{errors}");
}

/// Each header alone and twice, and each `…_INIT` macro, in each language; also without the compiler's
/// attributes, with complete nullability, and as Swift reads it.
#[test]
fn each_header_compiles_alone_in_every_language() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let filled = structs().into_iter().filter(|of| !of.read_only);
    let inits = filled
        .map(|of| format!("extern {0} of_{0};\n{0} of_{0} = {1}_INIT;\n", of.name, of.name.to_uppercase()));
    let inits: String = inits.collect();
    let all: String = HEADERS.iter().map(|(_, path, _)| format!("#include <{path}>\n")).collect();
    let alone = HEADERS
        .iter()
        .map(|(_, path, _)| (path.replace('/', "_"), format!("#include <{path}>\n#include <{path}>\n")));
    for (name, text) in alone.chain([("all".to_owned(), all + &inits)]) {
        let (c, cpp) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.cpp")));
        fs::write(&c, &text).and_then(|()| fs::write(&cpp, &text)).expect("the target folder can be written");
        for (c_compiler, cpp_compiler) in [("gcc", "g++"), ("clang", "clang++")] {
            for standard in ["-std=c99", "-std=c11"] {
                compiles(c_compiler, &[standard, "-pedantic", "-Wstrict-prototypes"], &c);
            }
            for standard in ["-std=c++11", "-std=c++17"] {
                compiles(cpp_compiler, &[standard, "-pedantic"], &cpp);
            }
            let own = ["MUST_USE", "DEPRECATED", "API"].map(|word| format!("-DNERTC_CALLKIT_{word}="));
            let without = ["-std=c99", "-pedantic", &own[0], &own[1], &own[2]];
            compiles(c_compiler, &without, &c);
        }
        compiles("clang", &["-std=c99", "-pedantic", "-Wnullability-completeness"], &c);
        compiles("clang", &["-std=c11", "-D__swift__=60000"], &c);
    }
}

#[test]
fn header_has_the_version_of_the_package() {
    use nertc_callkit_abi as abi;
    let parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse::<u32>().expect("a number"));
    let parts: Vec<u32> = parts.collect();
    let output = [
        abi::NERTC_CALLKIT_VERSION_MAJOR,
        abi::NERTC_CALLKIT_VERSION_MINOR,
        abi::NERTC_CALLKIT_VERSION_PATCH,
    ];
    assert_eq!(parts, output);
    let number = parts.iter().fold(0, |number, part| (number << 8) + part);
    assert_eq!(abi::NERTC_CALLKIT_VERSION_NUMBER, number);
}
