//! JSON for reading: one member a line, coloured by what it is.
//!
//! The text is cut into tokens and laid out anew, not parsed: what is no JSON is shown all the same, and numbers keep
//! every digit. Each piece becomes a text node, so nothing in it can turn into markup.

use leptos::prelude::*;

/// Coloured pieces; what comes after them is one piece without colours, since each one is an element of the page.
const MOST_COLOURED: usize = 3000;

/// Deeper levels are indented no further.
const DEEPEST_INDENT: usize = 32;

/// What a piece of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Key,
    Text,
    /// A number, or `true`, `false` and `null`.
    Value,
}

impl Kind {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Key => Some("k"),
            Self::Text => Some("s"),
            Self::Value => Some("n"),
        }
    }
}

/// JSON text, laid out and coloured.
#[component]
pub fn JsonView(
    /// The text.
    json: String,
) -> impl IntoView {
    let pieces = lay_out(&json, MOST_COLOURED);
    view! {
        <pre class="json" tabindex="0" role="region" aria-label="Payload">
            <code>
                {pieces.into_iter().map(|(kind, text)| view! { <span class=kind.class()>{text}</span> }).collect_view()}
            </code>
        </pre>
    }
}

/// JSON text with one member a line, as it is copied.
pub fn pretty(json: &str) -> String {
    lay_out(json, 0).into_iter().map(|(_, text)| text).collect()
}

fn lay_out(json: &str, most_coloured: usize) -> Vec<(Kind, String)> {
    let mut page = Page { pieces: Vec::new(), coloured_left: most_coloured, depth: 0 };
    let mut rest = json.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        rest = after.trim_start();
        page.put(first, token, &mut rest);
    }
    page.pieces
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

/// The text so far.
struct Page {
    pieces: Vec<(Kind, String)>,
    coloured_left: usize,
    depth: usize,
}

impl Page {
    fn put(&mut self, first: char, token: &str, rest: &mut &str) {
        match first {
            '{' | '[' => self.open(first, rest),
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                self.line();
                self.push(Kind::Plain, token);
            }
            ',' => {
                self.push(Kind::Plain, token);
                self.line();
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
            self.depth += 1;
            self.line();
        }
    }

    fn line(&mut self) {
        self.push(Kind::Plain, "\n");
        self.push(Kind::Plain, &"  ".repeat(self.depth.min(DEEPEST_INDENT)));
    }

    /// Neighbours without colour are one piece.
    fn push(&mut self, kind: Kind, text: &str) {
        let kind = if self.coloured_left == 0 { Kind::Plain } else { kind };
        if kind != Kind::Plain {
            self.coloured_left -= 1;
        }
        match self.pieces.last_mut() {
            Some((Kind::Plain, last)) if kind == Kind::Plain => last.push_str(text),
            _ => self.pieces.push((kind, text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(json: &str) -> Vec<(Kind, String)> {
        lay_out(json, 100).into_iter().filter(|(kind, _)| *kind != Kind::Plain).collect()
    }

    #[test]
    fn each_member_has_its_line() {
        let laid_out = "{\n  \"a\": [\n    1,\n    true\n  ],\n  \"b\": {},\n  \"c\": []\n}";
        assert_eq!(pretty(r#" {"a":[1, true],"b":{ },"c":[]} "#), laid_out);
        assert_eq!(pretty(laid_out), laid_out);
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
        for broken in ["{\"a", "]]]]", "nul", "{,,}", "\"\\", "é \"ü", "{\"a\":1}}"] {
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&pretty(broken)), letters(broken), "{broken}");
        }
    }

    #[test]
    fn a_large_payload_has_few_elements_and_all_of_its_text() {
        let json = format!("[{}]", vec!["{\"a\":1}"; 10_000].join(","));
        let pieces = lay_out(&json, MOST_COLOURED);
        assert!(pieces.len() <= 2 * MOST_COLOURED + 1, "{} pieces", pieces.len());
        let text: String = pieces.into_iter().map(|(_, text)| text).collect();
        assert_eq!(text, pretty(&json));
    }

    #[test]
    fn depth_does_not_make_the_text_explode() {
        let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(pretty(&deep).len() < 40_000 * (2 * DEEPEST_INDENT + 3));
    }
}
