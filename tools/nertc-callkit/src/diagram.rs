//! A trace as a sequence diagram: one self-contained SVG for light and dark.

use std::collections::VecDeque;
use std::fmt::Write;

use nertc_callkit::engine::output::{Event, Output};

use crate::labels::{self, Label, Lane, Style, clock, seconds};
use crate::timeline::{Moment, Timeline};

/// Rows that are drawn; the last ones, if there are more.
const ROWS: usize = 600;
const ROW: i32 = 26;
const TOP: i32 = 78;
/// Width of the column of times, and between two lanes.
const TIMES: i32 = 96;
const LANE: i32 = 224;
const MARGIN: i32 = 56;
/// Letters that fit above an arrow.
const LETTERS: usize = 36;
/// Silence that is worth a row.
const PAUSE: u64 = 1_000;

const STYLE: &str = "\
:root{color-scheme:light dark}
.paper{fill:#fff}.ink{fill:#1c2733}.soft{fill:#5b6b7b}.line{stroke:#c3ccd5}
.plain{stroke:#2f6fb5;fill:#2f6fb5}.answer{stroke:#6b7d8f;fill:#6b7d8f}.bad{stroke:#c4342b;fill:#c4342b}
.end{stroke:#8a4bb3;fill:#8a4bb3}.timer{stroke:#b36b00;fill:#b36b00}
.calling{fill:#e0a52e}.called{fill:#4a90d9}.in_call{fill:#35a16b}.band{fill:#2f6fb5;fill-opacity:.06}
text{font:12px system-ui,-apple-system,Segoe UI,Roboto,sans-serif}.head{font-size:13px;font-weight:600}
.title{font-size:16px;font-weight:600}.time{font:11px ui-monospace,Menlo,Consolas,monospace}
.label{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
path{fill:none;stroke-width:1.4}.answer path{stroke-dasharray:5 3}polygon{stroke:none}
@media(prefers-color-scheme:dark){.paper{fill:#10161d}.ink{fill:#e4eaf0}.soft{fill:#93a3b3}
.line{stroke:#36424e}
.plain{stroke:#6cabe8;fill:#6cabe8}.answer{stroke:#93a3b3;fill:#93a3b3}.bad{stroke:#ff7b70;fill:#ff7b70}
.end{stroke:#cf94f2;fill:#cf94f2}.timer{stroke:#f0b04a;fill:#f0b04a}.label{stroke:#10161d}
.band{fill-opacity:.12}}
";

/// The content of a line of the picture.
enum What {
    Arrow(Label),
    Timer(String),
    Remark(String),
    Pause(u64),
}

struct Row {
    kit: usize,
    t: u64,
    what: What,
    /// State and call of the kit from here on.
    state: i32,
    call: u64,
}

/// Draws it.
pub(crate) fn draw(timeline: &Timeline) -> String {
    let (rows, left_out) = rows(timeline);
    let width = TIMES + 4 * LANE * timeline.kits.len() as i32 - LANE / 2 + MARGIN / 2;
    let bottom = TOP + 24 + ROW * rows.len() as i32;
    let height = bottom + 44;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         role=\"img\" aria-label=\"sequence diagram of a call\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    let mut title =
        timeline.kits.iter().enumerate().map(|(at, _)| timeline.name(at)).collect::<Vec<_>>().join(", ");
    if left_out > 0 {
        title += &format!(" (the last part: {left_out} earlier lines are not drawn)");
    }
    put(&mut svg, 16, 26, "ink title", &title);
    for kit in 0..timeline.kits.len() {
        lanes(&mut svg, timeline, kit, bottom);
        states(&mut svg, kit, &rows, timeline.kits[kit].start.state);
    }
    let mut shown = None;
    for (at, row) in rows.iter().enumerate() {
        let y = y(at);
        if shown != Some(row.t) && !matches!(row.what, What::Pause(_)) {
            put(&mut svg, 16, y + 4, "soft time", &clock(timeline.since_begin(row.t)));
            shown = Some(row.t);
        }
        draw_row(&mut svg, row, y);
    }
    legend(&mut svg, bottom + 26);
    if let Some(it) = &timeline.difference {
        let text = format!("from line {} of the file on this engine answers otherwise (see replay)", it.line);
        put(&mut svg, TIMES + 430, bottom + 30, "soft", &text);
    }
    svg + "</svg>\n"
}

fn rows(timeline: &Timeline) -> (VecDeque<Row>, u64) {
    let mut rows: VecDeque<Row> = VecDeque::new();
    let mut left_out = timeline.earlier;
    let mut before: Vec<(i32, u64)> =
        timeline.kits.iter().map(|kit| (kit.start.state, kit.start.call_no)).collect();
    let mut last = None;
    for moment in &timeline.moments {
        let Moment { kit, t, ref after, .. } = *moment;
        let pause = last.map_or(0, |last: u64| t.saturating_sub(last));
        if pause >= PAUSE {
            let (state, call) = before[kit];
            rows.push_back(Row { kit, t, what: What::Pause(pause), state, call });
        }
        last = Some(t);
        let timer = moment.due.iter().map(|why| What::Timer(why.clone()));
        let labels = moment.labels.iter().map(|label| What::Arrow(label.clone()));
        let outputs =
            moment.out.iter().map(|output| labels::output(output).map_or_else(What::Remark, What::Arrow));
        // All up to its on_call_end belongs to the call.
        let end = moment.out.iter().enumerate().rev().find_map(|(at, output)| match output {
            Output::Event(Event::CallEnd(end)) => Some((at + moment.labels.len(), end.call_no)),
            Output::Signal { .. } | Output::Rtc { .. } | Output::Done { .. } | Output::Event(_) => None,
            Output::Ignored(_) | Output::Notify(_) | Output::RtcReceive { .. } | Output::Closed => None,
            Output::RtcPrepare(_) | Output::RtcDiscard { .. } => None,
        });
        for (at, what) in timer.chain(labels).chain(outputs).enumerate() {
            let call = end.filter(|(last, _)| at <= *last).map_or(after.call_no, |(_, call)| call);
            rows.push_back(Row { kit, t, what, state: after.state, call });
        }
        before[kit] = (after.state, after.call_no);
        while rows.len() > ROWS {
            rows.pop_front();
            left_out += 1;
        }
    }
    (rows, left_out)
}

fn y(row: usize) -> i32 {
    TOP + 24 + ROW * row as i32 + ROW / 2
}

fn x(kit: usize, lane: i32) -> i32 {
    TIMES + MARGIN + (4 * kit as i32 + lane) * LANE
}

fn lanes(svg: &mut String, timeline: &Timeline, kit: usize, bottom: i32) {
    let several = timeline.kits.len() > 1;
    for (lane, name) in ["app", "client", "signaling", "media"].into_iter().enumerate() {
        let x = x(kit, lane as i32);
        let _ = writeln!(svg, "<path class=\"line\" d=\"M{x} {}V{bottom}\"/>", TOP + 4);
        middle(svg, x, TOP - 6, "ink head", name);
        if several && lane == 1 {
            middle(svg, x, TOP - 24, "soft", &timeline.name(kit));
        }
    }
}

/// The bar on the client's lane that shows the state, and a band behind each call.
fn states(svg: &mut String, kit: usize, rows: &VecDeque<Row>, start: i32) {
    let mut own = rows.iter().enumerate().filter(|(_, row)| row.kit == kit).peekable();
    let (mut state, mut call, mut from) = (start, 0, TOP + 4);
    let mut band: Option<(i32, u64)> = None;
    let first = own.peek().map_or(0, |(_, row)| row.call);
    if start != 0 {
        (call, band) = (first, Some((from, first)));
    }
    for (at, row) in own {
        if row.state != state {
            bar(svg, kit, state, from, y(at));
            (state, from) = (row.state, y(at));
        }
        if row.call != call {
            if let Some((top, number)) = band.take() {
                self::band(svg, kit, top, y(at) + ROW / 2, number);
            }
            call = row.call;
            band = (call != 0).then(|| (y(at) - ROW / 2, call));
        }
    }
    let bottom = TOP + 24 + ROW * rows.len() as i32;
    bar(svg, kit, state, from, bottom);
    if let Some((top, number)) = band {
        self::band(svg, kit, top, bottom, number);
    }
}

fn bar(svg: &mut String, kit: usize, state: i32, top: i32, bottom: i32) {
    let class = match state {
        1 => "calling",
        2 => "called",
        3 => "in_call",
        _ => return,
    };
    let (x, height) = (x(kit, 1) - 4, bottom - top);
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"8\" height=\"{height}\" rx=\"3\"/>"
    );
}

fn band(svg: &mut String, kit: usize, top: i32, bottom: i32, call: u64) {
    let (x, width) = (x(kit, 0) - MARGIN + 8, 3 * LANE + 2 * MARGIN - 16);
    let _ = writeln!(
        svg,
        "<rect class=\"band\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{}\" rx=\"6\"/>",
        bottom - top
    );
    put(svg, x + 6, top + 14, "soft", &format!("call {call}"));
}

fn draw_row(svg: &mut String, row: &Row, y: i32) {
    let kit = x(row.kit, 1);
    match &row.what {
        What::Arrow(label) => {
            let there = match label.lane {
                Lane::App => x(row.kit, 0),
                Lane::Signaling => x(row.kit, 2),
                Lane::Media => x(row.kit, 3),
            };
            let (from, to) = if label.to_kit { (there, kit) } else { (kit, there) };
            arrow(svg, label, from, to, y);
        }
        What::Timer(why) => {
            let _ = writeln!(
                svg,
                "<g class=\"timer\"><circle class=\"paper\" cx=\"{kit}\" cy=\"{y}\" r=\"8\"/>\
                 <path d=\"M{kit} {}V{y}h4\"/></g>",
                y - 5
            );
            put(svg, kit + 14, y + 4, "timer label", &format!("timer: {why}"));
        }
        What::Remark(text) => put(svg, kit + 14, y + 4, "soft label", text),
        What::Pause(ms) => {
            middle(svg, kit, y + 4, "soft label", &format!("· · ·  {} later  · · ·", seconds(*ms)))
        }
    }
}

fn arrow(svg: &mut String, label: &Label, from: i32, to: i32, y: i32) {
    let class = match label.style {
        Style::Plain => "plain",
        Style::Answer => "answer",
        Style::Bad => "bad",
        Style::End => "end",
    };
    let way = (to - from).signum();
    let (start, tip) = (from + 5 * way, to - 5 * way);
    let back = tip - 8 * way;
    let _ = writeln!(
        svg,
        "<g class=\"{class}\"><path d=\"M{start} {}H{back}\"/>\
         <polygon points=\"{tip},{} {back},{} {back},{}\"/></g>",
        y + 5,
        y + 5,
        y + 1,
        y + 9
    );
    // A long arrow crosses the lane of the signaling; its label is placed beyond.
    let center = if label.lane == Lane::Media { from.max(to) - LANE / 2 } else { (from + to) / 2 };
    middle(svg, center, y, "ink label", &label.text);
}

fn legend(svg: &mut String, y: i32) {
    let states = [("calling", "calling"), ("called", "called: it rings"), ("in_call", "in a call")];
    for (at, (class, text)) in states.into_iter().enumerate() {
        let x = TIMES + MARGIN / 2 + 130 * at as i32;
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{}\" width=\"8\" height=\"14\" rx=\"3\"/>",
            y - 7
        );
        put(svg, x + 14, y + 4, "soft", text);
    }
}

fn put(svg: &mut String, x: i32, y: i32, class: &str, text: &str) {
    let _ =
        writeln!(svg, "<text class=\"{class}\" stroke=\"none\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text));
}

fn middle(svg: &mut String, x: i32, y: i32, class: &str, text: &str) {
    let (short, title) = match text.char_indices().nth(LETTERS) {
        Some((end, _)) => (format!("{}…", &text[..end]), format!("<title>{}</title>", escaped(text))),
        None => (text.to_owned(), String::new()),
    };
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" text-anchor=\"middle\" x=\"{x}\" y=\"{y}\">{title}{}</text>",
        escaped(&short)
    );
}

/// For XML: what would be markup is escaped, what XML cannot hold is replaced.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '&' => safe += "&amp;",
            '"' => safe += "&quot;",
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            // Writing from right to left must not turn the picture round.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            _ => safe.push(letter),
        }
    }
    safe
}
