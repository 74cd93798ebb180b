//! A chunk of a number's history: thousands of messages, by threads.

use super::contacts::Contacts;
use super::cutter::{Cutter, MAX_SURROUNDING, Update};
use super::holdable::Unholdable;
use super::members::{Members, elements};
use super::place::Place;
use crate::event_log::item::EventType;

/// Members of a chunk that are told apart from it.
const CHUNK_PARTS: [&str; 2] = ["metadata", "threads"];
/// The same of a thread.
const THREAD_PARTS: [&str; 1] = ["messages"];

/// What the messages of a thread share. Without it nobody could tell whose they are, so that a message goes into
/// quarantine with it.
struct Thread<'a> {
    chunk: Option<&'a str>,
    itself: String,
    is_held: Result<(), Unholdable>,
}

impl<'a> Cutter<'a> {
    /// The chunk itself, without its messages, and then each of them.
    pub(super) fn walk_chunk(&mut self, place: &Place, json: &'a str, contacts: &Contacts) {
        let Some(chunk) = Members::read(json) else {
            return self.broken_update(place, EventType::History, json);
        };
        let metadata = chunk.get("metadata");
        let metadata_is_held = metadata.map_or(Ok(()), |json| self.check_surrounding(json));
        let said = chunk.without(&CHUNK_PARTS);
        self.update(
            place,
            &Update {
                kind: EventType::History,
                json,
                members: &chunk,
                said: Some(&said),
                more: &[("chunk", metadata)],
                held: metadata_is_held.and_then(|()| self.check_rest(&chunk, &CHUNK_PARTS, &said)),
            },
        );
        for threads in chunk.all("threads").filter(|json| *json != "null") {
            self.walk_threads(place, threads, metadata, metadata_is_held, contacts);
        }
    }

    fn walk_threads(
        &mut self,
        place: &Place,
        threads: &'a str,
        chunk: Option<&'a str>,
        chunk_is_held: Result<(), Unholdable>,
        contacts: &Contacts,
    ) {
        let Some(threads) = elements(threads) else {
            return self.misshapen(place, threads, "The threads of the history are not a list.");
        };
        for json in threads {
            let Some(members) = Members::read(json) else {
                self.misshapen(place, json, "The thread of the history is not an object.");
                continue;
            };
            let itself = members.without(&THREAD_PARTS);
            let is_held = chunk_is_held.and_then(|()| self.check_thread(&members, &itself));
            self.walk_thread(place, &members, &Thread { chunk, itself, is_held }, contacts);
        }
    }

    /// What the thread says about itself is repeated with each of its messages.
    fn check_thread(&self, members: &Members, thread: &str) -> Result<(), Unholdable> {
        if thread.len() > MAX_SURROUNDING {
            return Err(Unholdable::TooLong);
        }
        self.check_rest(members, &THREAD_PARTS, thread)
    }

    fn walk_thread(&mut self, place: &Place, members: &Members<'a>, thread: &Thread, contacts: &Contacts) {
        for messages in members.all("messages").filter(|json| *json != "null") {
            match elements(messages) {
                Some(messages) => messages.iter().for_each(|json| self.walk_message(place, json, thread, contacts)),
                None => self.misshapen(place, messages, "The messages of the thread are not a list."),
            }
        }
    }

    fn walk_message(&mut self, place: &Place, json: &str, thread: &Thread, contacts: &Contacts) {
        let Some(message) = Members::read(json) else {
            return self.broken_update(place, EventType::HistoryMessage, json);
        };
        let contact = contacts.of(&message, false);
        self.update(
            place,
            &Update {
                kind: EventType::HistoryMessage,
                json,
                members: &message,
                said: None,
                more: &[("contact", contact), ("chunk", thread.chunk), ("thread", Some(&thread.itself))],
                held: thread.is_held.and_then(|()| self.check(json)),
            },
        );
    }
}
