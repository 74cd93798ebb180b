//! A body cut into its updates, each with the key that makes it unique.
//!
//! Meta sends up to a thousand updates in one POST, over several entries, changes and lists. Everything in the body is
//! read, and what one update holds never decides over another: objects and lists are read one level at a time
//! ([`members`]), so that an update nobody can parse becomes a quarantined row of its own ([`holdable`]), and a level
//! whose shape is wrong becomes one row that holds what stood there. Nothing is parsed and written again: a payload is
//! put together from raw slices of the body.
//!
//! [`cut`] cannot fail and never comes back with nothing; a body that is no envelope is one item. What an item may do
//! is decided elsewhere: all ids in it are only claims.
//!
//! | level | read by |
//! |---|---|
//! | body, entries, changes | [`walk`] |
//! | the lists in a `value` | [`value`] |
//! | chunks of a history | [`history`] |
//! | one update | [`cutter`], with its name from [`keys`], its surroundings from [`place`] and [`contacts`] |
//! | a body of the usual shape, all at once | [`usual`] |

mod contacts;
mod cutter;
mod history;
mod holdable;
mod keys;
mod members;
mod place;
mod usual;
mod value;
mod walk;
mod when;

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::event_log::item::Item;
use cutter::Cutter;
use usual::Usual;
pub use usual::payload_of;

/// Cuts a body into its updates, in their order.
///
/// `body_sha256` is the hash of `body`, the key of the delivery; `now` decides which timestamps can be believed. The
/// work grows with the length of the body and not faster; a thousand updates take some
/// 4 ms, 3 MB some 60 ms.
pub fn cut(body: &[u8], body_sha256: &[u8; 32], now: OffsetDateTime) -> Vec<Item> {
    cut_and_tell(body, body_sha256, now).0
}

/// The same, and the payload that whoever has the body can put together, if it is of the [`usual`] shape.
pub fn cut_and_tell(body: &[u8], body_sha256: &[u8; 32], now: OffsetDateTime) -> (Vec<Item>, Option<String>) {
    let text = readable(body);
    let mut cutter = Cutter::new(body, &text, body_sha256, now);
    if let Some(usual) = Usual::read(&text)
        && cutter.walk_usual(&usual)
    {
        let told = usual::is_tellable(&text).then(|| usual.payload());
        return (cutter.finish(), told);
    }
    cutter.walk_body();
    (cutter.finish(), None)
}

/// Cuts a body as if it were not of the usual shape: for those who hold the two ways against each other.
pub fn cut_level_by_level(body: &[u8], body_sha256: &[u8; 32], now: OffsetDateTime) -> Vec<Item> {
    let text = readable(body);
    let mut cutter = Cutter::new(body, &text, body_sha256, now);
    cutter.walk_body();
    cutter.finish()
}

/// The body as text. JSON is UTF-8; where a byte is not, a question mark takes its place, so that what stands around
/// it can still be read at the same offsets.
fn readable(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests;
