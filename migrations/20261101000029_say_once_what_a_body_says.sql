-- Nearly every body holds one update and nothing that is unusual, and its payload was the body over again: a third of
-- what an event takes on disk and in the log of the database. Such a payload is put together when it is asked for.
-- What is there already stays as it is.
create function whatsapp_webhook_payload(body bytea) returns jsonb
    language plpgsql immutable strict parallel safe as $$
declare
    entry  jsonb := convert_from(body, 'UTF8')::jsonb #> '{entry,0}';
    change jsonb := entry #> '{changes,0}';
    said   jsonb := change -> 'value';
    item   jsonb := coalesce(said #> '{messages,0}', said #> '{statuses,0}');
begin
    return case when item is not null then jsonb_build_object(
               'field', change -> 'field',
               'entry', jsonb_strip_nulls(jsonb_build_object('id', entry -> 'id', 'time', entry -> 'time')),
               'metadata', said -> 'metadata',
               'item', item)
           || case when said #> '{contacts,0}' is null then '{}'
                   else jsonb_build_object('contact', said #> '{contacts,0}') end end;
end $$;
comment on function whatsapp_webhook_payload is 'The payload of a body of the usual shape: one entry, one change, one message or status, at most one contact. Null of JSON that has none of these.';

alter table whatsapp_webhook_events drop constraint whatsapp_webhook_events_check;
comment on column whatsapp_webhook_events.payload is 'The update with its surroundings: entry, field, metadata, contact, item. Null where the delivery''s body says just that, and nothing else; and in quarantine where jsonb cannot hold it. whatsapp_webhook_event_logs tells all that can be told.';

create or replace view whatsapp_webhook_event_logs with (security_invoker = true) as
select e.company_id, e.id, e.delivery_id, e.position, e.body_offset, e.body_length, e.account_id, e.waba_id,
       e.phone_number_id, e.event_type, e.event_subtype, e.object_id, e.event_ts, e.received_at, e.dedup_key,
       coalesce(e.payload, case when e.fault is distinct from 'quarantined' then (
           select whatsapp_webhook_payload(d.body) from whatsapp_webhook_deliveries d
           where d.company_id = e.company_id and d.id = e.delivery_id) end) as payload,
       e.fault,
       coalesce(e.fault, case when o.event_id is null then 'pending' else 'processed' end::webhook_event_state) as state,
       e.unrouted_reason, o.event_id is not null as processed, o.processed_at, o.processed_by,
       coalesce(o.attempts, e.attempts) as attempts,
       case when o.event_id is null then e.last_error end as last_error, e.erased_at
from whatsapp_webhook_events e
left join event_outcomes o on o.company_id = e.company_id and o.event_id = e.id;
