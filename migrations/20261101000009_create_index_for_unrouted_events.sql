-- Unrouted events have no account; they are listed with the account that signed them.
create index whatsapp_webhook_event_logs_unrouted
    on whatsapp_webhook_event_logs (company_id, event_ts desc, id desc) where state = 'unrouted';
