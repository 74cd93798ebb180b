//! What was typed into a form that was refused, so that nobody has to type it again. The server puts it into the context
//! of the page that it answers the form with; in the browser there is none.

use leptos::prelude::use_context;

/// The fields of the form, by their names in it. Only of forms without a secret.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub Vec<(String, String)>);

impl Typed {
    /// Of the page that is being drawn.
    pub fn here() -> Self {
        use_context().unwrap_or_default()
    }

    /// What stands in a field, if anything was typed at all.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone())
    }
}
