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

fn events(account: &str, rows: u32, first: u32, last: u32) -> String {
    let every = (rows / RARE).max(1);
    let from_here_pending = rows.saturating_sub(RARE);
    let text = "Can I move the appointment to Friday at 3 pm? ".repeat(6);
    format!(
        r#"
        insert into whatsapp_webhook_event_logs
            (company_id, id, delivery_id, position, body_offset, body_length, account_id, waba_id, phone_number_id,
             event_type, event_subtype, object_id, event_ts, received_at, next_attempt_at, dedup_key, payload, state,
             unrouted_reason, processed_at, processed_by, last_error)
        select a.company_id, m.id, m.id, 0, 0, 0, case when m.state <> 'unrouted' then a.id end, a.waba_id,
               a.phone_number_id, m.type, case m.type when 'message' then 'text' when 'status' then 'read' end,
               m.object, m.at, m.at, case when m.state = 'pending' then timestamptz '9999-01-01' else m.at end,
               'msg:' || a.phone_number_id || ':' || m.object || ':text', '{{"text": "{text}"}}', m.state,
               case when m.state = 'unrouted' then 'unknown_number' end,
               case when m.state = 'processed' then m.at end, case when m.state = 'processed' then 'bench' end,
               case when m.state in ('dead', 'quarantined') then 'It is a test.' end
        from whatsapp_accounts a
        cross join lateral (
            select overlay(md5(n::text) placing lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
                           from 1 for 12)::uuid as id,
                   at, 'wamid.bench' || lpad(n::text, 12, '0') || 'x' as object,
                   case when n % {every} = 3 then 'change' when n % 20 = 7 then 'call'
                        when n % 5 < 2 then 'status' else 'message' end as type,
                   (case when n > {from_here_pending} then 'pending' when n % {every} = 0 then 'dead'
                         when n % {every} = 1 then 'quarantined' when n % {every} = 2 then 'unrouted'
                         else 'processed' end)::webhook_event_state as state
            from generate_series({first}, {last}) n
            cross join lateral (select timestamptz '2026-01-01' + interval '90 days' * n / {rows} as at) t
        ) m
        where a.id = '{account}'
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
         from whatsapp_webhook_event_logs e
         join whatsapp_accounts a on a.company_id = e.company_id
         where e.state = 'unrouted' and a.id = '{account}'"
    )
}
