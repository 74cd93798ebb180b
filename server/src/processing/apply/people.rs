//! Who is who: people as events name them become contacts. Pure; the database is read before and written after.
//!
//! A contact is known by its BSUID first, then by its `wa_id`. Both kinds of id are kept in `contact_identities`, old
//! ones too:
//!
//! | BSUID known as | `wa_id` known as | then |
//! |---|---|---|
//! | – | – | a new contact |
//! | A | – | A, which learns the `wa_id` |
//! | – | A, without a BSUID | A, which learns the BSUID |
//! | – | A, with another BSUID | a new contact: the number was handed on, and goes with it |
//! | A | A | A |
//! | A | B, without a BSUID | A, and B was the same person: merged |
//! | A | B, with another BSUID | A, which the number now belongs to |
//!
//! When WhatsApp says that somebody's id changed, both ids lead to one contact from then on, merged if need be.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use crate::ids::{CompanyId, ContactId};
use crate::processing::effect::{IdentityChange, MarketingPreference, Person};

/// An id that Meta knows somebody by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// In whose eyes.
    pub company: CompanyId,
    /// BSUID or `wa_id`.
    pub kind: IdentityKind,
    /// The id.
    pub value: String,
}

/// Which kind of id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityKind {
    /// Business-scoped user id.
    Bsuid,
    /// WhatsApp id.
    WaId,
}

impl IdentityKind {
    /// The word in `contact_identities.kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bsuid => "bsuid",
            Self::WaId => "wa_id",
        }
    }
}

/// What is to be written so that everybody is who they should be.
#[derive(Debug, Default, PartialEq)]
pub struct Plan {
    /// Contacts to insert.
    pub new_contacts: Vec<(CompanyId, ContactId)>,
    /// Identities to insert.
    pub new_identities: Vec<(Identity, ContactId)>,
    /// Identities that belong to somebody else now: from, to.
    pub moved: Vec<(Identity, ContactId, ContactId)>,
    /// Contacts that turned out to be the same: the first goes into the second.
    pub merged: Vec<(CompanyId, ContactId, ContactId)>,
    /// What events say about contacts, the newest last.
    pub profiles: Vec<Profile>,
    /// What the database says about those that it knows.
    pub known: HashMap<ContactId, Person>,
}

/// What one event says about a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// In whose eyes.
    pub company: CompanyId,
    /// Who.
    pub contact: ContactId,
    /// When it was so.
    pub at: OffsetDateTime,
    /// As Meta names them.
    pub person: Person,
}

/// The people known so far, and the plan that grows with each one named.
#[derive(Debug, Default)]
pub struct People {
    known: HashMap<Identity, ContactId>,
    stored: HashSet<Identity>,
    with_bsuid: HashSet<ContactId>,
    plan: Plan,
}

/// The ids that a person is named by.
pub fn identities(company: CompanyId, person: &Person) -> impl Iterator<Item = Identity> {
    let bsuid = person.bsuid.clone().map(|value| (IdentityKind::Bsuid, value));
    let wa_id = person.wa_id.clone().map(|value| (IdentityKind::WaId, value));
    bsuid.into_iter().chain(wa_id).map(move |(kind, value)| Identity { company, kind, value })
}

impl People {
    /// Adds what the database knows: whose identity it is, and whether that contact has a BSUID.
    pub fn know(&mut self, identity: Identity, contact: ContactId, with_bsuid: bool) {
        if with_bsuid {
            self.with_bsuid.insert(contact);
        }
        self.stored.insert(identity.clone());
        self.known.insert(identity, contact);
    }

    /// Adds what the database says about a contact.
    pub fn remember(&mut self, contact: ContactId, person: Person) {
        self.plan.known.insert(contact, person);
    }

    /// The contact that a person is, made if need be. None only for somebody without any id.
    pub fn meet(&mut self, company: CompanyId, person: &Person, at: OffsetDateTime) -> Option<ContactId> {
        let contact = self.identify(company, person)?;
        self.plan.profiles.push(Profile { company, contact, at, person: person.clone() });
        Some(contact)
    }

    /// Lets the old and the new id of a person lead to one contact.
    pub fn change(&mut self, company: CompanyId, change: &IdentityChange, at: OffsetDateTime) {
        let (Some(old), Some(new)) = (self.identify(company, &change.old), self.identify(company, &change.new)) else {
            return;
        };
        // Finding out who the new one is may itself have merged the old one away.
        let old = self.resolve(old);
        if old != new {
            self.merge(company, new, old);
        }
        self.plan.profiles.push(Profile { company, contact: old, at, person: change.new.clone() });
    }

    /// What is to be written. What was said about a contact that has been merged since is about the one it went into.
    pub fn into_plan(mut self) -> Plan {
        let mut profiles = std::mem::take(&mut self.plan.profiles);
        for profile in &mut profiles {
            profile.contact = self.resolve(profile.contact);
        }
        self.plan.profiles = profiles;
        self.plan
    }

    /// Where a contact found earlier has gone since.
    pub fn resolve(&self, contact: ContactId) -> ContactId {
        self.plan.merged.iter().fold(contact, |at, &(_, from, into)| if at == from { into } else { at })
    }

    fn identify(&mut self, company: CompanyId, person: &Person) -> Option<ContactId> {
        let mut ids = identities(company, person);
        let first = ids.next()?;
        let Some(wa_id) = ids.next() else {
            return Some(self.known.get(&first).copied().unwrap_or_else(|| self.new_contact(&[first])));
        };
        Some(self.identify_by_both(company, first, wa_id))
    }

    fn identify_by_both(&mut self, company: CompanyId, bsuid: Identity, wa_id: Identity) -> ContactId {
        match (self.known.get(&bsuid).copied(), self.known.get(&wa_id).copied()) {
            (None, None) => self.new_contact(&[bsuid, wa_id]),
            (Some(contact), None) => self.learn(wa_id, contact),
            (None, Some(contact)) if !self.with_bsuid.contains(&contact) => self.learn(bsuid, contact),
            (None, Some(previous)) => {
                let contact = self.new_contact(&[bsuid]);
                self.hand_on(wa_id, previous, contact)
            }
            (Some(contact), Some(same)) if contact == same => contact,
            (Some(contact), Some(other)) if !self.with_bsuid.contains(&other) => {
                self.merge(company, other, contact);
                contact
            }
            (Some(contact), Some(other)) => self.hand_on(wa_id, other, contact),
        }
    }

    fn new_contact(&mut self, ids: &[Identity]) -> ContactId {
        let contact = ContactId::new();
        self.plan.new_contacts.push((ids[0].company, contact));
        for id in ids {
            self.learn(id.clone(), contact);
        }
        contact
    }

    fn learn(&mut self, id: Identity, contact: ContactId) -> ContactId {
        if id.kind == IdentityKind::Bsuid {
            self.with_bsuid.insert(contact);
        }
        self.known.insert(id.clone(), contact);
        self.plan.new_identities.push((id, contact));
        contact
    }

    fn hand_on(&mut self, id: Identity, from: ContactId, to: ContactId) -> ContactId {
        self.known.insert(id.clone(), to);
        if self.stored.contains(&id) {
            self.plan.moved.push((id, from, to));
        } else if let Some(planned) = self.plan.new_identities.iter_mut().find(|(planned, _)| *planned == id) {
            planned.1 = to;
        }
        to
    }

    fn merge(&mut self, company: CompanyId, from: ContactId, into: ContactId) {
        if self.with_bsuid.contains(&from) {
            self.with_bsuid.insert(into);
        }
        self.known.values_mut().filter(|contact| **contact == from).for_each(|contact| *contact = into);
        self.plan.merged.push((company, from, into));
    }
}

impl MarketingPreference {
    /// The word in `contacts.marketing_preference`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Resume => "resume",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn person(bsuid: &str, wa_id: &str) -> Person {
        let id = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Person { bsuid: id(bsuid), wa_id: id(wa_id), ..Person::default() }
    }

    struct Town(CompanyId, People);

    impl Town {
        fn new() -> Self {
            Self(CompanyId::new(), People::default())
        }

        fn meet(&mut self, bsuid: &str, wa_id: &str) -> ContactId {
            self.1.meet(self.0, &person(bsuid, wa_id), AT).unwrap()
        }

        fn plan(self) -> Plan {
            self.1.into_plan()
        }
    }

    #[test]
    fn a_person_met_twice_is_one_contact() {
        let mut town = Town::new();
        let first = town.meet("US.1", "15550001");
        assert_eq!(town.meet("US.1", "15550001"), first);
        assert_eq!(town.meet("US.1", ""), first);
        assert_eq!(town.meet("", "15550001"), first);
        let plan = town.plan();
        assert_eq!((plan.new_contacts.len(), plan.new_identities.len()), (1, 2));
    }

    #[test]
    fn a_number_met_before_learns_its_bsuid() {
        let mut town = Town::new();
        let first = town.meet("", "15550001");
        assert_eq!(town.meet("US.1", "15550001"), first);
        assert_eq!(town.meet("US.1", ""), first);
        assert!(town.plan().merged.is_empty());
    }

    #[test]
    fn two_halves_of_one_person_are_merged_when_both_ids_come_together() {
        let mut town = Town::new();
        let (by_bsuid, by_number) = (town.meet("US.1", ""), town.meet("", "15550001"));
        assert_ne!(by_bsuid, by_number);
        assert_eq!(town.meet("US.1", "15550001"), by_bsuid);
        assert_eq!(town.meet("", "15550001"), by_bsuid);
        assert_eq!(town.1.resolve(by_number), by_bsuid);
        let company = town.0;
        assert_eq!(town.plan().merged, [(company, by_number, by_bsuid)]);
    }

    #[test]
    fn a_number_handed_on_goes_with_the_new_person() {
        let mut town = Town::new();
        let before = town.meet("US.1", "15550001");
        let after = town.meet("US.2", "15550001");
        assert_ne!(before, after);
        assert_eq!(town.meet("", "15550001"), after);
        assert_eq!(town.meet("US.1", ""), before);
        assert!(town.plan().merged.is_empty());
    }

    #[test]
    fn a_stored_number_handed_on_is_moved_from_its_owner() {
        let company = CompanyId::new();
        let owner = ContactId::new();
        let id = |kind, value: &str| Identity { company, kind, value: value.into() };
        let mut people = People::default();
        people.know(id(IdentityKind::Bsuid, "US.1"), owner, true);
        people.know(id(IdentityKind::WaId, "15550001"), owner, true);
        let after = people.meet(company, &person("US.2", "15550001"), AT).unwrap();
        assert_eq!(people.into_plan().moved, [(id(IdentityKind::WaId, "15550001"), owner, after)]);
    }

    #[test]
    fn a_changed_id_leads_to_the_same_contact() {
        let mut town = Town::new();
        let contact = town.meet("US.1", "15550001");
        let change = IdentityChange { old: person("", "15550001"), new: person("", "15550002") };
        town.1.change(town.0, &change, AT);
        let found = town.meet("", "15550002");
        assert_eq!(town.1.resolve(found), contact);
    }

    #[test]
    fn companies_do_not_share_contacts() {
        let mut people = People::default();
        let (a, b) = (CompanyId::new(), CompanyId::new());
        let here = people.meet(a, &person("", "15550001"), AT);
        let there = people.meet(b, &person("", "15550001"), AT);
        assert_ne!(here, there);
    }

    #[test]
    fn somebody_without_an_id_is_nobody() {
        assert_eq!(People::default().meet(CompanyId::new(), &Person::default(), AT), None);
    }
}
