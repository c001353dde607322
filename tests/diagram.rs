//! docs/states.svg is drawn from the engine's own table of moves.
//!
//! `make diagram` runs this test with NERTC_CALLKIT_WRITE_DIAGRAM set, which writes the file instead of
//! comparing it.

use nertc_callkit::engine::state::{MOVES, Phase};
use std::fmt::Write;
use std::{env, fs};

const FILE: &str = "docs/states.svg";
const WIDTH: i32 = 170;
const HEIGHT: i32 = 46;

/// Upper left corner of a phase's box and the words in it.
fn place(phase: Phase) -> (i32, i32, &'static str) {
    match phase {
        Phase::Idle => (20, 270, "idle"),
        Phase::Calling => (470, 170, "calling"),
        Phase::GlareAccepting => (400, 20, "glare: accepting theirs"),
        Phase::Called => (470, 390, "called"),
        Phase::Accepting => (400, 530, "accepting"),
        Phase::InCall => (920, 270, "in call"),
    }
}

/// Number of the public state, for the colour.
fn colour(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "#eceff1",
        Phase::Calling | Phase::GlareAccepting => "#e3f2fd",
        Phase::Called | Phase::Accepting => "#fff8e1",
        Phase::InCall => "#e8f5e9",
    }
}

/// One arrow, bowed to its right so that the way back does not hide it; the words lie on it.
fn arrow(from: Phase, label: &str, to: Phase) -> String {
    let centre = |phase| {
        let (x, y, _) = place(phase);
        (f64::from(x + WIDTH / 2), f64::from(y + HEIGHT / 2))
    };
    let ((x1, y1), (x2, y2)) = (centre(from), centre(to));
    let length = ((x2 - x1).powi(2) + (y2 - y1).powi(2)).sqrt();
    let (dx, dy) = ((x2 - x1) / length, (y2 - y1) / length);
    let bow = (length / 6.0).min(60.0) * if (x1 - x2).abs() < 1.0 { 1.6 } else { 1.0 };
    let (mx, my) = ((x1 + x2) / 2.0 - dy * bow, (y1 + y2) / 2.0 + dx * bow);
    let edge = |x: f64, y: f64| {
        let (dx, dy) = (mx - x, my - y);
        let reach = (f64::from(WIDTH) / 2.0 / dx.abs()).min(f64::from(HEIGHT) / 2.0 / dy.abs()).min(1.0);
        (x + dx * reach, y + dy * reach)
    };
    let ((ax, ay), (bx, by)) = (edge(x1, y1), edge(x2, y2));
    // The words lie nearer to where the arrow starts, where fewer arrows meet.
    let at = |a: f64, m: f64, b: f64| 0.36 * a + 0.48 * m + 0.16 * b;
    let (lx, ly) = (at(ax, mx, bx), at(ay, my, by));
    let mut out = format!(
        "<path d=\"M{ax:.0} {ay:.0} Q{mx:.0} {my:.0} {bx:.0} {by:.0}\" fill=\"none\" stroke=\"#607d8b\" \
         marker-end=\"url(#head)\"/>\n"
    );
    for (line, words) in label.split(" · ").enumerate() {
        let y = ly + 4.0 + 13.0 * line as f64;
        writeln!(out, "<text x=\"{lx:.0}\" y=\"{y:.0}\" class=\"on\">{words}</text>").expect("a String");
    }
    out
}

fn picture() -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1110 590\" font-family=\"sans-serif\">\n\
         <style>text{text-anchor:middle;font-size:14px}.on{font-size:11px;fill:#37474f;paint-order:stroke;\
         stroke:#fff;stroke-width:4px}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"9\" \
         markerHeight=\"9\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#607d8b\"/></marker></defs>\n\
         <rect width=\"1110\" height=\"590\" fill=\"#fff\"/>\n",
    );
    for (from, label, to) in MOVES {
        out += &arrow(*from, label, *to);
    }
    let phases =
        [Phase::Idle, Phase::Calling, Phase::GlareAccepting, Phase::Called, Phase::Accepting, Phase::InCall];
    for phase in phases {
        let (x, y, words) = place(phase);
        let (tx, ty, fill) = (x + WIDTH / 2, y + HEIGHT / 2 + 5, colour(phase));
        writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"10\" fill=\"{fill}\" \
             stroke=\"#607d8b\"/><text x=\"{tx}\" y=\"{ty}\">{words}</text>"
        )
        .expect("a String");
    }
    out + "</svg>\n"
}

#[test]
fn the_state_picture_shows_the_engines_moves() {
    let picture = picture();
    if env::var_os("NERTC_CALLKIT_WRITE_DIAGRAM").is_some() {
        fs::write(FILE, &picture).expect(FILE);
    }
    assert!(
        fs::read_to_string(FILE).unwrap_or_default() == picture,
        "{FILE} is stale; run make diagram and look at it"
    );
}
