//! JSON for reading: coloured, foldable and searchable.
//!
//! Objects and lists are `<details>`, so folding needs no WASM. The HTML is written here and put into the page as one
//! text: as a view, each line would be some nodes to be taken over one by one, and a payload may have thousands. So this
//! is the one place of the app where text must be escaped by hand; every piece goes through [`escaped`].

mod layout;
mod search;

use leptos::prelude::*;

pub use self::layout::pretty;
use self::layout::{DEEPEST, Kind, Line, lay_out};
use self::search::Search;

/// Lines that can be folded and coloured; what comes after them is one text.
const MOST_LINES: usize = 5000;

/// JSON text, laid out.
#[component]
pub fn JsonView(
    /// The text.
    json: String,
) -> impl IntoView {
    view! {
        <Search />
        <div class="json" tabindex="0" role="region" aria-label="Payload" inner_html=html(&json, MOST_LINES)></div>
    }
}

fn html(json: &str, most_lines: usize) -> String {
    let layout = lay_out(json, most_lines);
    let mut html = String::new();
    draw(&layout.lines, &mut html);
    if !layout.rest.is_empty() {
        html.extend(["<pre class=\"l\">", &escaped(&layout.rest), "</pre>"]);
    }
    html
}

/// What an opening line begins goes as far as there are deeper lines.
fn draw(lines: &[Line], html: &mut String) {
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let inner = after.iter().take_while(|next| line.opens && next.depth > line.depth).count();
        let (inside, after) = after.split_at(if line.depth < DEEPEST { inner } else { 0 });
        if inside.is_empty() {
            html.extend(["<div class=\"l\">", &pieces(line), "</div>"]);
        } else {
            html.extend(["<details open><summary class=\"l\">", &pieces(line), "</summary>"]);
            draw(inside, html);
            html.push_str("</details>");
        }
        rest = after;
    }
}

fn pieces(line: &Line) -> String {
    let piece = |(kind, text): &(Kind, String)| {
        let text = escaped(text);
        match kind {
            Kind::Plain => text,
            Kind::Key => format!("<span class=\"k\">{text}</span>"),
            Kind::Text => format!("<span class=\"s\">{text}</span>"),
            Kind::Value => format!("<span class=\"n\">{text}</span>"),
        }
    };
    line.pieces.iter().map(piece).collect()
}

/// Text between tags: without these three letters it cannot begin a tag or an entity.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the tags that are written here.
    fn without_ours(html: &str) -> String {
        let ours = [
            "<div class=\"l\">",
            "</div>",
            "<details open>",
            "</details>",
            "<summary class=\"l\">",
            "</summary>",
            "<span class=\"k\">",
            "<span class=\"s\">",
            "<span class=\"n\">",
            "</span>",
            "<pre class=\"l\">",
            "</pre>",
        ];
        ours.into_iter().fold(html.to_owned(), |html, tag| html.replace(tag, ""))
    }

    #[test]
    fn no_text_of_the_payload_becomes_markup() {
        let hostile = "<img src=x onerror=alert(1)>&lt;script>\\\"<!--</div></details><svg/onload=x>";
        let shapes = [
            format!(r#"{{"{hostile}": "{hostile}", "a": ["{hostile}"]}}"#),
            format!("{hostile} {{ {hostile} ]"),
            format!("[{hostile}, \"{hostile}"),
        ];
        for json in shapes {
            for most_lines in [0, 1, 2, 5000] {
                let rest = without_ours(&html(&json, most_lines));
                assert!(!rest.contains(['<', '>']), "{rest}");
                assert!(!rest.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").contains('&'), "{rest}");
            }
        }
    }

    #[test]
    fn an_object_folds_and_its_end_stays() {
        let drawn = html(r#"{"a":{"b":1},"c":2}"#, 5000);
        let folded = "<details open><summary class=\"l\"><span class=\"k\">\"a\"</span>: {</summary>\
                      <div class=\"l\"><span class=\"k\">\"b\"</span>: <span class=\"n\">1</span></div></details>\
                      <div class=\"l\">},</div>";
        assert!(drawn.contains(folded), "{drawn}");
    }

    #[test]
    fn what_never_ends_is_drawn_all_the_same() {
        let deep = format!("{}1", "[".repeat(20_000));
        assert_eq!(without_ours(&html(&deep, 5000)).matches('[').count(), 20_000);
    }
}
