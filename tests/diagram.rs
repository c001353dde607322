//! docs/states.dot is written from the engine's table of moves; docs/states.svg is its layout by Graphviz.
//!
//! `make diagram` runs this test with NERTC_CALLKIT_WRITE_DIAGRAM set, which writes the graph instead of
//! comparing it, and then `dot`. The test needs no Graphviz: it looks for every move and label in the
//! picture.

use nertc_callkit::engine::state::{MOVES, Phase};
use std::fmt::Write;
use std::{env, fs};

const GRAPH: &str = "docs/states.dot";
const PICTURE: &str = "docs/states.svg";

/// The caption of a state and its colour: one for each public state.
fn looks(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::Idle => ("idle", "#eceff1"),
        Phase::Calling => ("calling", "#e3f2fd"),
        Phase::GlareAccepting => ("glare: accepting theirs", "#e3f2fd"),
        Phase::Called => ("called", "#fff8e1"),
        Phase::Accepting => ("accepting", "#fff8e1"),
        Phase::InCall => ("in call", "#e8f5e9"),
    }
}

const PHASES: [Phase; 6] =
    [Phase::Idle, Phase::Calling, Phase::GlareAccepting, Phase::Called, Phase::Accepting, Phase::InCall];

/// Idle once more, at the right: with the ways back in between, labels lie on other arrows.
const END: &str = "IdleAgain";

fn target(to: Phase) -> String {
    if to == Phase::Idle { END.to_owned() } else { format!("{to:?}") }
}

fn graph() -> String {
    let mut out = String::from(
        "// Written by `make diagram` from MOVES in src/engine/state.rs.\n\
         digraph states {\n\
         rankdir=LR; nodesep=0.6; ranksep=1.1; bgcolor=white\n\
         node [shape=box, style=\"rounded,filled\", color=\"#607d8b\", fontname=\"sans-serif\", \
         fontsize=14]\n\
         edge [color=\"#607d8b\", fontcolor=\"#37474f\", fontname=\"sans-serif\", fontsize=11]\n",
    );
    for phase in PHASES {
        let (caption, colour) = looks(phase);
        writeln!(out, "{phase:?} [label=\"{caption}\", fillcolor=\"{colour}\"]").expect("a String");
    }
    let (caption, colour) = looks(Phase::Idle);
    writeln!(out, "{END} [label=\"{caption}\", fillcolor=\"{colour}\"]").expect("a String");
    for (from, label, to) in MOVES {
        let label = label.replace(" · ", "\\n");
        writeln!(out, "{from:?} -> {} [label=\"{label}\"]", target(*to)).expect("a String");
    }
    out + "}\n"
}

#[test]
fn the_state_picture_shows_the_engines_moves() {
    let graph = graph();
    if env::var_os("NERTC_CALLKIT_WRITE_DIAGRAM").is_some() {
        fs::write(GRAPH, &graph).expect(GRAPH);
        return;
    }
    assert!(
        fs::read_to_string(GRAPH).unwrap_or_default() == graph,
        "{GRAPH} is stale; run make diagram and look at {PICTURE}"
    );
    let picture = fs::read_to_string(PICTURE).expect(PICTURE);
    let edges = picture.matches("class=\"edge\"").count();
    assert_eq!(edges, MOVES.len(), "{PICTURE} is stale; run make diagram and look at it");
    for (from, label, to) in MOVES {
        let title = format!("<title>{from:?}&#45;&gt;{}</title>", target(*to));
        let shown = picture.contains(&title)
            && label.split(" · ").all(|line| picture.contains(&format!(">{line}</text>")));
        assert!(shown, "{PICTURE} does not show {from:?}, {label}, {to:?}; run make diagram");
    }
}
