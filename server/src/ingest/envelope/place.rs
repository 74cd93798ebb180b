//! Where an update stands in the body: its entry, field and metadata, which are repeated in each payload.

use super::members::Members;

/// Letters of a WABA id, phone number id, field name …; longer ones are none of Meta's.
const MAX_WORD: usize = 200;

/// The surroundings that an update shares with its neighbours. All of it is what the body claims.
#[derive(Clone, Debug, Default)]
pub(super) struct Place<'a> {
    /// `entry.id`.
    pub(super) waba_id: Option<String>,
    /// `entry.time`: digits.
    pub(super) time: Option<String>,
    /// The change's field.
    pub(super) field: Option<String>,
    /// `value.metadata.phone_number_id`.
    pub(super) phone_number_id: Option<String>,
    /// For the payload: `{"id","time"}`.
    pub(super) entry_json: Option<String>,
    /// For the payload: the field as it stands.
    pub(super) field_json: Option<&'a str>,
    /// For the payload: the metadata as it stands.
    pub(super) metadata_json: Option<&'a str>,
}

impl Place<'_> {
    /// The payload of an update: what it says, and its surroundings as far as there are any.
    pub(super) fn payload(&self, more: &[(&str, Option<&str>)], item: &str) -> String {
        let surroundings =
            [("field", self.field_json), ("entry", self.entry_json.as_deref()), ("metadata", self.metadata_json)];
        object(&[&surroundings, more, &[("item", Some(item))]])
    }
}

/// The last value of the key as a word of reasonable length.
pub(super) fn claim(holder: &Members, key: &str) -> Option<String> {
    let word = holder.text(key)?;
    is_claim(&word).then(|| word.into_owned())
}

/// Whether a word is of reasonable length.
pub(super) fn is_claim(word: &str) -> bool {
    !word.is_empty() && word.chars().count() <= MAX_WORD
}

/// An object of raw values, those that are there.
pub(super) fn object(members: &[&[(&str, Option<&str>)]]) -> String {
    let present = || members.iter().copied().flatten().filter_map(|(key, value)| Some((*key, (*value)?)));
    let mut json = String::with_capacity(2 + present().map(|(key, value)| key.len() + value.len() + 4).sum::<usize>());
    json.push('{');
    for (key, value) in present() {
        let separator = if json.len() > 1 { ",\"" } else { "\"" };
        json.extend([separator, key, "\":", value]);
    }
    json.push('}');
    json
}
