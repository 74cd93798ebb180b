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
//! of the ids; a number counts with any punctuation between its digits. Bodies are searched one and all, since a body may
//! repeat updates that came in another; so it takes as long as reading the company's log once. It is one transaction with
//! its audit entry: all of it happens, or nothing.
//!
//! The search locks nothing, so nobody waits for it. What a worker found out about the person meanwhile (that it is
//! somebody already known, or has a new id) is searched for as well, until nothing has changed. Then the person's ids are
//! locked and deleted, what came meanwhile is looked through, and all that was found is emptied. From there to the end,
//! a worker that meets the person waits: what it would apply then is erased, or came later and is a new contact's.
//!
//! **If it comes again.** The delivery keeps the hash of its body, so the same body again is counted and brings nothing
//! back: so Meta's retries, and replays by anybody, have no effect. [Retention](crate::retention) leaves it that hash, too. Not
//! promised: that the same update in a body which never came before, or had left the log before the erasure, is known
//! again, since nothing is left that it could be known by; it, and whatever the person writes next, makes a new contact.
//!
//! Also not promised: what other people wrote about the person, in words or as an address card, is theirs and stays; a group's
//! other members keep what they sent. Copies outside of the database (backups, dead rows until autovacuum has been, the WAL)
//! end with their own time.

mod cut;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::{CompanyId, ContactId, ConversationId, Owner};
use cut::{Cut, Ids, StoredEvent};
use store::Step;

/// What is looked through in one statement: far less than the database has time for.
const STEP: Step = Step { count: 250, bytes: 8 * 1024 * 1024 };
/// From this size on, a body is cut off the async threads.
const LARGE: usize = 256 * 1024;
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
    let person = Person::find(&mut *tenant, company, contact).await?;
    let mut erasing = Erasing { company, now, person, found: BTreeSet::new(), events: BTreeSet::new(), bodies: 0 };
    let last = erasing.search_all(&mut *tenant, contact).await?;
    // From here on nobody meets the person as this contact. What came meanwhile is looked through as well.
    store::forget_ids(&mut *tenant, company, &erasing.person.contacts).await?;
    erasing.search(&mut *tenant, Uuid::from_u128(last.as_u128().saturating_sub(OVERLAP_MILLISECONDS << 80))).await?;
    erasing.empty_all(tenant).await
}

/// Whom an erasure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Person {
    /// The contact, and those that are the same person.
    contacts: Vec<Uuid>,
    ids: Ids,
}

impl Person {
    async fn find(tenant: &mut PgConnection, company: CompanyId, contact: ContactId) -> Result<Self, sqlx::Error> {
        let contacts = store::merged_with(&mut *tenant, company, contact).await?;
        let ids = store::ids(tenant, company, &contacts).await?;
        Ok(Self { contacts, ids })
    }
}

/// One erasure under way.
struct Erasing {
    company: CompanyId,
    now: OffsetDateTime,
    person: Person,
    /// Deliveries that may hold something of the person.
    found: BTreeSet<Uuid>,
    events: BTreeSet<Uuid>,
    bodies: u64,
}

impl Erasing {
    /// Goes through all deliveries, and again as long as more has become known of the person meanwhile. Then the ids are
    /// locked. Gives back the last id.
    async fn search_all(&mut self, tenant: &mut PgConnection, contact: ContactId) -> Result<Uuid, sqlx::Error> {
        loop {
            let last = self.search(&mut *tenant, Uuid::nil()).await?;
            if self.look_again(&mut *tenant, contact).await? {
                continue;
            }
            store::lock_ids(&mut *tenant, self.company, &self.person.contacts).await?;
            if !self.look_again(&mut *tenant, contact).await? {
                return Ok(last);
            }
        }
    }

    /// Whether the person is another one than before.
    async fn look_again(&mut self, tenant: &mut PgConnection, contact: ContactId) -> Result<bool, sqlx::Error> {
        let before = self.person.clone();
        self.person = Person::find(tenant, self.company, contact).await?;
        Ok(self.person != before)
    }

    /// Goes through all deliveries after this id for those that name the person. Gives back the last id.
    async fn search(&mut self, tenant: &mut PgConnection, after: Uuid) -> Result<Uuid, sqlx::Error> {
        let mut last = after;
        loop {
            let step = store::naming(&mut *tenant, self.company, last, &self.person.ids, STEP).await?;
            let Some(end) = step.last().map(|(id, _)| *id) else { return Ok(last) };
            self.found.extend(step.into_iter().filter(|(_, names)| *names).map(|(id, _)| id));
            last = end;
        }
    }

    /// Empties what was found, what the person's messages came from, and these. Rows are locked in the order in which
    /// the writer and the workers lock them.
    async fn empty_all(mut self, tenant: &mut PgConnection) -> Result<Erased, sqlx::Error> {
        let (company, contacts) = (self.company, self.person.contacts.clone());
        let messages = store::messages(&mut *tenant, company, &contacts).await?;
        let linked = store::linked_events(&mut *tenant, company, &messages).await?;
        self.found.extend(store::deliveries_of(&mut *tenant, company, &linked).await?);
        let theirs = Arc::new(Theirs { ids: self.person.ids.clone(), linked: linked.into_iter().collect() });
        for delivery in std::mem::take(&mut self.found) {
            self.empty(&mut *tenant, delivery, &theirs).await?;
        }
        let events: Vec<Uuid> = self.events.iter().copied().collect();
        store::empty_attempts(&mut *tenant, company, &events).await?;
        store::empty_statuses(&mut *tenant, company, &messages, &events).await?;
        let messages = store::empty_messages(&mut *tenant, company, &messages).await?;
        store::empty_contacts(tenant, company, &contacts, self.now).await?;
        Ok(Erased { messages, events: events.len() as u64, bodies: self.bodies })
    }

    /// Takes the person out of one delivery.
    async fn empty(
        &mut self,
        tenant: &mut PgConnection,
        delivery: Uuid,
        theirs: &Arc<Theirs>,
    ) -> Result<(), sqlx::Error> {
        let Some(body) = store::body(&mut *tenant, self.company, delivery).await? else { return Ok(()) };
        let events = store::events(&mut *tenant, self.company, delivery).await?;
        let Some(cut) = cut_out(body, events, theirs).await? else { return Ok(()) };
        store::empty_events(&mut *tenant, self.company, &cut.gone, self.now).await?;
        store::set_body(tenant, self.company, delivery, &cut, self.now).await?;
        self.events.extend(cut.gone);
        self.bodies += 1;
        Ok(())
    }
}

/// What is the person's.
#[derive(Debug)]
struct Theirs {
    ids: Ids,
    linked: BTreeSet<Uuid>,
}

/// A large body takes longer to cut than others should wait.
async fn cut_out(body: Vec<u8>, events: Vec<StoredEvent>, theirs: &Arc<Theirs>) -> Result<Option<Cut>, sqlx::Error> {
    if body.len() < LARGE {
        return Ok(cut::cut(&body, &events, &theirs.ids, &theirs.linked));
    }
    let theirs = Arc::clone(theirs);
    let cutting = tokio::task::spawn_blocking(move || cut::cut(&body, &events, &theirs.ids, &theirs.linked));
    cutting.await.map_err(|_panicked| sqlx::Error::WorkerCrashed)
}
