//! Lays JSON text out: one member a line, each piece of it marked by what it is.
//!
//! The text is cut into tokens, not parsed: what is no JSON is laid out all the same, and numbers keep every digit.

/// Deeper levels are indented no further.
pub const DEEPEST: usize = 32;

/// Pieces of a line; what has more is no JSON, and goes on in the next line.
const LONGEST_LINE: usize = 50;

/// What a piece of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Key,
    Text,
    /// A number, or `true`, `false` and `null`.
    Value,
}

/// One line.
#[derive(Debug, Default)]
pub struct Line {
    /// How many objects and lists are around it.
    pub depth: usize,
    /// Its text.
    pub pieces: Vec<(Kind, String)>,
    /// An object or list begins at its end.
    pub opens: bool,
}

/// The whole text.
#[derive(Debug, Default)]
pub struct Layout {
    /// Its beginning.
    pub lines: Vec<Line>,
    /// What comes after as many lines as were wanted, as one text.
    pub rest: String,
    line: Line,
    lines_left: usize,
    depth: usize,
}

/// JSON text with one member a line, as it is copied.
pub fn pretty(json: &str) -> String {
    lay_out(json, 0).rest
}

/// Lays out, in at most so many lines and a rest.
pub fn lay_out(json: &str, most_lines: usize) -> Layout {
    let mut layout = Layout { lines_left: most_lines, ..Layout::default() };
    let mut rest = json.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token_length(rest, first));
        rest = after.trim_start();
        layout.put(first, token, &mut rest);
    }
    layout.end_line();
    layout
}

/// How many bytes the token at the beginning has.
fn token_length(text: &str, first: char) -> usize {
    match first {
        '"' => string_length(text),
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        _ => text.find(|c: char| c.is_whitespace() || "{}[],:\"".contains(c)).unwrap_or(text.len()),
    }
}

/// A string ends at the first quote that no backslash takes away; a broken one at the end of the text.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

impl Layout {
    fn put(&mut self, first: char, token: &str, rest: &mut &str) {
        match first {
            '{' | '[' => self.open(first, rest),
            '}' | ']' => {
                self.end_line();
                self.depth = self.depth.saturating_sub(1);
                self.line.depth = self.depth;
                self.push(Kind::Plain, token);
            }
            ',' => {
                self.push(Kind::Plain, token);
                self.end_line();
            }
            ':' => self.push(Kind::Plain, ": "),
            '"' if rest.starts_with(':') => self.push(Kind::Key, token),
            '"' => self.push(Kind::Text, token),
            _ => self.push(Kind::Value, token),
        }
    }

    /// An empty object or list stays on its line.
    fn open(&mut self, first: char, rest: &mut &str) {
        let (open, close) = if first == '{' { ("{", "}") } else { ("[", "]") };
        self.push(Kind::Plain, open);
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after.trim_start();
            self.push(Kind::Plain, close);
        } else {
            self.line.opens = true;
            self.depth += 1;
            self.end_line();
        }
    }

    fn push(&mut self, kind: Kind, text: &str) {
        if self.line.pieces.len() == LONGEST_LINE {
            self.end_line();
        }
        match self.line.pieces.last_mut() {
            Some((Kind::Plain, last)) if kind == Kind::Plain => last.push_str(text),
            _ => self.line.pieces.push((kind, text.to_owned())),
        }
    }

    fn end_line(&mut self) {
        let next = Line { depth: self.depth, ..Line::default() };
        let line = std::mem::replace(&mut self.line, next);
        if line.pieces.is_empty() {
            return;
        }
        if self.lines_left > 0 {
            self.lines_left -= 1;
            self.lines.push(line);
        } else {
            if !self.rest.is_empty() {
                self.rest.push('\n');
            }
            self.rest.push_str(&"  ".repeat(line.depth.min(DEEPEST)));
            self.rest.extend(line.pieces.into_iter().map(|(_, text)| text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(json: &str) -> Vec<(Kind, String)> {
        let lines = lay_out(json, 100).lines;
        lines.into_iter().flat_map(|line| line.pieces).filter(|(kind, _)| *kind != Kind::Plain).collect()
    }

    #[test]
    fn each_member_has_its_line() {
        let laid_out = "{\n  \"a\": [\n    1,\n    true\n  ],\n  \"b\": {},\n  \"c\": []\n}";
        assert_eq!(pretty(r#" {"a":[1, true],"b":{ },"c":[]} "#), laid_out);
        assert_eq!(pretty(laid_out), laid_out);
    }

    #[test]
    fn a_line_knows_how_deep_it_is_and_what_it_opens() {
        let lines = lay_out(r#"{"a":[1],"b":{}}"#, 100).lines;
        let seen: Vec<_> = lines.iter().map(|line| (line.depth, line.opens)).collect();
        assert_eq!(seen, [(0, true), (1, true), (2, false), (1, false), (1, false), (0, false)]);
    }

    #[test]
    fn keys_texts_and_values_are_told_apart() {
        let found = kinds(r#"{"k": "v", "n": -1.50e9, "z": null}"#);
        let expected = [
            (Kind::Key, "\"k\""),
            (Kind::Text, "\"v\""),
            (Kind::Key, "\"n\""),
            (Kind::Value, "-1.50e9"),
            (Kind::Key, "\"z\""),
            (Kind::Value, "null"),
        ];
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn what_looks_like_json_inside_a_string_stays_a_string() {
        let text = r#""a \" { , : \\""#;
        assert_eq!(kinds(&format!("[{text}]")), [(Kind::Text, text.to_owned())]);
    }

    #[test]
    fn what_is_no_json_loses_no_letter() {
        for broken in ["{\"a", "]]]]", "nul", "{,,}", "\"\\", "é \"ü", "{\"a\":1}}", &"1 \"a\" ".repeat(200)] {
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&pretty(broken)), letters(broken), "{broken}");
        }
    }

    #[test]
    fn a_large_payload_has_few_lines_and_all_of_its_text() {
        let json = format!("[{}]", vec!["{\"a\":1}"; 10_000].join(","));
        let layout = lay_out(&json, 1000);
        assert_eq!(layout.lines.len(), 1000);
        let lines: Vec<String> = layout.lines.into_iter().map(|line| text(&line)).collect();
        assert_eq!(format!("{}\n{}", lines.join("\n"), layout.rest), pretty(&json));
    }

    fn text(line: &Line) -> String {
        let pieces: String = line.pieces.iter().map(|(_, text)| text.as_str()).collect();
        "  ".repeat(line.depth) + &pieces
    }

    #[test]
    fn depth_does_not_make_the_text_explode() {
        let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(pretty(&deep).len() < 40_000 * (2 * DEEPEST + 3));
    }
}
