//! Rows for the event log, made by PostgreSQL itself.

use anyhow::Result;

use crate::database::Database;

/// How many events are of each rare kind.
pub const RARE: u32 = 30;

/// A day in the middle of those that the rows are spread over.
pub const DAY_IN_THE_MIDDLE: &str = "2026-02-15";

/// Rows in one statement.
const CHUNK: u32 = 500_000;

/// What the row with this number is about.
pub fn object_id(number: u32) -> String {
    format!("wamid.bench{number:012}x")
}

/// Gives an account so many events, over ninety days from the beginning of 2026.
pub fn fill(database: &mut Database, account: &str, rows: u32) -> Result<()> {
    // Without foreign keys: only the unrouted events' deliveries are ever looked at.
    database.execute("set session_replication_role = replica")?;
    for first in (1..=rows).step_by(CHUNK as usize) {
        database.execute(&events(account, rows, first, rows.min(first + CHUNK - 1)))?;
    }
    database.execute(&deliveries(account))?;
    database.execute("set session_replication_role = origin")
}

/// One statement for all three tables: the rows are made once.
fn events(account: &str, rows: u32, first: u32, last: u32) -> String {
    let every = (rows / RARE).max(1);
    let from_here_pending = rows.saturating_sub(RARE);
    let text = "Can I move the appointment to Friday at 3 pm? ".repeat(6);
    format!(
        r#"
        with made as materialized (
            select a.company_id, a.id as account_id, a.waba_id, a.phone_number_id,
                   overlay(md5(n::text) placing lpad(to_hex((extract(epoch from t.at) * 1000)::bigint), 12, '0')
                           from 1 for 12)::uuid as id,
                   t.at, 'wamid.bench' || lpad(n::text, 12, '0') || 'x' as object,
                   case when n % {every} = 3 then 'change' when n % 20 = 7 then 'call'
                        when n % 5 < 2 then 'status' else 'message' end as type,
                   n > {from_here_pending} as pending,
                   (case when n > {from_here_pending} then null when n % {every} = 0 then 'dead'
                         when n % {every} = 1 then 'quarantined' when n % {every} = 2 then 'unrouted'
                         end)::webhook_event_state as fault
            from whatsapp_accounts a
            cross join generate_series({first}, {last}) n
            cross join lateral (select timestamptz '2026-01-01' + interval '90 days' * n / {rows} as at) t
            where a.id = '{account}'
        ), event as (
            insert into whatsapp_webhook_events
                (company_id, id, delivery_id, position, body_offset, body_length, account_id, waba_id, phone_number_id,
                 event_type, event_subtype, object_id, event_ts, received_at, dedup_key, payload, fault,
                 unrouted_reason, last_error)
            select company_id, id, id, 0, 0, 0, case when fault is distinct from 'unrouted' then account_id end,
                   waba_id, phone_number_id, type, case type when 'message' then 'text' when 'status' then 'read' end,
                   object, at, at, 'msg:' || phone_number_id || ':' || object || ':text', '{{"text": "{text}"}}',
                   fault, case when fault = 'unrouted' then 'unknown_number' end,
                   case when fault in ('dead', 'quarantined') then 'It is a test.' end
            from made
        ), outcome as (
            insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
            select company_id, id, at, 1, 'bench' from made where fault is null and not pending
        )
        insert into event_queue (company_id, account_id, id, due_at, events)
        select company_id, account_id, gen_random_uuid(), timestamptz '9999-01-01', array_agg(id)
        from made
        where pending
        group by company_id, account_id
        "#
    )
}

fn deliveries(account: &str) -> String {
    format!(
        "insert into whatsapp_webhook_deliveries
             (company_id, id, body_sha256, body, body_is_whole, body_size, signature, signed_by_account, signed_with,
              callback_path, received_at, last_seen_at)
         select e.company_id, e.id, sha256(uuid_send(e.id)), '', true, 0, 'none', a.id, 'current', '/bench', e.received_at,
                e.received_at
         from whatsapp_webhook_events e
         join whatsapp_accounts a on a.company_id = e.company_id
         where e.fault = 'unrouted' and a.id = '{account}'"
    )
}
