-- Old deliveries leave together with their events; messages and their statuses stay.
alter table messages drop constraint messages_company_id_event_id_fkey;
alter table message_statuses drop constraint message_statuses_company_id_event_id_fkey;
comment on column messages.event_id is 'The event the row was made from; it may have left the log since.';
comment on column message_statuses.event_id is 'The event the row was made from; it may have left the log since.';

-- Which events a delivery brought: asked before it leaves.
create index whatsapp_webhook_event_logs_by_delivery on whatsapp_webhook_event_logs (company_id, delivery_id);

grant delete on whatsapp_webhook_deliveries, whatsapp_webhook_event_logs, event_attempts to waypost_engine;
grant select (company_id, id), delete on whatsapp_webhook_rejections to waypost_engine;

-- What left is counted in one entry a day and company. Nothing else in the audit log can be changed.
grant select (company_id, id, details), update (details) on audit_log to waypost_engine;
create policy only_counts_change on audit_log as restrictive for update to waypost_engine
    using (action = 'log.thinned') with check (action = 'log.thinned');
