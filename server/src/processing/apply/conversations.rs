//! Which conversation each event of a batch belongs to.

use std::collections::{BTreeMap, HashSet};

use time::OffsetDateTime;

use super::{ByPlace, Work};
use crate::ids::{ContactId, Owner};
use crate::processing::effect::Thread;

/// With whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// A contact.
    Contact(ContactId),
    /// A group, by its id.
    Group(&'a str),
}

/// Where an event's message is to stand: in the open conversation with this party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// With whom the conversation is.
    pub party: Party<'a>,
    /// Who it is from, to or about: the party, or a member of the group if one is named.
    pub contact: Option<ContactId>,
}

/// The conversations that a batch needs, each with the time of its newest message.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    /// Those with people.
    pub people: BTreeMap<(Owner, ContactId), OffsetDateTime>,
    /// Those with groups.
    pub groups: BTreeMap<(Owner, &'a str), OffsetDateTime>,
}

/// Where the messages of a batch are to stand, and the conversations that have to be open for it.
///
/// A status needs one only if its message is not `known` yet: its row then waits there for the message.
pub fn places<'a>(
    batch: &[&'a Work],
    contacts: &[Option<ContactId>],
    known: &HashSet<(Owner, String)>,
) -> (ByPlace<Place<'a>>, Wanted<'a>) {
    let (mut places, mut wanted) = (ByPlace::new(), Wanted::default());
    for (index, work) in batch.iter().enumerate() {
        let (owner, contact) = (work.event.owner, contacts[index]);
        let Some((party, at)) = party(work, contact, known) else { continue };
        let last = match party {
            Party::Contact(contact) => wanted.people.entry((owner, contact)).or_insert(at),
            Party::Group(group) => wanted.groups.entry((owner, group)).or_insert(at),
        };
        *last = at.max(*last);
        places.insert(index, Place { party, contact });
    }
    (places, wanted)
}

fn party<'a>(
    work: &'a Work,
    contact: Option<ContactId>,
    known: &HashSet<(Owner, String)>,
) -> Option<(Party<'a>, OffsetDateTime)> {
    if let Some(message) = &work.effects.message {
        let party = match &message.thread {
            Thread::Person => Party::Contact(contact?),
            Thread::Group(group) => Party::Group(group),
        };
        return Some((party, message.sent_at));
    }
    let status = work.effects.status.as_ref().filter(|status| status.rank.is_some())?;
    if known.contains(&(work.event.owner, status.wamid.clone())) {
        return None;
    }
    let group = status.group.as_deref().map(Party::Group);
    Some((group.or(contact.map(Party::Contact))?, status.occurred_at))
}
