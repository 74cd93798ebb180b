-- The end of the work rewrote each event: its wide row, and its entry in every index, since the state was in some of
-- them. An event's row is written once now, but for what is rare (a failed try, an erasure). What waits stands in a
-- queue, one row for all that one batch brought to an account; what has been done stands in a narrow table that only
-- grows. The log is both together: a view under the name that it has always had.
alter table whatsapp_webhook_event_logs rename to whatsapp_webhook_events;
-- All rows of all companies are brought along, which the policies let nobody do.
alter table whatsapp_webhook_events no force row level security;

create table event_queue (
    company_id  uuid not null,
    account_id  uuid not null,
    id          uuid not null,
    due_at      timestamptz not null,
    events      uuid[] not null,
    lease_token uuid,
    lease_until timestamptz,
    primary key (company_id, account_id, id),
    check ((lease_token is null) = (lease_until is null))
);
comment on table event_queue is 'What waits for a worker: events of one account that came together, or one that comes again. A row leaves when all of it is done.';
comment on column event_queue.due_at is 'Not before then.';
comment on column event_queue.events is 'Their ids. Empty in the middle of a worker''s work only.';
comment on column event_queue.lease_token is 'Fencing token of the worker that holds the row; whoever finds another one there changes nothing.';
comment on column event_queue.lease_until is 'From then on other workers may take it.';
create index event_queue_due on event_queue (due_at, id);
-- Each row is leased once, which no index is about, and is gone soon.
alter table event_queue set
    (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

create table event_outcomes (
    company_id   uuid not null,
    event_id     uuid not null,
    processed_at timestamptz not null,
    attempts     integer not null check (attempts >= 0),
    processed_by text not null,
    primary key (company_id, event_id)
);
comment on table event_outcomes is 'Events that have had their effect. No other state has a row here; a replay takes it away.';
comment on column event_outcomes.attempts is 'Tries since it was stored or replayed, the last one included.';

insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
select company_id, id, processed_at, attempts, coalesce(processed_by, 'unknown')
from whatsapp_webhook_events where state = 'processed';
insert into event_queue (company_id, account_id, id, due_at, events)
select company_id, account_id, gen_random_uuid(), next_attempt_at, array[id]
from whatsapp_webhook_events where state = 'pending';

alter table whatsapp_webhook_events add column fault webhook_event_state check (fault in ('dead', 'quarantined', 'unrouted'));
comment on column whatsapp_webhook_events.fault is 'Why it is neither waiting nor processed: given up, cannot be read, belongs to no account that may have it.';
update whatsapp_webhook_events set fault = state where state not in ('pending', 'processed');
-- With the columns go the checks and indexes that are about them.
alter table whatsapp_webhook_events
    drop column processed, drop column state, drop column processed_at, drop column processed_by,
    drop column next_attempt_at;
alter table whatsapp_webhook_events
    add check (payload is not null or fault is not distinct from 'quarantined'),
    add check ((fault is not distinct from 'unrouted') = (unrouted_reason is not null)),
    add check (fault is distinct from 'unrouted' or account_id is null),
    add check (account_id is not null or coalesce(fault in ('quarantined', 'unrouted'), false)),
    add check (fault is null or fault = 'unrouted' or last_error is not null);
comment on column whatsapp_webhook_events.attempts is 'Tries that have failed since it was stored or replayed.';
comment on table whatsapp_webhook_events is 'One per update inside a delivery: a message, a status, a change of something. Read with its state as whatsapp_webhook_event_logs.';
create index whatsapp_webhook_events_failed
    on whatsapp_webhook_events (company_id, account_id, fault, event_ts desc, id desc)
    where fault in ('dead', 'quarantined');
create index whatsapp_webhook_events_unrouted
    on whatsapp_webhook_events (company_id, event_ts desc, id desc) where fault = 'unrouted';
alter index whatsapp_webhook_event_logs_pkey rename to whatsapp_webhook_events_pkey;
alter index whatsapp_webhook_event_logs_by_time rename to whatsapp_webhook_events_by_time;
alter index whatsapp_webhook_event_logs_by_delivery rename to whatsapp_webhook_events_by_delivery;
alter index whatsapp_webhook_event_logs_rare rename to whatsapp_webhook_events_rare;

-- A dedup key has a hundred characters, and in an index in their order each new one lands on a page of its own: the
-- index of their digests is a third as large. Two keys of one digest would be a company's own doing: only what it has
-- signed counts.
alter table whatsapp_webhook_events drop constraint whatsapp_webhook_event_logs_company_id_dedup_key_key;
create unique index whatsapp_webhook_events_dedup on whatsapp_webhook_events (company_id, (md5(dedup_key)::uuid));

alter table whatsapp_webhook_events force row level security;
-- Rows that are never rewritten need no vacuum for space; visibility is worth one now and then.
alter table whatsapp_webhook_events reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);

do $$
declare
    tenant text;
begin
    foreach tenant in array array['event_queue', 'event_outcomes'] loop
        execute format('alter table %I enable row level security, force row level security', tenant);
        execute format(
            'create policy one_company on %I to waypost_console '
            'using (company_id = nullif(current_setting(''app.company_id'', true), '''')::uuid) '
            'with check (company_id = nullif(current_setting(''app.company_id'', true), '''')::uuid)', tenant);
        execute format('create policy every_company on %I to waypost_engine using (true) with check (true)', tenant);
    end loop;
end $$;
grant select, insert, update, delete on event_queue to waypost_engine;
grant select, insert, update, delete on event_outcomes to waypost_engine;
-- To replay an event, and to erase one.
grant select, insert on event_queue to waypost_console;
grant select, insert, delete on event_outcomes to waypost_console;
grant update (fault) on whatsapp_webhook_events to waypost_console;

create view whatsapp_webhook_event_logs with (security_invoker = true) as
select e.company_id, e.id, e.delivery_id, e.position, e.body_offset, e.body_length, e.account_id, e.waba_id,
       e.phone_number_id, e.event_type, e.event_subtype, e.object_id, e.event_ts, e.received_at, e.dedup_key, e.payload,
       e.fault,
       coalesce(e.fault, case when o.event_id is null then 'pending' else 'processed' end::webhook_event_state) as state,
       e.unrouted_reason, o.event_id is not null as processed, o.processed_at, o.processed_by,
       coalesce(o.attempts, e.attempts) as attempts,
       case when o.event_id is null then e.last_error end as last_error, e.erased_at
from whatsapp_webhook_events e
left join event_outcomes o on o.company_id = e.company_id and o.event_id = e.id;
comment on view whatsapp_webhook_event_logs is 'One per update inside a delivery, with what has become of it.';
grant select on whatsapp_webhook_event_logs to waypost_console, waypost_engine;

drop table event_leases;
