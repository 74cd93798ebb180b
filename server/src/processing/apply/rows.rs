//! What the statements of applying take, as rows, column by column.

use serde_json::Value;
use time::OffsetDateTime;

use super::Work;
use super::messages::Row;
use super::people::Profile;
use super::profiles::Key;
use crate::database::rows::sent_as;
use crate::ids::{AccountId, CompanyId, ContactId, ConversationId, EventId, MessageId, Owner};
use crate::processing::effect::{MarketingPreference, Source};

/// A conversation with a person.
#[derive(sqlx::Type)]
#[sqlx(type_name = "conversation_to_open")]
pub struct ConversationToOpen {
    company_id: CompanyId,
    id: ConversationId,
    account_id: AccountId,
    contact_id: ContactId,
    at: OffsetDateTime,
}

impl ConversationToOpen {
    /// One that is wanted.
    pub fn of((&(owner, contact), &at): (&(Owner, ContactId), &OffsetDateTime)) -> Self {
        let Owner { company, account } = owner;
        Self { company_id: company, id: ConversationId::new(), account_id: account, contact_id: contact, at }
    }
}

/// A message, or what statuses say of one that has not come yet.
#[derive(sqlx::Encode)]
pub struct MessageToStore<'a> {
    company_id: CompanyId,
    id: MessageId,
    account_id: AccountId,
    wamid: &'a str,
    in_group: Option<ConversationId>,
    contact_id: Option<ContactId>,
    direction: &'static str,
    source: &'static str,
    r#type: &'a str,
    body: Option<&'a str>,
    content: Option<&'a Value>,
    reply_to: Option<&'a str>,
    about: Option<&'a str>,
    sent_at: OffsetDateTime,
    status: Option<&'static str>,
    status_at: Option<OffsetDateTime>,
    event_id: EventId,
}
sent_as!(MessageToStore, "message_to_store");

impl<'a> MessageToStore<'a> {
    /// A row, in the conversation of its group or else of its contact.
    pub fn of((&(owner, wamid), row): (&(Owner, &'a str), &Row<'a>), in_group: Option<ConversationId>) -> Self {
        let message = row.message;
        Self {
            company_id: owner.company,
            id: MessageId::new(),
            account_id: owner.account,
            wamid,
            in_group,
            contact_id: row.place.and_then(|place| place.contact),
            direction: if message.is_none_or(|m| m.outbound) { "outbound" } else { "inbound" },
            source: message.map_or("status", |m| Source::as_str(m.source)),
            r#type: message.map_or("awaited", |m| m.message_type.as_str()),
            body: message.and_then(|m| m.body.as_deref()),
            content: message.and_then(|m| m.content.as_ref()),
            reply_to: message.and_then(|m| m.reply_to.as_deref()),
            about: message.and_then(|m| m.about.as_deref()),
            sent_at: row.at,
            status: row.status.map(|(rank, _)| rank.as_str()),
            status_at: row.status.map(|(_, at)| at),
            event_id: row.event,
        }
    }
}

/// A status, as it came.
#[derive(sqlx::Encode)]
pub struct StatusToStore<'a> {
    company_id: CompanyId,
    event_id: EventId,
    account_id: AccountId,
    wamid: &'a str,
    status: &'a str,
    recipient: Option<&'a str>,
    occurred_at: OffsetDateTime,
    errors: Option<&'a Value>,
    moves: bool,
}
sent_as!(StatusToStore, "status_to_store");

impl<'a> StatusToStore<'a> {
    /// That of an event, if it brings one.
    pub fn of(work: &'a Work) -> Option<Self> {
        let Owner { company, account } = work.event.owner;
        let status = work.effects.status.as_ref()?;
        Some(Self {
            company_id: company,
            event_id: work.event.id,
            account_id: account,
            wamid: &status.wamid,
            status: &status.status,
            recipient: status.recipient.as_deref(),
            occurred_at: status.occurred_at,
            errors: status.errors.as_ref(),
            moves: status.rank.is_some(),
        })
    }
}

/// What is said of a contact, or only that there is one.
#[derive(sqlx::Encode)]
pub struct ProfileToTell<'a> {
    company_id: CompanyId,
    contact_id: ContactId,
    at: Option<OffsetDateTime>,
    profile_name: Option<&'a str>,
    username: Option<&'a str>,
    bsuid: Option<&'a str>,
    wa_id: Option<&'a str>,
    phone: Option<&'a str>,
    /// The address book was told a name, or that there is none any more.
    renames: bool,
    address_book_name: Option<&'a str>,
    preference: Option<&'static str>,
    preference_at: Option<OffsetDateTime>,
}
sent_as!(ProfileToTell, "profile_to_tell");

impl<'a> ProfileToTell<'a> {
    /// That of a contact, who may have said something about marketing at another time.
    pub fn of(
        (company_id, contact_id): Key,
        profile: Option<&'a Profile>,
        preference: Option<(MarketingPreference, OffsetDateTime)>,
    ) -> Self {
        let person = profile.map(|profile| &profile.person);
        let address_book_name = person.and_then(|person| person.address_book_name.as_ref());
        Self {
            company_id,
            contact_id,
            at: profile.map(|profile| profile.at),
            profile_name: person.and_then(|person| person.profile_name.as_deref()),
            username: person.and_then(|person| person.username.as_deref()),
            bsuid: person.and_then(|person| person.bsuid.as_deref()),
            wa_id: person.and_then(|person| person.wa_id.as_deref()),
            phone: person.and_then(|person| person.phone.as_deref()),
            renames: address_book_name.is_some(),
            address_book_name: address_book_name.and_then(|name| name.as_deref()),
            preference: preference.map(|(word, _)| word.as_str()),
            preference_at: preference.map(|(_, at)| at),
        }
    }
}
