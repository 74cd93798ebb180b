//! What a `value` holds is decided by its keys and only then by the field: Meta's own samples show a wrong field.

use super::contacts::Contacts;
use super::cutter::{Cutter, Update};
use super::keys;
use super::members::{Members, elements};
use super::place::{Place, claim, object};
use crate::event_log::item::EventType;

/// One of the lists in a value.
struct List<'a> {
    kind: EventType,
    json: &'a str,
    /// None if it is no list after all.
    elements: Option<Vec<&'a str>>,
}

/// What the elements of a list are, by its key.
pub(super) fn kind_of(key: &str, field: Option<&str>) -> Option<EventType> {
    Some(match (key, field) {
        ("messages", Some("standby")) => EventType::Standby,
        ("messages", Some("history")) => EventType::HistoryMessage,
        ("messages", _) => EventType::Message,
        ("message_echoes", _) => EventType::Echo,
        ("statuses", _) => EventType::Status,
        ("history", _) => EventType::History,
        ("state_sync", _) => EventType::StateSync,
        ("calls", _) => EventType::Call,
        ("user_preferences", _) => EventType::Preference,
        ("automatic_events", _) => EventType::AutomaticEvent,
        ("groups", _) => EventType::Group,
        ("errors", _) => EventType::Error,
        _ => return None,
    })
}

impl<'a> Cutter<'a> {
    /// Reads everything in a value; one that holds none of the lists we know is kept as a change.
    pub(super) fn walk_value(&mut self, place: &Place<'a>, json: &'a str) {
        if self.room_for(json).is_none() {
            return;
        }
        let Some(value) = Members::read(json) else {
            return self.misshapen(place, json, "The value of the change is not an object.");
        };
        let place = Place {
            phone_number_id: value.object("metadata").and_then(|metadata| claim(&metadata, "phone_number_id")),
            metadata_json: self.repeatable(&value, "metadata"),
            ..place.clone()
        };
        let (errors, lists): (Vec<_>, Vec<_>) =
            lists_of(&value, place.field.as_deref()).into_iter().partition(|list| list.kind == EventType::Error);
        let contacts = Contacts::read(&value, |contact| self.check_surrounding(contact).is_ok());
        let is_alone = lists.iter().filter_map(|list| Some(list.elements.as_ref()?.len())).sum::<usize>() == 1;
        let before = self.count();
        for list in &lists {
            self.walk_list(&place, list, &contacts, is_alone);
        }
        self.walk_errors(&place, json, &errors, lists.is_empty());
        if self.count() == before {
            self.change(&place, json, &value);
        }
    }

    fn walk_list(&mut self, place: &Place<'a>, list: &List<'a>, contacts: &Contacts<'a>, is_alone: bool) {
        let Some(elements) = &list.elements else {
            return self.misshapen(place, list.json, "The updates of the change are not a list.");
        };
        for json in elements {
            match list.kind {
                EventType::History => self.walk_chunk(place, json, contacts),
                kind => self.walk_update(place, kind, json, contacts, is_alone),
            }
        }
    }

    pub(super) fn walk_update(
        &mut self,
        place: &Place,
        kind: EventType,
        json: &str,
        contacts: &Contacts,
        is_alone: bool,
    ) {
        let Some(members) = Members::read(json) else {
            return self.broken_update(place, kind, json);
        };
        self.update(
            place,
            &Update {
                kind: keys::refine(kind, &members),
                json,
                members: &members,
                said: None,
                more: &[("contact", contacts.of(&members, is_alone))],
                held: self.check(json),
            },
        );
    }

    /// All the errors of a value are one update. On their own they are told with the rest of the value, beside other
    /// updates without.
    fn walk_errors(&mut self, place: &Place, value: &str, errors: &[List], on_their_own: bool) {
        for list in errors.iter().filter(|list| list.elements.is_none()) {
            self.misshapen(place, list.json, "The errors of the change are not a list.");
        }
        let filled = |list: &&List| list.elements.as_ref().is_some_and(|elements| !elements.is_empty());
        let lists: Vec<_> = errors.iter().filter(filled).map(|list| ("errors", Some(list.json))).collect();
        let Some((_, Some(first))) = lists.first() else { return };
        if on_their_own {
            self.errors(place, value, first, value, value);
        } else {
            self.errors(place, value, first, first, &object(&[&lists]));
        }
    }
}

/// The lists we know, in their order. A null is as good as no list at all.
fn lists_of<'a>(value: &Members<'a>, field: Option<&str>) -> Vec<List<'a>> {
    value
        .iter()
        .filter(|(_, json)| *json != "null")
        .filter_map(|(key, json)| Some(List { kind: kind_of(key, field)?, json, elements: elements(json) }))
        .collect()
}
