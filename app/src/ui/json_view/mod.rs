//! JSON for reading: coloured, foldable and searchable.
//!
//! Objects and lists are `<details>`, so folding needs no WASM. Each piece becomes a text node: nothing in it can turn
//! into markup.

mod layout;
mod search;

use leptos::prelude::*;

pub use self::layout::pretty;
use self::layout::{DEEPEST, Kind, Line, lay_out};
use self::search::Search;

/// Lines that are elements of the page; what comes after them is one text.
const MOST_LINES: usize = 2000;

/// JSON text, laid out.
#[component]
pub fn JsonView(
    /// The text.
    json: String,
) -> impl IntoView {
    let layout = lay_out(&json, MOST_LINES);
    view! {
        <Search />
        <div class="json" tabindex="0" role="region" aria-label="Payload">
            {draw(&layout.lines)}
            {(!layout.rest.is_empty()).then(|| view! { <pre class="l">{layout.rest}</pre> })}
        </div>
    }
}

/// What an opening line begins goes as far as there are deeper lines.
fn draw(lines: &[Line]) -> AnyView {
    let mut drawn = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let inner = after.iter().take_while(|next| line.opens && next.depth > line.depth).count();
        if inner > 0 && line.depth < DEEPEST {
            let (inside, after) = after.split_at(inner);
            drawn.push(fold(line, draw(inside)));
            rest = after;
        } else {
            drawn.push(view! { <div class="l">{pieces(line)}</div> }.into_any());
            rest = after;
        }
    }
    drawn.into_any()
}

fn fold(line: &Line, inside: AnyView) -> AnyView {
    view! {
        <details open>
            <summary class="l">{pieces(line)}</summary>
            {inside}
        </details>
    }
    .into_any()
}

fn pieces(line: &Line) -> Vec<AnyView> {
    let piece = |(kind, text): &(Kind, String)| {
        let text = text.clone();
        match kind {
            Kind::Plain => text.into_any(),
            Kind::Key => view! { <span class="k">{text}</span> }.into_any(),
            Kind::Text => view! { <span class="s">{text}</span> }.into_any(),
            Kind::Value => view! { <span class="n">{text}</span> }.into_any(),
        }
    };
    line.pieces.iter().map(piece).collect()
}
