//! Which conversation each event of a batch belongs to, opened if need be.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{ByPlace, Work, store};
use crate::ids::{ContactId, ConversationId, Owner};
use crate::processing::effect::Thread;

/// With whom, as a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A contact.
    Contact(ContactId),
    /// A group, by its id.
    Group(String),
}

/// Where an event's message is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The conversation.
    pub conversation: ConversationId,
    /// Who it is from, to or about; none in a group whose member is not named.
    pub contact: Option<ContactId>,
}

/// Opens the conversations that the batch's messages need, and finds those that exist.
///
/// A status needs one only if its message is not `known` yet: its row then waits there for the message.
pub async fn open(
    transaction: &mut PgConnection,
    batch: &[&Work],
    contacts: &[Option<ContactId>],
    known: &HashSet<(Owner, String)>,
) -> Result<ByPlace<Place>, sqlx::Error> {
    let mut parties: HashMap<usize, Party> = HashMap::new();
    let mut wanted: BTreeMap<(Owner, Party), OffsetDateTime> = BTreeMap::new();
    for (index, work) in batch.iter().enumerate() {
        let Some((party, at)) = party(work, contacts[index], known) else { continue };
        let last = wanted.entry((work.event.owner, party.clone())).or_insert(at);
        *last = at.max(*last);
        parties.insert(index, party);
    }
    let opened = store::open_conversations(transaction, &wanted).await?;
    let place = |(index, party): (usize, Party)| {
        let conversation = *opened.get(&(batch[index].event.owner, party))?;
        Some((index, Place { conversation, contact: contacts[index] }))
    };
    Ok(parties.into_iter().filter_map(place).collect())
}

fn party(work: &Work, contact: Option<ContactId>, known: &HashSet<(Owner, String)>) -> Option<(Party, OffsetDateTime)> {
    if let Some(message) = &work.effects.message {
        let party = match &message.thread {
            Thread::Person => Party::Contact(contact?),
            Thread::Group(group) => Party::Group(group.clone()),
        };
        return Some((party, message.sent_at));
    }
    let status = work.effects.status.as_ref().filter(|status| status.rank.is_some())?;
    if known.contains(&(work.event.owner, status.wamid.clone())) {
        return None;
    }
    let group = status.group.clone().map(Party::Group);
    Some((group.or(contact.map(Party::Contact))?, status.occurred_at))
}
