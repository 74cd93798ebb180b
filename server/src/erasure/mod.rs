//! Erasure: one contact's personal data goes, and the log keeps its rows without content.
//!
//! | what | what becomes of it |
//! |---|---|
//! | the contact, and those that were merged into it | every field empty; its ids are forgotten |
//! | messages of its conversations, and its messages in groups | text, content, Meta's ids and references are gone; that there was a message, when, which way and how far it came stays |
//! | their statuses | recipient and errors are gone |
//! | updates from, to or about the person in the event log | payload, ids, dedup key and errors are gone. One that still waited is not processed any more |
//! | the bodies that brought them | those updates, and all around them, are cut out ([`cut`]); updates of other people stay byte for byte, as a JSON array, which is how a body shared by several companies is kept too |
//!
//! Whose an update is, is decided as processing decides it: by the BSUID first, then by the `wa_id`, of the person that the
//! update is translated to. An update that concerns nobody in particular, or cannot be read, is the person's if it names one
//! of the ids. Bodies are searched one and all, since a body may repeat updates that came in another; so it takes as
//! long as reading the company's log once. It is one transaction with its audit entry: all of it happens, or nothing.
//! The person's ids are deleted before the last look, and from then on a worker that meets the person waits: what it
//! would apply then is a new contact's.
//!
//! **If it comes again.** The delivery keeps the hash of its body, so the same body again is counted and brings nothing
//! back: so Meta's retries, and replays by anybody, have no effect. Not promised: that the same update in a body which
//! never came before is known again, since nothing is left that it could be known by; it, and whatever the person
//! writes next, makes a new contact.
//!
//! Also not promised: what other people wrote about the person, in words or as an address card, is theirs and stays; a group's
//! other members keep what they sent. Copies outside of the database (backups, dead rows until autovacuum has been, the WAL)
//! end with their own time.

mod cut;
mod store;

use std::collections::BTreeSet;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::{CompanyId, ContactId, ConversationId, Owner};
use cut::Ids;

/// Deliveries that are looked through in one statement.
const STEP: i64 = 250;
/// What was stored while the search went on may have ids that are somewhat older than what was found last.
const OVERLAP_MILLISECONDS: u128 = 60_000;

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Messages.
    pub messages: u64,
    /// Rows of the event log.
    pub events: u64,
    /// Bodies that were cut or emptied.
    pub bodies: u64,
}

/// The contact that a conversation is with. None for a group's, and where there is no such conversation.
///
/// # Errors
/// Those of the database.
pub async fn contact_of(
    tenant: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
) -> Result<Option<ContactId>, sqlx::Error> {
    store::contact_of(tenant, owner, conversation).await
}

/// Erases a contact, in the caller's transaction.
///
/// # Errors
/// Those of the database.
pub async fn erase(
    tenant: &mut PgConnection,
    company: CompanyId,
    contact: ContactId,
    now: OffsetDateTime,
) -> Result<Erased, sqlx::Error> {
    let contacts = store::merged_with(&mut *tenant, company, contact).await?;
    let ids = store::ids(&mut *tenant, company, &contacts).await?;
    let mut erasing = Erasing { company, contacts, ids, now, events: BTreeSet::new(), bodies: 0 };
    let last = erasing.search(&mut *tenant, Uuid::nil()).await?;
    // From here on nobody meets the person as this contact. What came meanwhile is looked through as well.
    store::forget_ids(&mut *tenant, company, &erasing.contacts).await?;
    let again_from = Uuid::from_u128(last.as_u128().saturating_sub(OVERLAP_MILLISECONDS << 80));
    erasing.search(&mut *tenant, again_from).await?;
    let events: Vec<Uuid> = erasing.events.iter().copied().collect();
    store::empty_attempts(&mut *tenant, company, &events).await?;
    store::empty_statuses(&mut *tenant, company, &erasing.contacts, &events).await?;
    let messages = store::empty_messages(&mut *tenant, company, &erasing.contacts).await?;
    store::empty_contacts(tenant, company, &erasing.contacts, now).await?;
    Ok(Erased { messages, events: events.len() as u64, bodies: erasing.bodies })
}

/// One erasure under way.
struct Erasing {
    company: CompanyId,
    contacts: Vec<Uuid>,
    ids: Ids,
    now: OffsetDateTime,
    events: BTreeSet<Uuid>,
    bodies: u64,
}

impl Erasing {
    /// Goes through all deliveries after this id: those that name the person, and those that its messages came from.
    /// Gives back the last id.
    async fn search(&mut self, tenant: &mut PgConnection, after: Uuid) -> Result<Uuid, sqlx::Error> {
        let linked = store::linked_events(&mut *tenant, self.company, &self.contacts).await?;
        let deliveries = store::deliveries_of(&mut *tenant, self.company, &linked).await?;
        let linked: BTreeSet<Uuid> = linked.into_iter().collect();
        for delivery in deliveries {
            self.empty(&mut *tenant, delivery, &linked).await?;
        }
        let mut last = after;
        loop {
            let step = store::naming(&mut *tenant, self.company, last, &self.ids.patterns(), STEP).await?;
            let Some(end) = step.last().map(|(id, _)| *id) else { return Ok(last) };
            for (delivery, _) in step.into_iter().filter(|(_, names)| *names) {
                self.empty(&mut *tenant, delivery, &linked).await?;
            }
            last = end;
        }
    }

    /// Takes the person out of one delivery.
    async fn empty(
        &mut self,
        tenant: &mut PgConnection,
        delivery: Uuid,
        linked: &BTreeSet<Uuid>,
    ) -> Result<(), sqlx::Error> {
        let body = store::body(&mut *tenant, self.company, delivery).await?;
        let events = store::events(&mut *tenant, self.company, delivery).await?;
        let Some(cut) = cut::cut(&body, &events, &self.ids, linked) else { return Ok(()) };
        store::empty_events(&mut *tenant, self.company, &cut.gone, self.now).await?;
        store::set_body(tenant, self.company, delivery, &cut, self.now).await?;
        self.events.extend(cut.gone);
        self.bodies += 1;
        Ok(())
    }
}
