//! What has been cut so far, and how something in the body becomes an item.

use std::ops::Range;

use time::OffsetDateTime;

use super::holdable::{self, Unholdable};
use super::keys::{self, Name};
use super::members::Members;
use super::place::Place;
use super::when::believable;
use crate::event_log::item::{EventType, Item, Payload};

/// Surroundings longer than this are not repeated with each update: metadata, a contact, a thread.
pub(super) const MAX_SURROUNDING: usize = 8 * 1024;
/// What the items of one body may weigh together, in bytes. Surroundings are repeated, so that a body made for it
/// could grow a thousandfold; what Meta sends stays far below.
const MAX_WEIGHT: usize = 32 * 1024 * 1024;

/// Cuts one body.
pub(super) struct Cutter<'a> {
    pub(super) text: &'a str,
    body: &'a [u8],
    /// The body is not UTF-8: `text` is not quite what came.
    pub(super) is_damaged: bool,
    delivery: String,
    now: OffsetDateTime,
    items: Vec<Item>,
    weight: usize,
    /// Where the first update stands that no longer fits in.
    cut_off_at: Option<usize>,
}

/// One update and what belongs to it.
pub(super) struct Update<'u> {
    pub(super) kind: EventType,
    /// Its text in the body.
    pub(super) json: &'u str,
    pub(super) members: &'u Members<'u>,
    /// What the payload says, where that is not all of `json`.
    pub(super) said: Option<&'u str>,
    /// Members of the payload beside those of its [`Place`].
    pub(super) more: &'u [(&'u str, Option<&'u str>)],
    /// Whether all of this can be kept.
    pub(super) held: Result<(), Unholdable>,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(body: &'a [u8], text: &'a str, body_sha256: &[u8; 32], now: OffsetDateTime) -> Self {
        Self {
            text,
            body,
            is_damaged: text.as_bytes() != body,
            delivery: hex::encode(body_sha256),
            now,
            items: Vec::new(),
            weight: 0,
            cut_off_at: None,
        }
    }

    /// Grows with every item, those included for which there is no room.
    pub(super) fn count(&self) -> usize {
        self.items.len() + usize::from(self.cut_off_at.is_some())
    }

    /// The items; the last one tells if there was no room for more.
    pub(super) fn finish(mut self) -> Vec<Item> {
        if let Some(start) = self.cut_off_at {
            let reason = format!("The body holds more updates than are kept apart: see its bytes from {start} on.");
            let bytes = start..self.body.len();
            self.push_raw(Payload::Quarantined { reason, json: None }, bytes);
        }
        self.items
    }

    /// An element of one of the lists in a value.
    pub(super) fn update(&mut self, place: &Place, update: &Update) {
        let Some(bytes) = self.room_for(update.json) else { return };
        let mut name = keys::name(update.kind, place, update.members, update.json);
        if update.held.is_err() {
            // It must not stand in the way of a readable one of the same name.
            name.key = None;
        }
        let event_ts = self.believable(name.timestamp.as_deref());
        let payload = kept(update.held, || place.payload(update.more, update.said.unwrap_or(update.json)));
        self.push(place, update.kind, name, event_ts, payload, bytes);
    }

    /// An element that is no object.
    pub(super) fn broken_update(&mut self, place: &Place, kind: EventType, json: &str) {
        let Some(bytes) = self.room_for(json) else { return };
        let payload = self.quarantined(place, json, "The update is not an object.");
        self.push(place, kind, Name::default(), None, payload, bytes);
    }

    /// The errors of `value`: `json` is where they stand in it, and `item` what the payload says.
    pub(super) fn errors(&mut self, place: &Place, value: &str, errors: &str, json: &str, item: &str) {
        let Some(bytes) = self.room_for(json) else { return };
        let whole = &self.body[self.range(value)];
        let name = Name {
            key: Some(keys::of_errors(place, whole, &self.delivery)),
            subtype: keys::first_code(errors),
            ..Name::default()
        };
        let held = self.check_utf8(json).and_then(|()| holdable::check(item));
        let payload = kept(held, || place.payload(&[], item));
        self.push(place, EventType::Error, name, None, payload, bytes);
    }

    /// A change that is kept as one.
    pub(super) fn change(&mut self, place: &Place, json: &str, value: &Members) {
        let Some(bytes) = self.room_for(json) else { return };
        let payload = kept(self.check(json), || place.payload(&[], json));
        let name = Name { subtype: place.field.clone(), object_id: keys::subject_of_change(value), ..Name::default() };
        let own = self.believable(value.text("timestamp").as_deref());
        let event_ts = own.or_else(|| self.believable(place.time.as_deref()));
        self.push(place, EventType::Change, name, event_ts, payload, bytes);
    }

    /// A level whose shape is wrong: what stood there, as one quarantined change.
    pub(super) fn misshapen(&mut self, place: &Place, json: &str, reason: &str) {
        let Some(bytes) = self.room_for(json) else { return };
        let payload = self.quarantined(place, json, reason);
        let name = Name { subtype: place.field.clone(), ..Name::default() };
        let event_ts = self.believable(place.time.as_deref());
        self.push(place, EventType::Change, name, event_ts, payload, bytes);
    }

    /// The whole body as one item.
    pub(super) fn raw(&mut self, reason: &str, is_json: bool) {
        let payload = if is_json {
            self.quarantined(&Place::default(), self.text.trim(), reason)
        } else {
            Payload::Quarantined { reason: reason.to_owned(), json: None }
        };
        self.push_raw(payload, 0..self.body.len());
    }

    /// Whether a slice of the text may be repeated with every update.
    pub(super) fn check_surrounding(&self, json: &str) -> Result<(), Unholdable> {
        if json.len() > MAX_SURROUNDING {
            return Err(Unholdable::TooLong);
        }
        self.check(json)
    }

    /// Whether a slice of the text can be kept.
    pub(super) fn check(&self, json: &str) -> Result<(), Unholdable> {
        self.check_utf8(json)?;
        holdable::check(json)
    }

    /// Whether an object can be kept without some of its members: `rest`.
    pub(super) fn check_rest(&self, whole: &Members, left_out: &[&str], rest: &str) -> Result<(), Unholdable> {
        for (key, value) in whole.rest(left_out) {
            self.check_utf8(key)?;
            self.check_utf8(value)?;
        }
        holdable::check(rest)
    }

    /// Whether a slice of the text is what came.
    fn check_utf8(&self, json: &str) -> Result<(), Unholdable> {
        if self.is_damaged && std::str::from_utf8(&self.body[self.range(json)]).is_err() {
            return Err(Unholdable::NotUtf8);
        }
        Ok(())
    }

    fn quarantined(&self, place: &Place, json: &str, reason: &str) -> Payload {
        let kept = self.check(json).is_ok().then(|| place.payload(&[], json));
        Payload::Quarantined { reason: reason.to_owned(), json: kept }
    }

    fn believable(&self, digits: Option<&str>) -> Option<OffsetDateTime> {
        digits.and_then(|digits| believable(digits, self.now))
    }

    /// With its quotes, a word of the text that stands between two: nothing else may be asked for.
    pub(super) fn with_quotes(&self, word: &str) -> &'a str {
        let Range { start, end } = self.range(word);
        &self.text[start - 1..=end]
    }

    /// Where a slice of the text lies in the body.
    fn range(&self, json: &str) -> Range<usize> {
        let start = json.as_ptr().addr() - self.text.as_ptr().addr();
        start..start + json.len()
    }

    /// Where a slice of the text lies in the body, unless the body has yielded enough.
    pub(super) fn room_for(&mut self, json: &str) -> Option<Range<usize>> {
        let bytes = self.range(json);
        if self.weight > MAX_WEIGHT {
            self.cut_off_at.get_or_insert(bytes.start);
        }
        self.cut_off_at.is_none().then_some(bytes)
    }

    fn push(
        &mut self,
        place: &Place,
        event_type: EventType,
        name: Name,
        event_ts: Option<OffsetDateTime>,
        payload: Payload,
        bytes: Range<usize>,
    ) {
        let dedup_key = name.key.unwrap_or_else(|| keys::by_hash(place, &self.body[bytes.clone()]));
        let item = Item {
            event_type,
            subtype: name.subtype.map(|subtype| keys::shortened(&subtype)),
            waba_id: place.waba_id.clone(),
            phone_number_id: place.phone_number_id.clone(),
            object_id: name.object_id,
            event_ts,
            dedup_key: keys::bounded(dedup_key),
            payload,
            bytes,
        };
        self.weight += weight(&item);
        self.items.push(item);
    }

    fn push_raw(&mut self, payload: Payload, bytes: Range<usize>) {
        let name = Name { key: Some(format!("raw:{}", self.delivery)), ..Name::default() };
        self.push(&Place::default(), EventType::Raw, name, None, payload, bytes);
    }
}

/// The payload, or why there is none.
fn kept(held: Result<(), Unholdable>, payload: impl FnOnce() -> String) -> Payload {
    match held {
        Ok(()) => Payload::Json(payload()),
        Err(reason) => Payload::Quarantined { reason: reason.to_string(), json: None },
    }
}

fn weight(item: &Item) -> usize {
    let (Payload::Json(json) | Payload::Quarantined { json: Some(json), .. }) = &item.payload else {
        return size_of::<Item>() + item.dedup_key.len();
    };
    size_of::<Item>() + item.dedup_key.len() + json.len()
}
