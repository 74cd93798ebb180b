//! Whose update it is: the element of `value.contacts[]` that belongs to an item.

use std::borrow::Cow;
use std::collections::HashMap;

use super::members::{Members, elements};

/// Where an update names its person, whatever its kind. The business's own ids stand in some of these too, but the
/// business is not among the contacts.
const PERSON_KEYS: [&str; 10] = [
    "from_user_id",
    "from",
    "to_user_id",
    "to",
    "recipient_participant_user_id",
    "recipient_participant_id",
    "recipient_user_id",
    "recipient_id",
    "user_id",
    "wa_id",
];

/// The contacts of a value, read once: a thousand messages may come with a thousand contacts.
pub(super) struct Contacts<'a> {
    by_id: HashMap<Cow<'a, str>, &'a str>,
    only: Option<&'a str>,
}

impl<'a> Contacts<'a> {
    /// Reads every `contacts[]`. `can_be_kept` tells which ones may be repeated in a payload; the others are left out.
    pub(super) fn read(value: &Members<'a>, can_be_kept: impl Fn(&str) -> bool) -> Self {
        let listed: Vec<&str> = value.all("contacts").filter_map(elements).flatten().collect();
        let mut by_id = HashMap::new();
        for &contact in listed.iter().filter(|contact| can_be_kept(contact)) {
            let Some(members) = Members::read(contact) else { continue };
            // Some senders put the user id where the number was: one table for both.
            for id in ["user_id", "wa_id"].iter().filter_map(|key| members.text(key)) {
                by_id.entry(id).or_insert(contact);
            }
        }
        let only = match listed[..] {
            [contact] => Self::one(Some(contact), can_be_kept).only,
            _ => None,
        };
        Self { by_id, only }
    }

    /// The only contact of a value that holds one update.
    pub(super) fn one(contact: Option<&'a str>, can_be_kept: impl Fn(&str) -> bool) -> Self {
        let only = contact.filter(|contact| can_be_kept(contact) && Members::read(contact).is_some());
        Self { by_id: HashMap::new(), only }
    }

    /// The contact of an update. One that is alone belongs to an update that is alone, whatever the ids: people's
    /// numbers have two spellings in some countries.
    pub(super) fn of(&self, update: &Members, is_alone: bool) -> Option<&'a str> {
        let named = || PERSON_KEYS.iter().find_map(|key| self.by_id.get(&*update.text(key)?).copied());
        self.only.filter(|_| is_alone).or_else(named)
    }
}
