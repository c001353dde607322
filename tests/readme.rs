//! The READMEs show examples-c/hello.c as it is, which ctest compiles and runs, and commands that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];
/// Lines that a reader takes in.
const LINES: usize = 110;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file)
}

/// Command lines of the blocks that are no C, without their comments, with continued lines joined.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.strip_prefix('\n'));
    let joined = blocks.map(|block| block.replace(" \\\n", " ")).collect::<Vec<_>>().join("\n");
    let lines = joined.lines().filter_map(|line| line.split(" #").next()).map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Words of a kind of what stands in code, in blocks or in the text.
fn options(commands: &[String], text: &str) -> BTreeSet<String> {
    let in_text = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let words: Vec<String> = commands.iter().cloned().chain(in_text).collect();
    let words = words.iter().flat_map(|line| line.split_whitespace());
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn the_readmes_show_the_program_that_is_tested() {
    let hello = read("examples-c/hello.c");
    for file in READMES {
        assert!(read(file).contains(&format!("```c\n{hello}```")), "{file}: copy examples-c/hello.c into it");
    }
}

#[test]
fn both_readmes_have_the_same_commands() {
    let [english, chinese] = READMES.map(|file| commands(&read(file)));
    assert!(english.len() >= 5, "{english:?}");
    assert_eq!(english, chinese);
    for file in READMES {
        let lines = read(file).lines().count();
        assert!(lines <= LINES, "{file} has {lines} lines: at most {LINES}");
    }
}

/// What a reader types: targets of the Makefile, scripts, options and commands of the phone.
#[test]
fn the_commands_of_the_readmes_exist() {
    let (makefile, source) =
        (read("Makefile"), read("examples-c/phone.c") + &read("examples-c/phone_media.h"));
    for file in READMES {
        let text = read(file);
        let commands = commands(&text);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for line in commands.iter().flat_map(|line| line.split("&&")) {
            let words = words(line);
            match words.first().map(String::as_str) {
                Some("make") => {
                    let target = format!("\n{}:", words[1]);
                    assert!(makefile.contains(&target), "{file}: no `{}` in the Makefile", words[1]);
                }
                Some("build/phone") => {
                    let options = words.iter().filter(|word| word.starts_with("--"));
                    options.for_each(|it| assert!(source.contains(&format!("\"{it}\"")), "{file}: {it}"));
                }
                Some("for" | "/usr/sbin/mosquitto") | None => {}
                Some(script) => {
                    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
                    assert!(path.exists(), "{file}: no {script}");
                }
            }
        }
        for option in options(&commands, &text).iter().filter(|option| !option.contains('=')) {
            let known =
                source.contains(&format!("\"{option}\"")) || ["--cflags", "--libs"].contains(&&**option);
            assert!(known, "{file}: the phone has no {option}");
        }
        for command in ["call", "accept", "stats", "mute", "confirm", "hangup", "quit"] {
            assert!(source.contains(&format!("\"{command}\"")), "{file}: the phone has no `{command}`");
        }
    }
}
