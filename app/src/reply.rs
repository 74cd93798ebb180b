//! What a page or a server function may do to the HTTP response it is made for.
//!
//! The server puts an `Arc<dyn Reply>` into Leptos' context beside the console. In the browser there is none, since
//! there is no response: what only matters to the first page is then left out.

use std::sync::Arc;

use leptos::prelude::use_context;

use crate::contract::ConsoleError;

/// The response to be.
pub trait Reply: Send + Sync {
    /// Sets the HTTP status of the page.
    fn status(&self, code: u16);

    /// Sends the browser to another path of this site, as a plain form expects it and as a hydrated one does.
    fn redirect(&self, path: &str);

    /// Path and query of the page that a form was posted from, by the browser's word.
    fn asked_from(&self) -> Option<String>;

    /// Names the page that a form leads to when it was posted without WASM. A hydrated page stays where it is: it reads
    /// the answer itself, and keeps what its own address says.
    fn land(&self, path: &str);
}

/// The reply of this request, for server functions. To be read before the first `.await`.
///
/// # Errors
/// `Unavailable` when the server provided none.
pub fn reply() -> Result<Arc<dyn Reply>, ConsoleError> {
    use_context::<Arc<dyn Reply>>().ok_or(ConsoleError::Unavailable { request_id: None })
}

/// Gives the page being rendered a status; in the browser there is nothing to give it to.
pub(crate) fn set_status(code: u16) {
    if let Some(reply) = use_context::<Arc<dyn Reply>>() {
        reply.status(code);
    }
}
