//! What is left of a body when one person's updates are taken out. Pure.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::processing::effect::{Effects, Person};
use crate::processing::translate::{Event, translate, without_punctuation};

/// What may stand between the digits of a number: processing looks past it as well.
const PUNCTUATION: &[u8] = b"+(). -";

/// All ids of the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Business-scoped user ids.
    pub bsuids: Vec<String>,
    /// WhatsApp ids, and the phone number if it is another one; without punctuation.
    pub numbers: Vec<String>,
}

/// An event as far as it matters here.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// Its id.
    pub id: Uuid,
    /// The word in `event_type`.
    pub event_type: String,
    /// The message's type, the status, the field …
    pub subtype: Option<String>,
    /// What it says, if it can be read.
    pub payload: Option<Value>,
    /// Meta's timestamp, or that of receipt.
    pub event_ts: OffsetDateTime,
    /// Where its bytes begin.
    pub offset: usize,
    /// How many there are.
    pub length: usize,
    /// Its content is gone already.
    pub erased: bool,
    /// Of the account, if it has one.
    pub phone_number_id: String,
    /// Of the account.
    pub display_phone_number: Option<String>,
}

/// What is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Events that are the person's.
    pub gone: Vec<Uuid>,
    /// The new body: a JSON array of what stays; empty if nothing does.
    pub body: Vec<u8>,
    /// Events that stay, each with its new place in the body.
    pub kept: Vec<(Uuid, usize, usize)>,
}

impl Ids {
    /// Those that stand in a body as they are.
    pub fn texts(&self) -> Vec<Vec<u8>> {
        self.all().filter(|id| !is_number(id)).map(|id| id.as_bytes().to_vec()).collect()
    }

    /// A regular expression for the others, whose digits may have punctuation between them. None if there are none.
    pub fn numbers_pattern(&self) -> Option<String> {
        let number = |id: &String| id.chars().map(String::from).collect::<Vec<_>>().join("[+(). -]*");
        let numbers: Vec<String> = self.all().filter(|id| is_number(id)).map(number).collect();
        (!numbers.is_empty()).then(|| numbers.join("|"))
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.bsuids.iter().chain(&self.numbers)
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        let bare: Vec<u8> = bytes.iter().copied().filter(|byte| !PUNCTUATION.contains(byte)).collect();
        self.all().any(|id| {
            let bytes = if is_number(id) { &bare[..] } else { bytes };
            bytes.windows(id.len().max(1)).any(|window| window == id.as_bytes())
        })
    }

    fn are(&self, text: &str) -> bool {
        let text = without_punctuation(text.trim());
        self.all().any(|id| *id == text)
    }

    /// By the BSUID first, as processing does: a number may have been handed on.
    fn are_of(&self, person: &Person) -> bool {
        match &person.bsuid {
            Some(bsuid) if !self.bsuids.is_empty() => self.bsuids.contains(bsuid),
            _ => person.wa_id.as_ref().is_some_and(|wa_id| self.numbers.contains(wa_id)),
        }
    }

    fn are_said_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.are(text),
            Value::Number(number) => self.are(&number.to_string()),
            Value::Array(items) => items.iter().any(|item| self.are_said_in(item)),
            Value::Object(members) => members.iter().any(|(name, member)| self.are(name) || self.are_said_in(member)),
            _ => false,
        }
    }
}

fn is_number(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_digit())
}

impl StoredEvent {
    fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.length
    }

    fn bytes<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.range()).unwrap_or_default()
    }

    fn is_of(&self, ids: &Ids, body: &[u8]) -> bool {
        let Some(payload) = &self.payload else { return ids.are_in(self.bytes(body)) };
        let event = Event {
            event_type: &self.event_type,
            subtype: self.subtype.as_deref(),
            payload,
            event_ts: self.event_ts,
            phone_number_id: &self.phone_number_id,
            display_phone_number: self.display_phone_number.as_deref(),
        };
        let Ok(Effects { person, identity_changes, .. }) = translate(&event) else { return ids.are_said_in(payload) };
        let changes = identity_changes.iter().flat_map(|change| [&change.old, &change.new]);
        let people: Vec<&Person> = person.iter().chain(changes).collect();
        if people.is_empty() { ids.are_said_in(payload) } else { people.into_iter().any(|person| ids.are_of(person)) }
    }

    /// What may stay of its bytes. Around an update, there may be others inside of it: a chunk of history holds its
    /// messages, which are events of their own.
    fn own_bytes<'a>(&self, ids: &Ids, body: &'a [u8], gone: &[Range<usize>]) -> &'a [u8] {
        let (bytes, place) = (self.bytes(body), self.range());
        let holds_one = gone.iter().any(|gone| place.start <= gone.start && gone.end <= place.end);
        if holds_one || ids.are_in(bytes) && !self.says_so_itself(ids) { b"{}" } else { bytes }
    }

    fn says_so_itself(&self, ids: &Ids) -> bool {
        self.payload.as_ref().is_some_and(|payload| ids.are_in(payload.to_string().as_bytes()))
    }
}

/// Takes the person's updates, and those that are known to be theirs, out of a body. None if there is nothing to take
/// out: other people's updates may name the person.
pub fn cut(body: &[u8], events: &[StoredEvent], ids: &Ids, linked: &BTreeSet<Uuid>) -> Option<Cut> {
    let there = events.iter().filter(|event| !event.erased);
    let (gone, kept): (Vec<_>, Vec<_>) = there.partition(|event| linked.contains(&event.id) || event.is_of(ids, body));
    if gone.is_empty() && !names_outside(body, &kept, ids) {
        return None;
    }
    let without: Vec<Range<usize>> = gone.iter().map(|event| event.range()).collect();
    let (mut rest, mut places) = (Vec::new(), Vec::new());
    for event in kept {
        let bytes = event.own_bytes(ids, body, &without);
        rest.push(if rest.is_empty() { b'[' } else { b',' });
        places.push((event.id, rest.len(), bytes.len()));
        rest.extend_from_slice(bytes);
    }
    if !rest.is_empty() {
        rest.push(b']');
    }
    Some(Cut { gone: gone.into_iter().map(|event| event.id).collect(), body: rest, kept: places })
}

/// Whether the person is named around the updates that stay, where none goes: in the list of contacts, or in an update
/// that is kept with another body.
fn names_outside(body: &[u8], kept: &[&StoredEvent], ids: &Ids) -> bool {
    let mut outside = body.to_vec();
    for event in kept {
        let stays = event.own_bytes(ids, body, &[]).len() == event.length;
        if let Some(bytes) = outside.get_mut(event.range()).filter(|_| stays) {
            bytes.fill(b' ');
        }
    }
    ids.are_in(&outside)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids() -> Ids {
        Ids { bsuids: vec!["US.1".into()], numbers: vec!["15550001".into()] }
    }

    /// Two messages, with their senders' names around them.
    fn body() -> (Vec<u8>, Vec<StoredEvent>) {
        let text = r#"{"contacts":[{"wa_id":"15550001"},{"wa_id":"15550002"}],"messages":[{"from":"15550001"},{"from":"15550002"}]}"#;
        let event = |from: &str, position: u128| {
            let slice = format!(r#"{{"from":"{from}"}}"#);
            StoredEvent {
                id: Uuid::from_u128(position),
                event_type: "message".into(),
                subtype: Some("text".into()),
                payload: Some(json!({ "item": {
                    "from": from, "id": "wamid.1", "type": "text", "text": { "body": "x" }, "timestamp": "1763900000" } })),
                event_ts: OffsetDateTime::UNIX_EPOCH,
                offset: text.find(&slice).unwrap(),
                length: slice.len(),
                erased: false,
                phone_number_id: "1".into(),
                display_phone_number: None,
            }
        };
        (text.into(), vec![event("15550001", 1), event("15550002", 2)])
    }

    #[test]
    fn other_peoples_updates_stay_byte_for_byte() {
        let (body, events) = body();
        let cut = cut(&body, &events, &ids(), &BTreeSet::new()).unwrap();
        assert_eq!(cut.gone, [Uuid::from_u128(1)]);
        assert_eq!(String::from_utf8(cut.body.clone()).unwrap(), r#"[{"from":"15550002"}]"#);
        let (id, offset, length) = cut.kept[0];
        assert_eq!((id, &cut.body[offset..offset + length]), (Uuid::from_u128(2), events[1].bytes(&body)));
    }

    #[test]
    fn a_body_that_is_all_theirs_is_emptied_and_one_that_only_mentions_them_stays() {
        let (body, events) = body();
        let both = BTreeSet::from([Uuid::from_u128(2)]);
        let cut_out = cut(&body, &events, &ids(), &both).unwrap();
        assert_eq!((cut_out.body.len(), cut_out.kept.len(), cut_out.gone.len()), (0, 0, 2));
        let card = br#"{"from":"15550002","contacts":[{"wa_id":"15550001"}]}"#;
        let mut mention = events[1].clone();
        (mention.offset, mention.length) = (0, card.len());
        mention.payload.as_mut().unwrap()["item"]["contacts"] = json!([{ "wa_id": "15550001" }]);
        assert_eq!(cut(card, &[mention], &ids(), &BTreeSet::new()), None);
    }

    #[test]
    fn an_update_that_is_kept_elsewhere_is_cut_out_here_too() {
        let (body, events) = body();
        let cut = cut(&body, &events[1..], &ids(), &BTreeSet::new()).unwrap();
        assert_eq!((cut.gone.len(), cut.body.as_slice()), (0, &br#"[{"from":"15550002"}]"#[..]));
    }

    #[test]
    fn a_number_that_was_handed_on_does_not_give_its_next_owner_away() {
        let next = Person { bsuid: Some("US.2".into()), wa_id: Some("15550001".into()), ..Person::default() };
        assert!(!ids().are_of(&next));
        assert!(ids().are_of(&Person { bsuid: Some("US.1".into()), ..next.clone() }));
        assert!(ids().are_of(&Person { bsuid: None, ..next }));
    }

    #[test]
    fn what_cannot_be_read_is_theirs_if_it_names_them() {
        let (body, events) = body();
        let unreadable: Vec<StoredEvent> =
            events.into_iter().map(|event| StoredEvent { payload: None, ..event }).collect();
        let cut = cut(&body, &unreadable, &ids(), &BTreeSet::new()).unwrap();
        assert_eq!(cut.gone, [Uuid::from_u128(1)]);
    }

    #[test]
    fn a_chunk_that_stays_loses_the_messages_inside_of_it() {
        let text = br#"{"threads":[{"id":"x","messages":[{"from":"15550001"}]}]}"#.to_vec();
        let (_, mut events) = body();
        let mut chunk = events.remove(1);
        (chunk.event_type, chunk.offset, chunk.length) = ("history".into(), 0, text.len());
        chunk.payload = Some(json!({ "item": {} }));
        let cut = cut(&text, &[chunk], &ids(), &BTreeSet::new()).unwrap();
        assert_eq!(cut.body, b"[{}]");
    }

    #[test]
    fn a_chunk_that_stays_loses_a_message_that_goes_even_if_that_names_nobody() {
        let text = br#"{"threads":[{"id":"x","messages":[{"body":"hers"},{"body":"his"}]}]}"#.to_vec();
        let (_, events) = body();
        let inside = |id: u128, slice: &str| {
            let mut event = events[1].clone();
            let whole = String::from_utf8(text.clone()).unwrap();
            (event.id, event.offset, event.length) = (Uuid::from_u128(id), whole.find(slice).unwrap(), slice.len());
            event
        };
        let mut chunk = inside(1, r#"{"threads""#);
        (chunk.event_type, chunk.length) = ("history".into(), text.len());
        chunk.payload = Some(json!({ "item": {} }));
        let events = [chunk, inside(2, r#"{"body":"hers"}"#), inside(3, r#"{"body":"his"}"#)];
        let cut = cut(&text, &events, &ids(), &BTreeSet::from([Uuid::from_u128(2)])).unwrap();
        assert_eq!(String::from_utf8(cut.body).unwrap(), r#"[{},{"body":"his"}]"#);
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for written in ["15550001", "+1 555-0001", "+1 (555) 00.01", "(1) 5550001 "] {
            assert!(ids().are_in(format!(r#"{{"phone":"{written}"}}"#).as_bytes()), "{written}");
            assert!(ids().are_said_in(&json!({ "a": [{ "phone": written }] })), "{written}");
        }
        assert!(ids().are_said_in(&json!({ "phone": 15_550_001 })));
        for other in ["1555-0002", "1555,0001", "1/5550001", "U S.1", "US.1x"] {
            assert!(!ids().are_said_in(&json!({ "phone": other })), "{other}");
        }
        assert!(!ids().are_in(b"1555,0001 U S.1"));
        let pattern = Ids { bsuids: Vec::new(), numbers: vec!["12".into(), "34".into()] }.numbers_pattern();
        assert_eq!(pattern.as_deref(), Some("1[+(). -]*2|3[+(). -]*4"));
        assert_eq!((Ids::default().numbers_pattern(), ids().texts()), (None, vec![b"US.1".to_vec()]));
    }
}
