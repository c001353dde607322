//! `include/nertc_callkit.h` is what crates/abi and src/ffi say, and the library exports just that.
//!
//! `make header` runs these tests with NERTC_CALLKIT_WRITE_HEADER set, which writes the file instead of
//! comparing it.

mod source;

use source::{abi_files, ffi_files, is_pointer, read, structs};
use std::{env, fs, path::Path, process::Command};

fn header() -> String {
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
    with_inits(short_comments(&plain_names(&plain_enums(&text))))
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
        out += &format!("typedef {integer} {name};\nenum {{\n");
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

/// Puts an `…_INIT` macro behind each struct that users fill.
fn with_inits(mut text: String) -> String {
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
        let end = format!("\n}} {name};\n");
        assert!(text.contains(&end), "{name} is not in the header");
        text = text.replace(&end, &format!("{end}{init} }}\n"));
    }
    text
}

#[test]
fn header_says_what_the_code_says() {
    let fresh = header();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/nertc_callkit.h");
    if env::var_os("NERTC_CALLKIT_WRITE_HEADER").is_some() {
        fs::write(&path, &fresh).expect("include/ can be written");
    }
    assert!(
        fs::read_to_string(&path).ok().as_ref() == Some(&fresh),
        "run `make header` and look at the difference"
    );
}

/// Compiles `text` without writing anything, and gives back what the compiler said.
fn compiles(compiler: &str, arguments: &[&str], file: &Path) {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]).arg(include);
    let said = command.args(arguments).arg(file).output().unwrap_or_else(|e| {
        panic!("{compiler}: {e}; `make setup` installs it");
    });
    assert!(said.status.success(), "{compiler} {arguments:?}\n{}", String::from_utf8_lossy(&said.stderr));
}

/// The header alone, and each `…_INIT` macro, in each language; also without the compiler's own attributes.
#[test]
fn header_compiles_alone_as_c_and_cpp_without_a_warning() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let filled = structs().into_iter().filter(|of| !of.read_only);
    let inits = filled
        .map(|of| format!("extern {0} of_{0};\n{0} of_{0} = {1}_INIT;\n", of.name, of.name.to_uppercase()));
    let text =
        format!("#include <nertc_callkit.h>\n#include <nertc_callkit.h>\n{}", inits.collect::<String>());
    let (c, cpp) = (folder.join("header.c"), folder.join("header.cpp"));
    fs::write(&c, &text).and_then(|()| fs::write(&cpp, &text)).expect("the target folder can be written");
    for (c_compiler, cpp_compiler) in [("gcc", "g++"), ("clang", "clang++")] {
        for standard in ["-std=c99", "-std=c11"] {
            compiles(c_compiler, &[standard, "-Wstrict-prototypes"], &c);
        }
        for standard in ["-std=c++11", "-std=c++17"] {
            compiles(cpp_compiler, &[standard], &cpp);
        }
        compiles(c_compiler, &["-std=c99", "-DNERTC_CALLKIT_MUST_USE="], &c);
    }
}

#[test]
fn header_has_the_version_of_the_package() {
    let parts = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse::<u32>().expect("a number"));
    let number = parts.fold(0, |number, part| (number << 8) + part);
    assert_eq!(nertc_callkit_abi::NERTC_CALLKIT_VERSION_NUMBER, number);
}
