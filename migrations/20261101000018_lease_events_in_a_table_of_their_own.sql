-- A claim rewrote the event's row, which is wide and has many indexes, and the end of the work rewrote it once more. A
-- lease is a narrow row beside it: written by the claim, deleted by what ends it.
create table event_leases (
    company_id  uuid not null,
    event_id    uuid not null,
    token       uuid not null,
    lease_until timestamptz not null,
    primary key (company_id, event_id)
);
comment on table event_leases is 'Events that a worker holds. Whoever ends the work deletes the lease under its token, so a worker that slept past its lease changes nothing.';
comment on column event_leases.token is 'Fencing token of the claim.';
comment on column event_leases.lease_until is 'From then on another worker may take the event.';
-- Never more rows than workers can hold, but each is there for a moment only.
alter table event_leases set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

alter table event_leases enable row level security, force row level security;
create policy one_company on event_leases to waypost_console
    using (company_id = nullif(current_setting('app.company_id', true), '')::uuid)
    with check (company_id = nullif(current_setting('app.company_id', true), '')::uuid);
create policy every_company on event_leases to waypost_engine using (true) with check (true);
grant select on event_leases to waypost_console;
grant select, insert, update, delete on event_leases to waypost_engine;

-- What a worker held when the program was replaced comes again after its old lease, as it would have.
alter table whatsapp_webhook_event_logs drop column lease_token, drop column lease_until;
