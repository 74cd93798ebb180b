-- A queue that was empty when a statement was planned made its rows be looked up by this index's second column, which
-- reads all of it; with the moment alone there is only one index to find a row by.
drop index event_queue_due;
create index event_queue_due on event_queue (due_at);

-- One for each fault: behind row-level security no column of this type is searched by, and a list must find its order.
drop index whatsapp_webhook_events_failed;
create index whatsapp_webhook_events_dead
    on whatsapp_webhook_events (company_id, account_id, event_ts desc, id desc) where fault = 'dead';
create index whatsapp_webhook_events_quarantined
    on whatsapp_webhook_events (company_id, account_id, event_ts desc, id desc) where fault = 'quarantined';
