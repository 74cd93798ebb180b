-- What is rare in a log is found without reading the log: failed events by their state, and all types but the two that
-- nearly every event is of.
create index whatsapp_webhook_event_logs_failed
    on whatsapp_webhook_event_logs (company_id, account_id, state, event_ts desc, id desc)
    where state in ('dead', 'quarantined');
drop index whatsapp_webhook_event_logs_dead;
create index whatsapp_webhook_event_logs_rare
    on whatsapp_webhook_event_logs (company_id, account_id, event_type, event_ts desc, id desc)
    where event_type <> 'message' and event_type <> 'status';

-- Both follow from other keys: a delivery names an account of the company, an event names a delivery of the company. Each
-- would be checked once more for every row.
alter table whatsapp_webhook_deliveries drop constraint whatsapp_webhook_deliveries_company_id_fkey;
alter table whatsapp_webhook_event_logs drop constraint whatsapp_webhook_event_logs_company_id_fkey;
