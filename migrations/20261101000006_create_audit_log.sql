create table audit_log (
    company_id uuid not null references companies,
    id         uuid not null,
    at         timestamptz not null default now(),
    actor_kind text not null check (actor_kind in ('user', 'system', 'meta', 'command_line')),
    actor_id   uuid,
    actor_name text not null,
    action     text not null,
    subject    text not null,
    subject_id text,
    outcome    text not null check (outcome in ('done', 'refused', 'failed')),
    details    jsonb not null default '{}',
    primary key (company_id, id),
    check ((actor_kind = 'user') = (actor_id is not null))
);
comment on table audit_log is 'Who did what to which thing, when, and how it ended. The worker writes one entry per batch and company.';
comment on column audit_log.details is 'Before and after of fields that are not secret; counts for a batch.';
create index audit_log_by_time on audit_log (company_id, at desc, id desc);
