-- Read was up to a moment by Meta's clock, so a message that came late, with a time before that moment, was never
-- unread. What counts is what had come when the person looked: ids sort by arrival.
create index messages_by_arrival on messages (company_id, conversation_id, id)
    where direction = 'inbound' and about_wamid is null;

-- The rows of every company are brought along, which the policies let nobody do.
alter table messages no force row level security;
alter table conversation_reads no force row level security;
alter table conversation_reads add column newest_read uuid;
-- What was read stays read: all that came before the first message that is unread today.
update conversation_reads r
set newest_read = coalesce((
    select m.id from messages m
    where m.company_id = r.company_id and m.conversation_id = r.conversation_id
      and m.direction = 'inbound' and m.about_wamid is null
      and m.id < coalesce((
            select n.id from messages n
            where n.company_id = r.company_id and n.conversation_id = r.conversation_id
              and n.direction = 'inbound' and n.about_wamid is null and n.sent_at > r.read_until
            order by n.id limit 1), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by m.id desc limit 1), '00000000-0000-0000-0000-000000000000');
alter table messages force row level security;
alter table conversation_reads force row level security;
alter table conversation_reads alter column newest_read set not null, drop column read_until;
comment on column conversation_reads.newest_read is 'The id of the message that had come last when the person looked; nil: none had.';
