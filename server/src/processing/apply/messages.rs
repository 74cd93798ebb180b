//! Rows of `messages` that a batch makes: one per wamid, since one statement may touch a row only once.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::conversations::Place;
use super::{ApplyError, ByPlace, Work};
use crate::ids::{EventId, Owner};
use crate::processing::effect::{NewMessage, Source, StatusRank};

/// What a batch knows about one wamid: the message, its statuses, or both.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The message, if the batch has it; none: only its statuses.
    pub message: Option<&'a NewMessage>,
    /// The event that the row is made from.
    pub event: EventId,
    /// Where it stands; none for a status whose message is known, or that names nobody.
    pub place: Option<Place<'a>>,
    /// The highest status in the batch, and since when.
    pub status: Option<(StatusRank, OffsetDateTime)>,
    /// When it was sent, or the first status was.
    pub at: OffsetDateTime,
}

/// One row per wamid.
///
/// # Errors
/// When a message has no place.
pub fn rows<'a>(
    batch: &[&'a Work],
    places: &ByPlace<Place<'a>>,
) -> Result<BTreeMap<(Owner, &'a str), Row<'a>>, ApplyError> {
    if batch.iter().enumerate().any(|(index, work)| work.effects.message.is_some() && !places.contains_key(&index)) {
        return Err(ApplyError::NoConversation);
    }
    Ok(collapse(batch, places))
}

fn collapse<'a>(batch: &[&'a Work], places: &ByPlace<Place<'a>>) -> BTreeMap<(Owner, &'a str), Row<'a>> {
    let mut rows: BTreeMap<(Owner, &str), Row<'_>> = BTreeMap::new();
    for (index, work) in batch.iter().enumerate() {
        let Some((wamid, row)) = row(work, places.get(&index).copied()) else { continue };
        match rows.get_mut(&(work.event.owner, wamid)) {
            Some(known) => known.absorb(&row),
            None => {
                rows.insert((work.event.owner, wamid), row);
            }
        }
    }
    rows
}

fn row<'a>(work: &'a Work, place: Option<Place<'a>>) -> Option<(&'a str, Row<'a>)> {
    let event = work.event.id;
    if let Some(message) = &work.effects.message {
        let status = message.status.map(|rank| (rank, message.sent_at));
        let row = Row { message: Some(message), event, place, status, at: message.sent_at };
        return Some((&message.wamid, row));
    }
    let status = work.effects.status.as_ref()?;
    let at = status.occurred_at;
    Some((&status.wamid, Row { message: None, event, place, status: Some((status.rank?, at)), at }))
}

impl<'a> Row<'a> {
    /// Takes in another row of the same wamid, by the rules by which the database takes it into a stored one.
    fn absorb(&mut self, other: &Row<'a>) {
        self.status = match (self.status, other.status) {
            (Some(mine), Some(theirs)) if theirs.0 > mine.0 => Some(theirs),
            (mine, theirs) => mine.or(theirs),
        };
        if other.replaces(self) {
            let status = self.status;
            *self = Self { status, ..other.clone() };
        } else if self.message.is_none() && self.place.is_none() {
            self.place = other.place;
        }
    }

    fn replaces(&self, known: &Row<'_>) -> bool {
        match (self.message, known.message) {
            (Some(_), None) => true,
            (None, _) => false,
            (Some(new), Some(old)) => {
                let later_call = new.source == Source::Call && old.source == Source::Call && new.sent_at > old.sent_at;
                later_call || (is_placeholder(&old.message_type) && !is_placeholder(&new.message_type))
            }
        }
    }
}

/// Meta may send the real content of such a message later, under the same wamid.
fn is_placeholder(message_type: &str) -> bool {
    matches!(message_type, "unsupported" | "unknown" | "media_placeholder")
}

#[cfg(test)]
mod tests {
    use super::super::conversations::Party;
    use super::*;
    use crate::ids::{AccountId, CompanyId, ContactId};
    use crate::processing::effect::{Effects, NewStatus, Thread};
    use crate::processing::store::Claimed;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn work(owner: Owner, effects: Effects) -> Work {
        let event = Claimed {
            id: EventId::new(),
            owner,
            place: uuid::Uuid::nil(),
            event_type: String::new(),
            subtype: None,
            payload: Some(serde_json::Value::Null),
            event_ts: AT,
            received_at: AT,
            attempts: 0,
            phone_number_id: String::new(),
            display_phone_number: None,
        };
        Work { event, effects }
    }

    fn message(owner: Owner, message_type: &str) -> Work {
        let message = NewMessage {
            wamid: "wamid.1".into(),
            outbound: true,
            source: Source::Message,
            message_type: message_type.into(),
            body: None,
            content: None,
            reply_to: None,
            about: None,
            sent_at: AT,
            thread: Thread::Person,
            status: None,
        };
        work(owner, Effects { message: Some(message), ..Effects::default() })
    }

    fn status(owner: Owner, word: &str) -> Work {
        let status = NewStatus {
            wamid: "wamid.1".into(),
            status: word.into(),
            rank: StatusRank::parse(word),
            recipient: None,
            group: None,
            occurred_at: AT,
            errors: None,
        };
        work(owner, Effects { status: Some(status), ..Effects::default() })
    }

    fn collapsed(batch: &[Work]) -> Option<(Option<String>, Option<StatusRank>)> {
        let contact = ContactId::new();
        let place = Place { party: Party::Contact(contact), contact: Some(contact) };
        let places = (0..batch.len()).map(|index| (index, place)).collect();
        let batch: Vec<&Work> = batch.iter().collect();
        let rows = collapse(&batch, &places);
        assert!(rows.len() < 2);
        let row = rows.into_values().next()?;
        Some((row.message.map(|m| m.message_type.clone()), row.status.map(|(rank, _)| rank)))
    }

    fn owner() -> Owner {
        Owner { company: CompanyId::new(), account: AccountId::new() }
    }

    #[test]
    fn a_message_and_its_statuses_become_one_row_in_any_order() {
        let o = owner();
        let whole = Some((Some("text".to_owned()), Some(StatusRank::Read)));
        assert_eq!(collapsed(&[message(o, "text"), status(o, "read"), status(o, "sent")]), whole);
        assert_eq!(collapsed(&[status(o, "sent"), status(o, "read"), message(o, "text")]), whole);
        assert_eq!(collapsed(&[status(o, "read"), message(o, "text"), status(o, "delivered")]), whole);
    }

    #[test]
    fn a_late_sent_does_not_unfail_and_a_proven_delivery_outranks_a_failure() {
        let o = owner();
        assert_eq!(collapsed(&[status(o, "failed"), status(o, "sent")]), Some((None, Some(StatusRank::Failed))));
        assert_eq!(
            collapsed(&[status(o, "delivered"), status(o, "failed")]),
            Some((None, Some(StatusRank::Delivered)))
        );
    }

    #[test]
    fn a_word_that_moves_nothing_makes_no_row() {
        assert_eq!(collapsed(&[status(owner(), "warning")]), None);
    }

    #[test]
    fn real_content_replaces_unsupported_and_never_the_other_way() {
        let o = owner();
        let real = Some((Some("text".to_owned()), None));
        assert_eq!(collapsed(&[message(o, "unsupported"), message(o, "text")]), real);
        assert_eq!(collapsed(&[message(o, "text"), message(o, "unsupported")]), real);
    }
}
