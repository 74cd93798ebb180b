//! SQL of erasure. Everything is under the company that erases, by name and by row-level security.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::cut::{Cut, Ids, StoredEvent};
use crate::ids::{CompanyId, ContactId, ConversationId, Owner};
use crate::processing::translate::without_punctuation;

/// Whom a conversation is with.
pub async fn contact_of(
    tenant: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
) -> Result<Option<ContactId>, sqlx::Error> {
    let contact = sqlx::query_scalar!(
        r#"
        select contact_id as "contact_id: ContactId" from conversations
        where company_id = $1 and account_id = $2 and id = $3
        "#,
        owner.company.0,
        owner.account.0,
        conversation.0,
    );
    Ok(contact.fetch_optional(tenant).await?.flatten())
}

/// The contact, all that it went into, and all that went into these.
pub async fn merged_with(
    tenant: &mut PgConnection,
    company: CompanyId,
    contact: ContactId,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        with recursive upwards (id, merged_into) as (
            select id, merged_into from contacts where company_id = $1 and id = $2
            union
            select c.id, c.merged_into from contacts c join upwards on c.company_id = $1 and c.id = upwards.merged_into
        ), same (id) as (
            select id from upwards
            union
            select c.id from contacts c join same on c.company_id = $1 and c.merged_into = same.id
        )
        select id as "id!" from same order by id
        "#,
        company.0,
        contact.0,
    )
    .fetch_all(tenant)
    .await
}

/// Everything that they are known by.
pub async fn ids(tenant: &mut PgConnection, company: CompanyId, contacts: &[Uuid]) -> Result<Ids, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select kind as "kind!", value as "value!" from contact_identities
        where company_id = $1 and contact_id = any($2)
        union
        select 'bsuid', bsuid from contacts where company_id = $1 and id = any($2) and bsuid is not null
        union
        select 'wa_id', known.number from contacts c cross join lateral (values (c.wa_id), (c.phone)) known (number)
        where c.company_id = $1 and c.id = any($2) and known.number is not null
          and not exists (select from contact_identities i
                          where i.company_id = $1 and i.kind = 'wa_id' and i.value = known.number
                            and i.contact_id <> all($2))
        order by 1, 2
        "#,
        company.0,
        contacts,
    )
    .fetch_all(tenant)
    .await?;
    let mut ids = Ids::default();
    for row in rows.into_iter().filter(|row| !row.value.is_empty()) {
        if row.kind == "bsuid" { ids.bsuids.push(row.value) } else { ids.numbers.push(without_punctuation(&row.value)) }
    }
    Ok(ids)
}

/// Makes sure of their ids, in the order in which workers do: nobody merges them or hands one on until the transaction
/// ends, and workers that meet the person wait.
pub async fn lock_ids(tenant: &mut PgConnection, company: CompanyId, contacts: &[Uuid]) -> Result<(), sqlx::Error> {
    let locked = sqlx::query!(
        r#"
        select kind from contact_identities where company_id = $1 and contact_id = any($2)
        order by company_id, kind, value
        for update
        "#,
        company.0,
        contacts,
    );
    locked.fetch_all(tenant).await.map(drop)
}

/// Takes their ids away.
pub async fn forget_ids(tenant: &mut PgConnection, company: CompanyId, contacts: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from contact_identities where company_id = $1 and contact_id = any($2)", company.0, contacts)
        .execute(tenant)
        .await?;
    Ok(())
}

/// What they wrote, all of their conversations, and what else was addressed to them.
pub async fn messages(
    tenant: &mut PgConnection,
    company: CompanyId,
    contacts: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select id as "id!" from messages
        where company_id = $1 and contact_id = any($2) and (direction = 'inbound' or conversation_id is null)
        union
        select m.id from messages m
        join conversations c on c.company_id = $1 and c.id = m.conversation_id
        where m.company_id = $1 and c.contact_id = any($2)
        "#,
        company.0,
        contacts,
    )
    .fetch_all(tenant)
    .await
}

/// The events that these messages, and their statuses, were made from.
pub async fn linked_events(
    tenant: &mut PgConnection,
    company: CompanyId,
    messages: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select event_id as "event_id!" from messages where company_id = $1 and id = any($2)
        union
        select s.event_id from messages m
        join message_statuses s on s.company_id = $1 and s.account_id = m.account_id and s.wamid = m.wamid
        where m.company_id = $1 and m.id = any($2)
        "#,
        company.0,
        messages,
    )
    .fetch_all(tenant)
    .await
}

/// The deliveries that brought these events.
pub async fn deliveries_of(
    tenant: &mut PgConnection,
    company: CompanyId,
    events: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select distinct delivery_id from whatsapp_webhook_events
        where company_id = $1 and id = any($2) and erased_at is null
        "#,
        company.0,
        events,
    )
    .fetch_all(tenant)
    .await
}

/// How many deliveries, and how many bytes of bodies, are looked through in one statement; a single one that is larger
/// goes by itself.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Deliveries.
    pub count: i64,
    /// Bytes.
    pub bytes: i64,
}

/// The next deliveries, and whether their body names the person.
pub async fn naming(
    tenant: &mut PgConnection,
    company: CompanyId,
    after: Uuid,
    ids: &Ids,
    step: Step,
) -> Result<Vec<(Uuid, bool)>, sqlx::Error> {
    // Bytes have no regular expressions; escaped, they are a text whatever they are, with digits and punctuation as
    // they were.
    let rows = sqlx::query!(
        r#"
        with next as (
            select id, body_size from whatsapp_webhook_deliveries
            where company_id = $1 and id > $2
            order by id
            limit $5
        ), step as (
            select id from (select id, sum(body_size) over (order by id) - body_size as bytes_before from next) n
            where bytes_before < $6
        )
        select d.id,
               coalesce(encode(d.body, 'escape') ~ $4, false)
                   or exists (select from unnest($3::bytea[]) as pattern (text) where position(pattern.text in d.body) > 0)
               as "names!"
        from step join whatsapp_webhook_deliveries d on d.company_id = $1 and d.id = step.id
        order by d.id
        "#,
        company.0,
        after,
        &ids.texts(),
        ids.numbers_pattern(),
        step.count,
        step.bytes,
    )
    .fetch_all(tenant)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.names)).collect())
}

/// What a delivery keeps of its body; none if it has left the log meanwhile.
pub async fn body(
    tenant: &mut PgConnection,
    company: CompanyId,
    delivery: Uuid,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select body from whatsapp_webhook_deliveries where company_id = $1 and id = $2 for update",
        company.0,
        delivery
    )
    .fetch_optional(tenant)
    .await
}

/// The events of a delivery, in the body's order.
pub async fn events(
    tenant: &mut PgConnection,
    company: CompanyId,
    delivery: Uuid,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select e.id as "id!", e.event_type as "event_type!", e.event_subtype, e.payload as "payload: Value",
               e.event_ts as "event_ts!", e.body_offset as "body_offset!", e.body_length as "body_length!",
               e.erased_at is not null as "erased!",
               coalesce(a.phone_number_id, e.phone_number_id, '') as "phone_number_id!",
               a.display_phone_number as "display_phone_number?"
        from whatsapp_webhook_event_logs e
        left join whatsapp_accounts a on a.company_id = e.company_id and a.id = e.account_id
        where e.company_id = $1 and e.delivery_id = $2
        order by e.position
        "#,
        company.0,
        delivery,
    )
    .fetch_all(tenant)
    .await?;
    let unsigned = |n: i32| usize::try_from(n).unwrap_or(0);
    let rows = rows.into_iter().map(|row| StoredEvent {
        id: row.id,
        event_type: row.event_type,
        subtype: row.event_subtype,
        payload: row.payload,
        event_ts: row.event_ts,
        offset: unsigned(row.body_offset),
        length: unsigned(row.body_length),
        erased: row.erased,
        phone_number_id: row.phone_number_id,
        display_phone_number: row.display_phone_number,
    });
    Ok(rows.collect())
}

/// Takes the content out of events. Who waited does not any more: a worker that holds one finds that it is too late.
pub async fn empty_events(
    tenant: &mut PgConnection,
    company: CompanyId,
    events: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        with waits_no_more as (
            insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
            select company_id, id, $3, attempts, 'erasure' from whatsapp_webhook_events
            where company_id = $1 and id = any($2) and (fault is null or fault = 'dead')
            order by id
            on conflict (company_id, event_id) do nothing
        )
        update whatsapp_webhook_events
        set payload = case when fault is distinct from 'quarantined' then '{}'::jsonb end, object_id = null,
            dedup_key = 'erased:' || id, body_offset = 0, body_length = 0, erased_at = $3,
            last_error = case when last_error is not null then 'Erased.' end, fault = nullif(fault, 'dead')
        where company_id = $1 and id = any($2)
        "#,
        company.0,
        events,
        now,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// Puts what is left in the place of a body, and tells the events that stay where they are in it. One whose payload was
/// the body's to say keeps it from now on.
pub async fn set_body(
    tenant: &mut PgConnection,
    company: CompanyId,
    delivery: Uuid,
    cut: &Cut,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let place = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query!(
        r#"
        update whatsapp_webhook_events e
        set payload = told.payload, body_offset = kept.body_offset, body_length = kept.body_length
        from unnest($2::uuid[], $3::integer[], $4::integer[]) as kept (id, body_offset, body_length)
        join whatsapp_webhook_event_logs told on told.company_id = $1 and told.id = kept.id
        where e.company_id = $1 and e.id = kept.id
        "#,
        company.0,
        &cut.kept.iter().map(|(id, ..)| *id).collect::<Vec<_>>(),
        &cut.kept.iter().map(|(_, offset, _)| place(*offset)).collect::<Vec<_>>(),
        &cut.kept.iter().map(|(.., length)| place(*length)).collect::<Vec<_>>(),
    )
    .execute(&mut *tenant)
    .await?;
    sqlx::query!(
        r#"
        update whatsapp_webhook_deliveries set body = $3, body_is_whole = false, erased_at = $4
        where company_id = $1 and id = $2
        "#,
        company.0,
        delivery,
        cut.body,
        now,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// Errors may quote what they were about.
pub async fn empty_attempts(tenant: &mut PgConnection, company: CompanyId, events: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update event_attempts set error = 'Erased.' where company_id = $1 and event_id = any($2)",
        company.0,
        events
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// Statuses of their messages stay with these, under the ids that they are about to get; others by their event.
pub async fn empty_statuses(
    tenant: &mut PgConnection,
    company: CompanyId,
    messages: &[Uuid],
    events: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        with named as (
            select s.event_id, 'erased:' || m.id as wamid from messages m
            join message_statuses s on s.company_id = $1 and s.account_id = m.account_id and s.wamid = m.wamid
            where m.company_id = $1 and m.id = any($2)
        ), emptied as (
            select event_id, wamid from named
            union
            select event.id, 'erased:' || event.id from unnest($3::uuid[]) as event (id)
            where event.id not in (select event_id from named)
        )
        update message_statuses s set wamid = emptied.wamid, recipient = null, errors = null
        from emptied
        where s.company_id = $1 and s.event_id = emptied.event_id
        "#,
        company.0,
        messages,
        events,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// Takes the content out of messages. What a reaction, an edit or a revoke is about stays known where it is one of
/// these.
pub async fn empty_messages(
    tenant: &mut PgConnection,
    company: CompanyId,
    messages: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        with about as (
            select m.id, case when m.about_wamid is not null then coalesce('erased:' || target.id, 'erased') end as wamid
            from messages m
            left join messages target on target.company_id = $1 and target.account_id = m.account_id
                and target.wamid = m.about_wamid and target.id = any($2)
            where m.company_id = $1 and m.id = any($2)
        )
        update messages m
        set wamid = 'erased:' || m.id, body = null, content = null, reply_to_wamid = null, about_wamid = about.wamid,
            type = case when m.source = 'status' then m.type else 'erased' end
        from about
        where m.company_id = $1 and m.id = about.id
        "#,
        company.0,
        messages,
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected())
}

/// Takes everything out of the contacts.
pub async fn empty_contacts(
    tenant: &mut PgConnection,
    company: CompanyId,
    contacts: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        update contacts
        set bsuid = null, wa_id = null, phone = null, profile_name = null, username = null, profile_at = null,
            address_book_name = null, marketing_preference = null, marketing_preference_at = null, erased_at = $3
        where company_id = $1 and id = any($2)
        "#,
        company.0,
        contacts,
        now,
    )
    .execute(tenant)
    .await?;
    Ok(())
}
