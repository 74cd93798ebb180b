-- A claim rewrote each event's row, which is wide and has many indexes, and the end of the work rewrote it once more. A
-- lease is one narrow row for a whole batch.
create table event_leases (
    token       uuid primary key,
    lease_until timestamptz not null,
    events      uuid[] not null
);
comment on table event_leases is 'Batches that workers hold; of no company, since a batch may hold events of several. Whoever ends the work deletes the lease under its token, and a worker whose lease is gone changes nothing.';
comment on column event_leases.token is 'Fencing token of the claim.';
comment on column event_leases.lease_until is 'From then on other workers may take the events.';
comment on column event_leases.events is 'Their ids.';
-- Never more rows than there are workers, but each is there for a moment only.
alter table event_leases set (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
grant select, insert, update, delete on event_leases to waypost_engine;

-- What a worker held when the program was replaced comes again when its old lease has run out, as it would have.
alter table whatsapp_webhook_event_logs drop column lease_token, drop column lease_until;
