-- Each of these was looked up once more for every row that is stored, though the program takes both ends of it from one
-- place: an account that signs or receives comes from the accounts themselves, which are never deleted; an event is
-- stored by the statement that stores its delivery; a message or status is its event's account's. What is put together
-- from what was found by searching (contacts, conversations) stays checked.
alter table whatsapp_webhook_deliveries drop constraint whatsapp_webhook_deliveries_company_id_signed_by_account_fkey;
alter table whatsapp_webhook_event_logs drop constraint whatsapp_webhook_event_logs_company_id_delivery_id_fkey;
alter table whatsapp_webhook_event_logs drop constraint whatsapp_webhook_event_logs_company_id_account_id_fkey;
alter table messages drop constraint messages_company_id_account_id_fkey;
alter table message_statuses drop constraint message_statuses_company_id_account_id_fkey;
