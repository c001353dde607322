//! `nertc-callkit`: replays, draws and explains traces.

mod diagram;
mod explain;
mod file;
mod labels;
mod timeline;

use std::io::Write;
use std::process::ExitCode;

use file::{Failure, open};
use nertc_callkit::engine::output::Output;
use nertc_callkit::trace::{self, Step};

const HELP: &str = "\
Traces of libnertc_callkit (nertc_callkit_trace_start writes them).

usage: nertc-callkit replay [--outputs] FILE  feeds the trace to the engine again and compares;
                                              --outputs prints its outputs
       nertc-callkit diagram FILE [-o OUT]    draws it as SVG, to OUT or standard output
       nertc-callkit explain FILE             describes what happened in each call and why it ended
       nertc-callkit --help | --version

exit status: 0 success, and a replay was identical; 1 a replay differed;
             2 wrong usage, or a file that cannot be read as a trace
";

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("nertc-callkit: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode, Failure> {
    match arguments {
        ["--help" | "-h" | "help"] => print(HELP),
        ["--version" | "-V"] => print(concat!("nertc-callkit ", env!("CARGO_PKG_VERSION"), "\n")),
        ["replay", file] => replay(file, false),
        ["replay", "--outputs", file] => replay(file, true),
        ["diagram", file] => print(&diagram::draw(&timeline::read(file)?)),
        ["diagram", file, "-o", out] | ["diagram", "-o", out, file] => {
            let picture = diagram::draw(&timeline::read(file)?);
            std::fs::write(out, picture).map_err(|error| format!("{out}: {error}"))?;
            Ok(ExitCode::SUCCESS)
        }
        ["explain", file] => print(&explain::describe(&timeline::read(file)?)),
        [] => Err(format!("no command\n\n{HELP}")),
        [word, ..] => Err(format!("unknown command `{word} …`\n\n{HELP}")),
    }
}

/// To the output; a reader that stops early (`| head`) is no failure.
fn print(text: &str) -> Result<ExitCode, Failure> {
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn replay(file: &str, shows_outputs: bool) -> Result<ExitCode, Failure> {
    let on_step = |step: &Step, replayed: &[Output]| {
        if shows_outputs {
            // A reader that has seen enough is no failure.
            let _ = print(&trace::outputs_line(step, replayed));
        }
    };
    let report = trace::replay_with(open(file)?, on_step).map_err(|error| format!("{file}: {error}"))?;
    print(&report.to_string())?;
    Ok(if report.difference.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
