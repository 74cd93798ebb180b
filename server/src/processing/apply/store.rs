//! SQL of applying: a few statements, each for all of a batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::conversations::{Party, Wanted};
use super::messages::Row;
use super::people::{Identity, Plan};
use super::profiles::Profiles;
use super::rows::{ConversationToOpen, MessageToStore, StatusToStore};
use super::{ApplyError, Work};
use crate::ids::{CompanyId, ContactId, ConversationId, Owner};

/// Writes what was decided about people. Of those who were there already, most events say nothing new. (What is known is of
/// the end of the work a moment ago; what another worker tells at the same moment counts as told later.)
pub async fn write_people(transaction: &mut PgConnection, plan: Plan) -> Result<(), ApplyError> {
    // One that another is merged into has its say afterwards, beside what the other brings.
    let targets: HashSet<_> = plan.merged.iter().map(|&(company, _, into)| (company, into)).collect();
    let met: HashSet<_> = plan.new_contacts.iter().filter(|contact| !targets.contains(contact)).copied().collect();
    let (of_new, of_known) = plan.profiles.into_iter().partition(|of| met.contains(&(of.company, of.contact)));
    insert_people(transaction, &plan.new_contacts, plan.new_identities, &Profiles::new(of_new)).await?;
    move_identities(transaction, &plan.moved).await?;
    for (company, from, into) in plan.merged {
        merge(transaction, company, from, into).await?;
    }
    let mut news = Profiles::new(of_known);
    news.leave_out(|key, said| {
        !targets.contains(&key) && plan.known.get(&key.1).is_some_and(|known| known.covers(said))
    });
    Ok(update_profiles(transaction, &news).await?)
}

/// Inserts contacts, with what is known of them, and identities, of whomever.
async fn insert_people(
    transaction: &mut PgConnection,
    contacts: &[(CompanyId, ContactId)],
    mut identities: Vec<(Identity, ContactId)>,
    profiles: &Profiles,
) -> Result<(), ApplyError> {
    if identities.is_empty() {
        return Ok(());
    }
    identities.sort_unstable();
    let inserted = sqlx::query!(
        r#"
        with met as (
            insert into contacts
                (company_id, id, profile_at, profile_name, username, bsuid, wa_id, phone, address_book_name,
                 marketing_preference, marketing_preference_at)
            select company_id, contact_id, at, profile_name, username, bsuid, wa_id, phone, address_book_name,
                   preference, preference_at
            from unnest($1::profile_to_tell[])
        )
        insert into contact_identities (company_id, kind, value, contact_id, first_seen_at)
        select *, now() from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[])
        on conflict do nothing
        "#,
        &profiles.rows(contacts) as _,
        &identities.iter().map(|(id, _)| id.company.0).collect::<Vec<_>>(),
        &identities.iter().map(|(id, _)| id.kind.as_str()).collect::<Vec<_>>() as _,
        &identities.iter().map(|(id, _)| id.value.as_str()).collect::<Vec<_>>() as _,
        &identities.iter().map(|(_, contact)| contact.0).collect::<Vec<_>>(),
    )
    .execute(transaction)
    .await?;
    if inserted.rows_affected() == identities.len() as u64 { Ok(()) } else { Err(ApplyError::Raced) }
}

async fn move_identities(
    transaction: &mut PgConnection,
    moved: &[(Identity, ContactId, ContactId)],
) -> Result<(), sqlx::Error> {
    // One by one and in order: rare, and the same number may be handed on twice.
    for (id, _, to) in moved {
        sqlx::query!(
            "update contact_identities set contact_id = $4 where company_id = $1 and kind = $2 and value = $3",
            id.company.0,
            id.kind.as_str(),
            id.value,
            to.0,
        )
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// Gives all that one contact has to another, what is known of it included. An open conversation that both have
/// becomes one.
async fn merge(
    transaction: &mut PgConnection,
    company: CompanyId,
    from: ContactId,
    into: ContactId,
) -> Result<(), sqlx::Error> {
    let (company, from, into) = (company.0, from.0, into.0);
    sqlx::query!(
        "update contact_identities set contact_id = $3 where company_id = $1 and contact_id = $2",
        company,
        from,
        into
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        r#"
        update messages m set conversation_id = kept.id
        from conversations gone
        join conversations kept on kept.company_id = gone.company_id and kept.account_id = gone.account_id
            and kept.contact_id = $3 and kept.state = 'open'
        where gone.company_id = $1 and gone.contact_id = $2 and gone.state = 'open'
          and m.company_id = $1 and m.conversation_id = gone.id
        "#,
        company,
        from,
        into
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        r#"
        update conversations kept
        set last_message_at = greatest(kept.last_message_at, gone.last_message_at),
            opened_at = least(kept.opened_at, gone.opened_at)
        from conversations gone
        where kept.company_id = $1 and kept.contact_id = $3 and kept.state = 'open'
          and gone.company_id = $1 and gone.contact_id = $2 and gone.state = 'open'
          and gone.account_id = kept.account_id
        "#,
        company,
        from,
        into
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        r#"
        delete from conversations gone
        where gone.company_id = $1 and gone.contact_id = $2 and gone.state = 'open'
          and exists (select from conversations kept
                      where kept.company_id = $1 and kept.contact_id = $3 and kept.state = 'open'
                        and kept.account_id = gone.account_id)
        "#,
        company,
        from,
        into
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "update conversations set contact_id = $3 where company_id = $1 and contact_id = $2",
        company,
        from,
        into
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("update messages set contact_id = $3 where company_id = $1 and contact_id = $2", company, from, into)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        r#"
        update contacts kept
        set profile_name = coalesce(case when gone.profile_at > kept.profile_at then gone.profile_name end,
                kept.profile_name, gone.profile_name),
            username = coalesce(case when gone.profile_at > kept.profile_at then gone.username end,
                kept.username, gone.username),
            bsuid = coalesce(case when gone.profile_at > kept.profile_at then gone.bsuid end, kept.bsuid, gone.bsuid),
            wa_id = coalesce(case when gone.profile_at > kept.profile_at then gone.wa_id end, kept.wa_id, gone.wa_id),
            phone = coalesce(case when gone.profile_at > kept.profile_at then gone.phone end, kept.phone, gone.phone),
            address_book_name = coalesce(case when gone.profile_at > kept.profile_at then gone.address_book_name end,
                kept.address_book_name, gone.address_book_name),
            marketing_preference = case
                when kept.marketing_preference_at is null or gone.marketing_preference_at > kept.marketing_preference_at
                then gone.marketing_preference else kept.marketing_preference end,
            marketing_preference_at = greatest(kept.marketing_preference_at, gone.marketing_preference_at),
            profile_at = greatest(kept.profile_at, gone.profile_at)
        from contacts gone
        where kept.company_id = $1 and kept.id = $3 and gone.company_id = $1 and gone.id = $2
        "#,
        company,
        from,
        into
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("update contacts set merged_into = $3 where company_id = $1 and id = $2", company, from, into)
        .execute(&mut *transaction)
        .await?;
    Ok(())
}

async fn update_profiles(transaction: &mut PgConnection, profiles: &Profiles) -> Result<(), sqlx::Error> {
    let contacts = profiles.contacts();
    if contacts.is_empty() {
        return Ok(());
    }
    // A late event still tells what nobody knew. A preference has a time of its own: it must never be lost.
    sqlx::query!(
        r#"
        update contacts c
        set profile_name = coalesce(case when c.profile_at > new.at then c.profile_name end,
                new.profile_name, c.profile_name),
            username = coalesce(case when c.profile_at > new.at then c.username end, new.username, c.username),
            bsuid = coalesce(case when c.profile_at > new.at then c.bsuid end, new.bsuid, c.bsuid),
            wa_id = coalesce(case when c.profile_at > new.at then c.wa_id end, new.wa_id, c.wa_id),
            phone = coalesce(case when c.profile_at > new.at then c.phone end, new.phone, c.phone),
            address_book_name = case when not new.renames or c.profile_at > new.at then c.address_book_name
                else new.address_book_name end,
            marketing_preference = case
                when new.preference is null or c.marketing_preference_at > new.preference_at then c.marketing_preference
                else new.preference end,
            marketing_preference_at = greatest(c.marketing_preference_at, new.preference_at),
            profile_at = greatest(c.profile_at, new.at)
        from unnest($1::profile_to_tell[]) as new
        where c.company_id = new.company_id and c.id = new.contact_id
          and ((c.profile_at is null or c.profile_at <= new.at)
                and (coalesce(new.profile_name, c.profile_name) is distinct from c.profile_name
                  or coalesce(new.username, c.username) is distinct from c.username
                  or coalesce(new.bsuid, c.bsuid) is distinct from c.bsuid
                  or coalesce(new.wa_id, c.wa_id) is distinct from c.wa_id
                  or coalesce(new.phone, c.phone) is distinct from c.phone
                  or (new.renames and new.address_book_name is distinct from c.address_book_name))
            or (c.profile_name is null and new.profile_name is not null)
            or (c.username is null and new.username is not null)
            or (c.bsuid is null and new.bsuid is not null)
            or (c.wa_id is null and new.wa_id is not null)
            or (c.phone is null and new.phone is not null)
            or (new.preference is not null
                and (c.marketing_preference_at is null or c.marketing_preference_at <= new.preference_at)
                and (c.marketing_preference, c.marketing_preference_at)
                    is distinct from (new.preference, new.preference_at)))
        "#,
        &profiles.rows(&contacts) as _,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Opens the conversations with groups, or moves the open ones up to their newest message.
async fn open_with_groups(
    transaction: &mut PgConnection,
    wanted: &BTreeMap<(Owner, &str), OffsetDateTime>,
) -> Result<HashMap<(Owner, String), ConversationId>, sqlx::Error> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"
        insert into conversations as c (company_id, id, account_id, group_id, opened_at, last_message_at)
        select company_id, id, account_id, group_id, at, at
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
            as new (company_id, id, account_id, group_id, at)
        on conflict (company_id, account_id, group_id) where state = 'open' and group_id is not null do update
            set last_message_at = greatest(c.last_message_at, excluded.last_message_at),
                opened_at = least(c.opened_at, excluded.opened_at)
        returning company_id, account_id, group_id as "group_id!", id
        "#,
        &wanted.keys().map(|(owner, _)| owner.company.0).collect::<Vec<_>>(),
        &wanted.keys().map(|_| ConversationId::new().0).collect::<Vec<_>>(),
        &wanted.keys().map(|(owner, _)| owner.account.0).collect::<Vec<_>>(),
        &wanted.keys().map(|(_, group)| *group).collect::<Vec<_>>() as _,
        &wanted.values().copied().collect::<Vec<_>>(),
    )
    .fetch_all(transaction)
    .await?;
    let opened = rows.into_iter().map(|row| {
        let owner = Owner { company: row.company_id.into(), account: row.account_id.into() };
        ((owner, row.group_id), row.id.into())
    });
    Ok(opened.collect())
}

/// Keeps every status as it came. One whose event has left the log since, and its dedup key with it, is not kept twice.
/// Gives those of the messages that move by a status of the batch which have a row already.
pub async fn insert_statuses(
    transaction: &mut PgConnection,
    batch: &[&Work],
) -> Result<HashSet<(Owner, String)>, sqlx::Error> {
    let rows: Vec<_> = batch.iter().filter_map(|work| StatusToStore::of(work)).collect();
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let known = sqlx::query!(
        r#"
        with kept as (
            insert into message_statuses
                (company_id, event_id, account_id, wamid, status, recipient, occurred_at, errors)
            select company_id, event_id, account_id, wamid, status, recipient, occurred_at, errors
            from unnest($1::status_to_store[]) as new
            where (
                select true from message_statuses known
                where known.company_id = new.company_id and known.account_id = new.account_id
                  and known.wamid = new.wamid and known.occurred_at = new.occurred_at and known.status = new.status
                  and known.recipient is not distinct from new.recipient
                  and not exists (select from whatsapp_webhook_events e
                                  where e.company_id = known.company_id and e.id = known.event_id)
                limit 1
            ) is null
            on conflict (company_id, event_id) do nothing
        )
        select m.company_id, m.account_id, m.wamid
        from messages m
        join unnest($1::status_to_store[]) as asked using (company_id, account_id, wamid)
        where asked.moves
        "#,
        &rows as _,
    )
    .fetch_all(transaction)
    .await?;
    let owner = |company: Uuid, account: Uuid| Owner { company: company.into(), account: account.into() };
    Ok(known.into_iter().map(|row| (owner(row.company_id, row.account_id), row.wamid)).collect())
}

/// Opens the conversations that are wanted, or moves the open ones up to their newest message; and inserts messages
/// there, or brings the stored ones up to date: content by the rules of the module above, the status upwards only. It is
/// one statement, after one for the rare groups.
pub async fn upsert_messages(
    transaction: &mut PgConnection,
    wanted: &Wanted<'_>,
    rows: &BTreeMap<(Owner, &str), Row<'_>>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let groups = open_with_groups(&mut *transaction, &wanted.groups).await?;
    let in_group = |((owner, _), row): (&(Owner, &str), &Row<'_>)| match row.place?.party {
        Party::Group(group) => groups.get(&(*owner, group.to_owned())).copied(),
        Party::Contact(_) => None,
    };
    let messages: Vec<_> = rows.iter().map(|row| MessageToStore::of(row, in_group(row))).collect();
    let conversations: Vec<_> = wanted.people.iter().map(ConversationToOpen::of).collect();
    sqlx::query!(
        r#"
        with opened as (
            insert into conversations as c (company_id, id, account_id, contact_id, opened_at, last_message_at)
            select company_id, id, account_id, contact_id, at, at
            from unnest($2::conversation_to_open[])
            on conflict (company_id, account_id, contact_id) where state = 'open' and contact_id is not null do update
                set last_message_at = greatest(c.last_message_at, excluded.last_message_at),
                    opened_at = least(c.opened_at, excluded.opened_at)
            returning company_id, account_id, contact_id, id
        )
        insert into messages as m
            (company_id, id, account_id, wamid, conversation_id, contact_id, direction, source, type, body, content,
             reply_to_wamid, about_wamid, sent_at, status, status_at, event_id)
        select company_id, new.id, account_id, wamid, coalesce(in_group, opened.id), contact_id, direction, source,
               type, body, content, reply_to, about, sent_at,
               case when direction = 'outbound' then status::message_status end,
               case when direction = 'outbound' then status_at end, event_id
        from unnest($1::message_to_store[]) with ordinality as new
        left join opened using (company_id, account_id, contact_id)
        where (select count(*) from opened) >= 0
        order by ordinality
        on conflict (company_id, account_id, wamid) do update set
            (conversation_id, contact_id, direction, source, type, body, content, reply_to_wamid, about_wamid, sent_at,
             event_id) = (
                select excluded.conversation_id, excluded.contact_id,
                       message_direction(m.source, m.direction, excluded.source, excluded.direction),
                       excluded.source, excluded.type, excluded.body, excluded.content, excluded.reply_to_wamid, excluded.about_wamid, excluded.sent_at,
                       excluded.event_id
                where message_takes(m.source, m.type, m.sent_at, excluded.source, excluded.type, excluded.sent_at)
                union all
                select m.conversation_id, m.contact_id, m.direction, m.source, m.type, m.body, m.content,
                       m.reply_to_wamid, m.about_wamid, m.sent_at, m.event_id
                where not message_takes(m.source, m.type, m.sent_at, excluded.source, excluded.type, excluded.sent_at)
            ),
            status = case when message_direction(m.source, m.direction, excluded.source, excluded.direction) = 'outbound'
                then greatest(m.status, excluded.status) end,
            status_at = case
                when message_direction(m.source, m.direction, excluded.source, excluded.direction) = 'inbound' then null
                when m.status is null or excluded.status > m.status then excluded.status_at
                else m.status_at end
        where message_takes(m.source, m.type, m.sent_at, excluded.source, excluded.type, excluded.sent_at)
           or (m.direction = 'outbound' and excluded.status is not null
               and (m.status is null or excluded.status > m.status))
        "#,
        &messages as _,
        &conversations as _,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Writes what Meta says about accounts, the newest last. A late change only tells what nobody knew.
pub async fn change_accounts(transaction: &mut PgConnection, batch: &[&Work]) -> Result<(), sqlx::Error> {
    let mut changes: Vec<_> =
        batch.iter().filter_map(|work| Some((&work.event, work.effects.account.as_ref()?))).collect();
    changes.sort_by_key(|(event, _)| event.event_ts);
    for (event, change) in changes {
        sqlx::query!(
            r#"
            update whatsapp_accounts
            set verified_name = coalesce(case when meta_changed_at > $3 then verified_name end, $4, verified_name),
                quality_event = coalesce(case when meta_changed_at > $3 then quality_event end, $5, quality_event),
                messaging_limit =
                    coalesce(case when meta_changed_at > $3 then messaging_limit end, $6, messaging_limit),
                review_status = coalesce(case when meta_changed_at > $3 then review_status end, $7, review_status),
                meta_changed_at = greatest(meta_changed_at, $3)
            where company_id = $1 and id = $2
            "#,
            event.owner.company.0,
            event.owner.account.0,
            event.event_ts,
            change.verified_name,
            change.quality_event,
            change.messaging_limit,
            change.review_status,
        )
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}
