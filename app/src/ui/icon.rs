use leptos::prelude::*;

/// A drawing of 24 by 24 units, made of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// Two sheets.
    Copy,
    /// Done.
    Check,
    /// A lens.
    Search,
    /// An arrow to the left.
    Back,
    /// A sheet of paper.
    File,
    /// A picture.
    Image,
    /// Something to play.
    Play,
    /// Something to hear.
    Sound,
    /// A pin on the map.
    Pin,
    /// Somebody.
    Person,
    /// A basket.
    Basket,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Self::Copy => "M9 9h11v11H9zM5 15H4V4h11v1",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.5 16.5L21 21",
            Self::Back => "M19 12H5M11 6l-6 6 6 6",
            Self::File => "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
            Self::Image => "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
            Self::Play => "M8 5l11 7-11 7z",
            Self::Sound => "M5 10v4M9 7v10M13 4v16M17 8v8M21 11v2",
            Self::Pin => "M12 21s7-6 7-11a7 7 0 0 0-14 0c0 5 7 11 7 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
            Self::Basket => "M3 5h2l2 11h11l2-8H6M9 20h.01M17 20h.01",
        }
    }
}

/// An icon in the colour of the text around it. It says nothing to screen readers: words stand beside it.
#[component]
pub fn Icon(
    /// Which one.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=glyph.path() />
        </svg>
    }
}
