//! The READMEs show examples-c/hello.c as it is, which ctest compiles and runs.

use std::fs;

#[test]
fn the_readmes_show_the_program_that_is_tested() {
    let hello = fs::read_to_string("examples-c/hello.c").expect("examples-c/hello.c");
    for file in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(file).expect(file);
        assert!(text.contains(&format!("```c\n{hello}```")), "{file}: copy examples-c/hello.c into it");
    }
}
