//! From the body over its entries to its changes.

use super::contacts::Contacts;
use super::cutter::Cutter;
use super::members::{Members, elements};
use super::place::{Place, claim, is_claim, object};
use super::usual::Usual;
use super::value::kind_of;

/// What `object` says in the envelopes we know.
const OBJECT: &str = "whatsapp_business_account";

impl<'a> Cutter<'a> {
    /// Reads a body of the usual shape, which need not be gone through level by level; the outcome is the same, which a
    /// test sees to. False: it holds something unusual after all, and nothing has been read.
    pub(super) fn walk_usual(&mut self, usual: &Usual<'a>) -> bool {
        let words = [usual.entry_id, usual.field];
        let is_plain = !self.is_damaged && usual.object == OBJECT && words.into_iter().all(is_claim);
        if !is_plain || self.check_surrounding(usual.metadata).is_err() {
            return false;
        }
        let (Some(metadata), Some(kind)) = (Members::read(usual.metadata), kind_of(usual.list, Some(usual.field)))
        else {
            return false;
        };
        let place = Place {
            waba_id: Some(usual.entry_id.to_owned()),
            time: usual.time.map(|time| time.to_string()),
            field: Some(usual.field.to_owned()),
            phone_number_id: claim(&metadata, "phone_number_id"),
            entry_json: Some(usual.entry()),
            field_json: Some(self.with_quotes(usual.field)),
            metadata_json: Some(usual.metadata),
        };
        let contacts = Contacts::one(usual.contact, |contact| self.check_surrounding(contact).is_ok());
        self.walk_update(&place, kind, usual.item, &contacts, true);
        true
    }

    /// Reads the whole body.
    pub(super) fn walk_body(&mut self) {
        let Some(envelope) = Members::read(self.text) else {
            let is_json = serde_json::from_str::<&serde_json::value::RawValue>(self.text).is_ok();
            let reason = if is_json { "The body is JSON, but not an envelope." } else { "The body is not JSON." };
            return self.raw(reason, is_json);
        };
        if envelope.text("object").is_none_or(|object| object != OBJECT) {
            return self.raw("The body is JSON, but not an envelope of a WhatsApp Business Account.", true);
        }
        for entries in envelope.all("entry") {
            self.walk_entries(entries);
        }
        if self.count() == 0 {
            self.raw("The envelope holds no entries.", true);
        }
    }

    fn walk_entries(&mut self, entries: &'a str) {
        let Some(entries) = elements(entries) else {
            return self.misshapen(&Place::default(), entries, "The entries of the envelope are not a list.");
        };
        for entry in entries {
            match Members::read(entry) {
                Some(members) => self.walk_entry(entry, &members),
                None => self.misshapen(&Place::default(), entry, "The entry is not an object."),
            }
        }
    }

    fn walk_entry(&mut self, json: &'a str, entry: &Members<'a>) {
        let place = self.place_of(entry);
        let before = self.count();
        for changes in entry.all("changes") {
            match elements(changes) {
                Some(changes) => changes.into_iter().for_each(|change| self.walk_change(&place, change)),
                None => self.misshapen(&place, changes, "The changes of the entry are not a list."),
            }
        }
        if self.count() == before {
            self.misshapen(&place, json, "The entry holds no changes.");
        }
    }

    fn walk_change(&mut self, place: &Place<'a>, json: &'a str) {
        if self.room_for(json).is_none() {
            return;
        }
        let Some(change) = Members::read(json) else {
            return self.misshapen(place, json, "The change is not an object.");
        };
        let place =
            Place { field: claim(&change, "field"), field_json: self.repeatable(&change, "field"), ..place.clone() };
        let before = self.count();
        for value in change.all("value") {
            self.walk_value(&place, value);
        }
        if self.count() == before {
            self.misshapen(&place, json, "The change has no value.");
        }
    }

    fn place_of(&self, entry: &Members<'a>) -> Place<'a> {
        let members = ["id", "time"].map(|key| (key, self.repeatable(entry, key)));
        Place {
            waba_id: claim(entry, "id"),
            time: claim(entry, "time"),
            entry_json: Some(object(&[&members])),
            ..Place::default()
        }
    }

    /// The value of the key, if it may be repeated with every update.
    pub(super) fn repeatable(&self, holder: &Members<'a>, key: &str) -> Option<&'a str> {
        holder.get(key).filter(|json| self.check_surrounding(json).is_ok())
    }
}
