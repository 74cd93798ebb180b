create table conversation_reads (
    company_id      uuid not null,
    user_id         uuid not null,
    conversation_id uuid not null,
    read_until      timestamptz not null,
    primary key (company_id, user_id, conversation_id),
    foreign key (company_id, user_id) references users,
    foreign key (company_id, conversation_id) references conversations on delete cascade
);
comment on table conversation_reads is 'How far each person has read: what came in later is unread for them, and for nobody else.';
comment on column conversation_reads.read_until is 'Meta''s time of the newest message that was shown.';
-- For a conversation that goes when two contacts turn out to be one.
create index conversation_reads_by_conversation on conversation_reads (company_id, conversation_id);

alter table conversation_reads enable row level security, force row level security;
create policy one_company on conversation_reads to waypost_console
    using (company_id = nullif(current_setting('app.company_id', true), '')::uuid)
    with check (company_id = nullif(current_setting('app.company_id', true), '')::uuid);
create policy every_company on conversation_reads to waypost_engine using (true) with check (true);
grant select, insert, update on conversation_reads to waypost_console;
