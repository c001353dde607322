//! From comments to C types: which enum a number is, which pointer may be NULL.

use std::collections::BTreeMap;

use super::items::{Item, enum_head};

/// Each enum's integer, by its name, and each enum by its constants.
pub(crate) struct Enums {
    integers: BTreeMap<String, String>,
    of_constant: BTreeMap<String, String>,
}

impl Enums {
    pub(crate) fn of(items: &[Item]) -> Self {
        let (mut integers, mut of_constant) = (BTreeMap::new(), BTreeMap::new());
        for item in items {
            let Some((integer, ..)) = enum_head(&item.text) else { continue };
            integers.insert(item.name.clone(), integer.to_owned());
            let lines = item.text.lines().map(str::trim);
            let constants = lines.filter(|line| line.starts_with("NERTC_CALLKIT_") && line.contains(" = "));
            of_constant.extend(
                constants.filter_map(|line| Some((line.split_once(" = ")?.0.to_owned(), item.name.clone()))),
            );
        }
        Self { integers, of_constant }
    }

    /// The enum that a comment names for a number of this integer type.
    fn documented(&self, comment: &str, integer: &str) -> Option<&str> {
        let documented = comment.replace("\n", " ");
        let words: Vec<&str> = documented
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|it| !it.is_empty())
            .collect();
        let named = words.windows(2).find_map(|pair| {
            let name = if ["A", "a"].contains(&pair[0]) { pair[1] } else { pair[0] };
            let is_documented = ["A", "a"].contains(&pair[0]) || pair[1] == "bits";
            self.integers.get_key_value(name).filter(|_| is_documented)
        });
        let constant =
            || words.iter().find_map(|word| self.integers.get_key_value(self.of_constant.get(*word)?));
        let (name, of) = named.or_else(constant)?;
        (of == integer).then_some(name)
    }
}

/// Gives each number of a declaration its enum, and each nullable pointer its macro.
pub(crate) fn typed(item: &Item, enums: &Enums, inputs: &[String]) -> String {
    if item.is_enum() || item.is_constant() {
        return item.text.clone();
    }
    let is_function = item.is_function();
    let is_input = inputs.contains(&item.name);
    let (mut out, mut comment, mut code) = (String::new(), String::new(), String::new());
    let mut in_comment = false;
    for line in item.text.lines() {
        let trimmed = line.trim();
        if !in_comment && trimmed.starts_with("/**") {
            in_comment = true;
            comment.clear();
        }
        if in_comment {
            comment += trimmed.trim_start_matches(['/', '*', ' ']);
            comment += "\n";
            in_comment = !trimmed.ends_with("*/");
            out += &format!("{line}\n");
        } else if trimmed.ends_with('{')
            || trimmed.starts_with('}')
            || line.starts_with('#')
            || trimmed.ends_with('\\')
        {
            out += &format!("{line}\n");
        } else {
            code = [&code, trimmed].concat() + " ";
            if trimmed.ends_with(';') {
                let indent = if line.starts_with("  ") && out.contains("{\n") { "  " } else { "" };
                out += &wrapped(&declared(code.trim(), &comment, enums, is_function, is_input), indent);
                code.clear();
            }
        }
    }
    out
}

/// A declaration without line breaks, its numbers and pointers according to the comment.
fn declared(code: &str, comment: &str, enums: &Enums, is_function: bool, is_input: bool) -> String {
    let code = match is_function {
        true => "NERTC_CALLKIT_API ".to_owned() + &parameter(code, &parameters(comment), enums),
        false if code.contains('(') => slot(code, comment, enums),
        false => field(code, comment, enums, is_input),
    };
    both_levels(&code)
}

/// Pointers to pointers: Clang assumes nothing of them. What a function writes to may be NULL before.
fn both_levels(code: &str) -> String {
    let nonnull = code.replace("*const *", "*NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NONNULL ");
    let nonnull = nonnull.replace("**", "*NERTC_CALLKIT_NULLABLE *NERTC_CALLKIT_NONNULL ");
    nonnull.replace("*NERTC_CALLKIT_NONNULL NERTC_CALLKIT_NULLABLE", "*NERTC_CALLKIT_NULLABLE")
}

/// Breaks a declaration into lines of at most 100 columns: between parameters, or before the first.
fn wrapped(code: &str, indent: &str) -> String {
    let pieces = code.split_inclusive([',', '(']).flat_map(|piece| {
        // The parenthesis of a function pointer's name stays with the name.
        piece.split_inclusive(')')
    });
    let (mut out, mut line) = (String::new(), indent.to_owned());
    let mut may_break = false;
    for piece in pieces {
        if may_break && line.len() + piece.len() > 97 {
            out += &format!("{}\n", line.trim_end());
            line = format!("{indent}    {}", piece.trim_start());
        } else {
            line += piece;
        }
        may_break = piece.ends_with([',', '(']) && !line.ends_with(" (");
    }
    out += line.trim_end();
    let lines = out.lines().map(|line| match [", ", " const *"].iter().find_map(|at| line.rfind(at)) {
        Some(at) if line.len() > 100 => {
            let (start, end) = line.split_at(at + usize::from(line[at..].starts_with(',')));
            format!("{start}\n{indent}    {}\n", end.trim_start())
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// The comment of each parameter.
fn parameters(comment: &str) -> BTreeMap<String, String> {
    let parts = comment.split("@param ").skip(1);
    let parts = parts.filter_map(|part| {
        let text = part.split("@return").next()?.split("\nThread:").next()?;
        let (name, text) = text.split_once(' ')?;
        Some((name.to_owned(), text.trim().to_owned()))
    });
    parts.collect()
}

/// A function's declaration.
fn parameter(line: &str, params: &BTreeMap<String, String>, enums: &Enums) -> String {
    let pieces = line.split_inclusive([',', ')']).map(|piece| {
        let end = piece.trim_end_matches([',', ')', ';']);
        let name = end.rsplit([' ', '*', '(']).next().unwrap_or_default();
        let Some(documented) = params.get(name) else { return piece.to_owned() };
        let piece = retyped(piece, documented, enums);
        let nullable = !documented.contains("Not NULL");
        if nullable { marked(&piece, name) } else { piece }
    });
    pieces.collect()
}

/// A field of a struct that is no function.
fn field(code: &str, comment: &str, enums: &Enums, is_input: bool) -> String {
    let code = retyped(code, comment, enums);
    let name = code.trim_end_matches(';').rsplit([' ', '*']).next().unwrap_or_default().to_owned();
    let may_be_null = comment.contains("NULL") && !comment.contains("Never NULL");
    if is_input || may_be_null { marked(&code, &name) } else { code }
}

/// A function pointer: its comment of `name`.
fn slot(code: &str, comment: &str, enums: &Enums) -> String {
    let pieces = code.split_inclusive([',', ')']).map(|piece| {
        let name = piece.trim_end_matches([',', ')', ';']).rsplit([' ', '*', '(']).next().unwrap_or_default();
        let optional = ["ctx", "user_data", "message", "view", "push"];
        let piece = if optional.contains(&name) { marked(piece, name) } else { piece.to_owned() };
        match comment.split_once(&format!("`{name}` is ")) {
            Some((_, documented)) if !name.is_empty() => {
                retyped(&piece, documented.split(['.', ';']).next().unwrap_or_default(), enums)
            }
            _ => piece,
        }
    });
    let code = pieces.collect::<String>();
    // Where a named type is used, it is marked there.
    if code.starts_with("typedef") { code } else { code.replacen("(*", "(*NERTC_CALLKIT_NULLABLE ", 1) }
}

fn retyped(piece: &str, documented: &str, enums: &Enums) -> String {
    for integer in ["uint32_t", "int32_t"] {
        let lead = piece.len() - piece.trim_start().len();
        let body = &piece[lead..];
        let (head, body) = body
            .split_once('(')
            .filter(|_| !body.starts_with(integer))
            .map_or(("", body), |(h, b)| (&piece[lead..lead + h.len() + 1], b));
        let body = body.trim_start_matches(' ');
        if let Some(rest) = body.strip_prefix(integer).filter(|rest| rest.starts_with(' ')) {
            if let Some(name) = enums.documented(documented, integer) {
                return format!("{}{head}{name}{rest}", &piece[..lead]);
            }
            return piece.to_owned();
        }
    }
    piece.to_owned()
}

/// Marks the outer pointer of `name`, if it is one.
fn marked(piece: &str, name: &str) -> String {
    let typedef = format!("_cb {name}");
    if piece.contains(&typedef) {
        return piece.replacen(&typedef, &format!("_cb NERTC_CALLKIT_NULLABLE {name}"), 1);
    }
    piece.replacen(&format!("*{name}"), &format!("*NERTC_CALLKIT_NULLABLE {name}"), 1)
}
