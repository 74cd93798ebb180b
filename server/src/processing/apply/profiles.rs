//! What a batch says about each contact: one row per contact, since one statement may touch a row only once.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use super::people::Profile;
use super::rows::ProfileToTell;
use crate::ids::{CompanyId, ContactId};
use crate::processing::effect::{MarketingPreference, Person};

/// A contact, in whose eyes.
pub type Key = (CompanyId, ContactId);

/// The newest of each contact.
#[derive(Debug, Default)]
pub struct Profiles {
    newest: BTreeMap<Key, Profile>,
    preferences: HashMap<Key, (MarketingPreference, OffsetDateTime)>,
}

impl Profiles {
    /// Each field as the newest event that has it says.
    pub fn new(mut profiles: Vec<Profile>) -> Self {
        let preferences = newest_preferences(&profiles);
        profiles.sort_by_key(|profile| profile.at);
        let mut newest: BTreeMap<Key, Profile> = BTreeMap::new();
        for new in profiles {
            match newest.get_mut(&(new.company, new.contact)) {
                Some(known) => known.overlay(new),
                None => {
                    newest.insert((new.company, new.contact), new);
                }
            }
        }
        Self { newest, preferences }
    }

    /// Leaves out the contacts of whom everything is known that is said.
    pub fn leave_out(&mut self, is_known: impl Fn(Key, &Person) -> bool) {
        let preferences = &self.preferences;
        self.newest.retain(|key, said| preferences.contains_key(key) || !is_known(*key, &said.person));
    }

    /// Those of whom something is said.
    pub fn contacts(&self) -> Vec<Key> {
        self.newest.keys().copied().collect()
    }

    /// What is said about these.
    pub fn rows(&self, contacts: &[Key]) -> Vec<ProfileToTell<'_>> {
        let row = |key: &Key| ProfileToTell::of(*key, self.newest.get(key), self.preferences.get(key).copied());
        contacts.iter().map(row).collect()
    }
}

/// What each contact last said about marketing, and when.
fn newest_preferences(profiles: &[Profile]) -> HashMap<Key, (MarketingPreference, OffsetDateTime)> {
    let mut newest = HashMap::new();
    for Profile { company, contact, at, person } in profiles {
        let Some(preference) = person.marketing_preference else { continue };
        let known = newest.entry((*company, *contact)).or_insert((preference, *at));
        if known.1 <= *at {
            *known = (preference, *at);
        }
    }
    newest
}

impl Profile {
    fn overlay(&mut self, new: Self) {
        let (names_before, names_now) = (self.has_name(), new.has_name());
        let (known, new_person) = (&mut self.person, new.person);
        known.profile_name = new_person.profile_name.or(known.profile_name.take());
        known.username = new_person.username.or(known.username.take());
        known.bsuid = new_person.bsuid.or(known.bsuid.take());
        known.wa_id = new_person.wa_id.or(known.wa_id.take());
        known.phone = new_person.phone.or(known.phone.take());
        known.address_book_name = new_person.address_book_name.or(known.address_book_name.take());
        // A nameless event, a status for instance, does not make the name beside it any newer.
        if !names_before || names_now {
            self.at = new.at;
        }
    }

    fn has_name(&self) -> bool {
        let person = &self.person;
        person.profile_name.is_some() || person.username.is_some() || person.address_book_name.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn named(name: &str) -> Person {
        Person { wa_id: Some("15550001".into()), profile_name: Some(name.into()), ..Person::default() }
    }

    /// What is left to tell of somebody whom the database knows by the name of Anna.
    fn news(said: &[(i64, Person)]) -> Option<Person> {
        let (company, contact) = (CompanyId::new(), ContactId::new());
        let said = said.iter().map(|(seconds, person)| Profile {
            company,
            contact,
            at: AT + time::Duration::seconds(*seconds),
            person: person.clone(),
        });
        let mut news = Profiles::new(said.collect());
        let known = Person { phone: Some("15550001".into()), address_book_name: Some(None), ..named("Anna") };
        news.leave_out(|_, said| known.covers(said));
        news.newest.into_values().next().map(|profile| profile.person)
    }

    #[test]
    fn what_is_known_is_not_told_again() {
        assert_eq!(news(&[(1, named("Anna")), (2, named("Anna"))]), None);
        assert_eq!(news(&[(1, Person { address_book_name: Some(None), ..named("Anna") })]), None);
    }

    #[test]
    fn anything_else_is_told() {
        let others = [
            named("Berta"),
            Person { bsuid: Some("US.1".into()), ..named("Anna") },
            Person { username: Some("anna".into()), ..named("Anna") },
            Person { phone: Some("15550002".into()), ..named("Anna") },
            Person { wa_id: Some("15550002".into()), ..named("Anna") },
            Person { address_book_name: Some(Some("Anna".into())), ..named("Anna") },
        ];
        for person in others {
            assert_eq!(news(&[(1, person.clone())]), Some(person));
        }
        // A preference has a time of its own: the same one later is news.
        assert!(
            news(&[(1, Person { marketing_preference: Some(MarketingPreference::Stop), ..named("Anna") })]).is_some()
        );
    }

    #[test]
    fn the_newest_word_decides_what_is_news() {
        assert_eq!(news(&[(1, named("Berta")), (2, named("Anna"))]), None);
        assert_eq!(news(&[(1, named("Anna")), (2, named("Berta"))]), Some(named("Berta")));
    }
}
