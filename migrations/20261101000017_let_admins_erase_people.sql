-- An admin can erase one contact's personal data: rows stay, without content.
alter table contacts add column erased_at timestamptz;
alter table whatsapp_webhook_deliveries add column erased_at timestamptz;
alter table whatsapp_webhook_event_logs add column erased_at timestamptz;
comment on column contacts.erased_at is 'All that was known of the person has been erased. Who writes again is a new contact.';
comment on column whatsapp_webhook_deliveries.erased_at is 'Updates of an erased person were cut out; body_is_whole is false from then on. The hash stays that of the body as received, so that the same body again brings nothing back.';
comment on column whatsapp_webhook_event_logs.erased_at is 'What it said has been erased: payload, ids and bytes. It is never processed again.';

grant update (body, body_is_whole, erased_at) on whatsapp_webhook_deliveries to waypost_console;
grant update (payload, object_id, dedup_key, body_offset, body_length, erased_at)
    on whatsapp_webhook_event_logs to waypost_console;
grant update (bsuid, wa_id, phone, profile_name, username, profile_at, address_book_name, marketing_preference,
              marketing_preference_at, erased_at) on contacts to waypost_console;
grant update (wamid, type, body, content, reply_to_wamid, about_wamid) on messages to waypost_console;
grant update (wamid, recipient, errors) on message_statuses to waypost_console;
grant update (error) on event_attempts to waypost_console;
grant delete on contact_identities to waypost_console;
