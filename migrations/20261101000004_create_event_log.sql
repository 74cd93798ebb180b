create type webhook_event_state as enum ('pending', 'processed', 'dead', 'quarantined', 'unrouted');
comment on type webhook_event_state is 'pending: waits for a worker, a retry included. processed: has had its effect. dead: the tries are used up. quarantined: cannot be read, kept. unrouted: belongs to no account that may have it, kept.';

create table whatsapp_webhook_deliveries (
    company_id        uuid not null references companies,
    id                uuid not null,
    body_sha256       bytea not null check (length(body_sha256) = 32),
    body              bytea not null,
    body_is_whole     boolean not null,
    body_size         integer not null,
    signature         text not null,
    signed_by_account uuid not null,
    signed_with       text not null check (signed_with in ('current', 'previous')),
    callback_path     text not null,
    headers           jsonb not null default '{}',
    received_at       timestamptz not null,
    seen_count        integer not null default 1 check (seen_count > 0),
    last_seen_at      timestamptz not null,
    primary key (company_id, id),
    unique (company_id, body_sha256),
    foreign key (company_id, signed_by_account) references whatsapp_accounts
);
comment on table whatsapp_webhook_deliveries is 'One per POST and company, as it came over the wire. The same body again only counts.';
comment on column whatsapp_webhook_deliveries.body_sha256 is 'Of the whole body as received, also where only a part of it is kept.';
comment on column whatsapp_webhook_deliveries.body is 'Byte for byte, since jsonb reorders keys and refuses some valid JSON.';
comment on column whatsapp_webhook_deliveries.body_is_whole is 'False where one body held updates of several companies: each keeps a JSON array of its own updates, whose bytes are unchanged.';
comment on column whatsapp_webhook_deliveries.body_size is 'Bytes of the whole body as received.';
comment on column whatsapp_webhook_deliveries.headers is 'The few request headers worth keeping: content type and user agent.';
alter table whatsapp_webhook_deliveries alter column body set compression lz4;

create table whatsapp_webhook_event_logs (
    company_id      uuid not null references companies,
    id              uuid not null,
    delivery_id     uuid not null,
    position        integer not null check (position >= 0),
    body_offset     integer not null check (body_offset >= 0),
    body_length     integer not null check (body_length >= 0),
    account_id      uuid,
    waba_id         text,
    phone_number_id text,
    event_type      text not null,
    event_subtype   text,
    object_id       text,
    event_ts        timestamptz not null,
    received_at     timestamptz not null,
    dedup_key       text not null check (length(dedup_key) <= 600),
    payload         jsonb,
    state           webhook_event_state not null default 'pending',
    unrouted_reason text check (unrouted_reason in ('unknown_number', 'foreign_number', 'account_disabled')),
    processed       boolean not null generated always as (state = 'processed') stored,
    processed_at    timestamptz,
    processed_by    text,
    attempts        integer not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null,
    lease_token     uuid,
    lease_until     timestamptz,
    last_error      text,
    primary key (company_id, id),
    unique (company_id, dedup_key),
    foreign key (company_id, delivery_id) references whatsapp_webhook_deliveries,
    foreign key (company_id, account_id) references whatsapp_accounts,
    check (payload is not null or state = 'quarantined'),
    check ((state = 'processed') = (processed_at is not null)),
    check ((state = 'unrouted') = (unrouted_reason is not null)),
    check (state <> 'unrouted' or account_id is null),
    check (state not in ('pending', 'processed', 'dead') or account_id is not null),
    check ((lease_token is null) = (lease_until is null)),
    check (lease_token is null or state = 'pending'),
    check (state not in ('dead', 'quarantined') or last_error is not null)
);
comment on table whatsapp_webhook_event_logs is 'One per update inside a delivery: a message, a status, a change of something.';
comment on column whatsapp_webhook_event_logs.position is 'Which update of the delivery it is, from 0.';
comment on column whatsapp_webhook_event_logs.body_offset is 'Where its bytes begin in the body that the delivery keeps.';
comment on column whatsapp_webhook_event_logs.account_id is 'Null: no account may have it (unrouted), or it could not be read.';
comment on column whatsapp_webhook_event_logs.event_ts is 'Meta''s timestamp of the update; the time of receipt where there is none.';
comment on column whatsapp_webhook_event_logs.payload is 'The update with its surroundings: entry, field, metadata, contact, item. Null where jsonb cannot hold it; the bytes are in the delivery.';
comment on column whatsapp_webhook_event_logs.lease_token is 'Fencing token of the worker that holds the row; its final update names it.';
create index whatsapp_webhook_event_logs_by_time
    on whatsapp_webhook_event_logs (company_id, account_id, event_ts desc, id desc);
create index whatsapp_webhook_event_logs_pending
    on whatsapp_webhook_event_logs (next_attempt_at, id) where state = 'pending';
create index whatsapp_webhook_event_logs_dead
    on whatsapp_webhook_event_logs (company_id, account_id, event_ts desc, id desc) where state = 'dead';
alter table whatsapp_webhook_event_logs alter column payload set compression lz4;
alter table whatsapp_webhook_event_logs set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

create table event_attempts (
    company_id uuid not null,
    event_id   uuid not null,
    attempt    integer not null check (attempt > 0),
    failed_at  timestamptz not null,
    worker     text not null,
    error      text not null,
    primary key (company_id, event_id, attempt),
    foreign key (company_id, event_id) references whatsapp_webhook_event_logs
);
comment on table event_attempts is 'One row per failed try to process an event.';

create table whatsapp_webhook_rejections (
    company_id    uuid not null,
    id            uuid not null,
    account_id    uuid,
    reason        text not null,
    method        text not null check (method in ('GET', 'POST')),
    callback_path text not null,
    body_sha256   bytea,
    body_size     bigint,
    address       text,
    rejected_at   timestamptz not null,
    primary key (company_id, id)
);
comment on table whatsapp_webhook_rejections is 'What the door refused and why. Never the body.';
comment on column whatsapp_webhook_rejections.company_id is 'All zeroes where the path is nobody''s. One row for each company on the path otherwise.';
comment on column whatsapp_webhook_rejections.callback_path is 'Without its query: Meta puts the verify token there.';
create index whatsapp_webhook_rejections_by_time
    on whatsapp_webhook_rejections (company_id, account_id, rejected_at desc);
