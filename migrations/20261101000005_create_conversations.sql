create type message_status as enum ('sent', 'failed', 'delivered', 'read', 'played');
comment on type message_status is 'In ascending order: the status of a message only moves up. A late sent does not un-fail; a proven delivery outranks a failure.';

create table contacts (
    company_id              uuid not null references companies,
    id                      uuid not null,
    bsuid                   text,
    wa_id                   text,
    phone                   text,
    profile_name            text,
    username                text,
    profile_at              timestamptz,
    address_book_name       text,
    marketing_preference    text check (marketing_preference in ('stop', 'resume')),
    marketing_preference_at timestamptz,
    merged_into             uuid,
    created_at              timestamptz not null default now(),
    primary key (company_id, id),
    foreign key (company_id, merged_into) references contacts,
    check (merged_into is null or merged_into <> id)
);
comment on table contacts is 'The people a company talks to. Who is who is decided by contact_identities.';
comment on column contacts.bsuid is 'Newest business-scoped user id seen, for showing.';
comment on column contacts.wa_id is 'Newest WhatsApp id seen, for showing; not always the phone number.';
comment on column contacts.phone is 'Where Meta named one; people may hide it behind a username.';
comment on column contacts.profile_at is 'Event time of the newest profile applied, so that a late message does not bring an old name back.';
comment on column contacts.address_book_name is 'From smb_app_state_sync: what the business calls the person.';
comment on column contacts.merged_into is 'Turned out to be the same person as that contact, which has the conversations now.';

create table contact_identities (
    company_id    uuid not null,
    kind          text not null check (kind in ('bsuid', 'wa_id')),
    value         text not null check (length(value) between 1 and 200),
    contact_id    uuid not null,
    first_seen_at timestamptz not null,
    primary key (company_id, kind, value),
    foreign key (company_id, contact_id) references contacts
);
comment on table contact_identities is 'Every id a contact has been known by. A BSUID is made anew when a person changes phone, and wa_ids are handed on.';
create index contact_identities_by_contact on contact_identities (company_id, contact_id);

create table conversations (
    company_id      uuid not null,
    id              uuid not null,
    account_id      uuid not null,
    contact_id      uuid,
    group_id        text,
    state           text not null default 'open' check (state in ('open', 'closed')),
    opened_at       timestamptz not null,
    last_message_at timestamptz not null,
    primary key (company_id, id),
    foreign key (company_id, account_id) references whatsapp_accounts,
    foreign key (company_id, contact_id) references contacts,
    check ((contact_id is null) <> (group_id is null))
);
comment on table conversations is 'A thread with one contact, or with one group, on one account.';
create unique index conversations_one_open_per_contact
    on conversations (company_id, account_id, contact_id) where state = 'open' and contact_id is not null;
create unique index conversations_one_open_per_group
    on conversations (company_id, account_id, group_id) where state = 'open' and group_id is not null;
create index conversations_by_time on conversations (company_id, account_id, last_message_at desc, id desc);

create table messages (
    company_id      uuid not null,
    id              uuid not null,
    account_id      uuid not null,
    wamid           text not null check (length(wamid) between 1 and 400),
    conversation_id uuid,
    contact_id      uuid,
    direction       text not null check (direction in ('inbound', 'outbound')),
    source          text not null check (source in ('message', 'echo', 'standby', 'history', 'call', 'status')),
    type            text not null,
    body            text,
    content         jsonb,
    reply_to_wamid  text,
    about_wamid     text,
    sent_at         timestamptz not null,
    status          message_status,
    status_at       timestamptz,
    event_id        uuid not null,
    created_at      timestamptz not null default now(),
    primary key (company_id, id),
    unique (company_id, account_id, wamid),
    foreign key (company_id, account_id) references whatsapp_accounts,
    foreign key (company_id, conversation_id) references conversations,
    foreign key (company_id, contact_id) references contacts,
    foreign key (company_id, event_id) references whatsapp_webhook_event_logs,
    check (status is null or direction = 'outbound'),
    check (conversation_id is not null or source = 'status'),
    check ((source = 'status') = (type = 'awaited')),
    check (about_wamid is null or about_wamid <> '')
);
comment on table messages is 'Every message, reaction, edit, revoke, system note and unsupported item, one row per wamid.';
comment on column messages.source is 'How it came. status: only its statuses have come so far; the row waits for the message and takes it in.';
comment on column messages.type is 'Meta''s type; awaited while source is status.';
comment on column messages.body is 'What a person reads first: text, caption, button title. Null where there is none.';
comment on column messages.content is 'The part of Meta''s JSON that belongs to the type.';
comment on column messages.about_wamid is 'The message that a reaction, an edit or a revoke is about; it may be unknown here.';
comment on column messages.event_id is 'The event the row was made from.';
create index messages_by_conversation on messages (company_id, conversation_id, sent_at desc, id desc);
create index messages_by_contact on messages (company_id, contact_id);
create index messages_about on messages (company_id, account_id, about_wamid) where about_wamid is not null;

create table message_statuses (
    company_id  uuid not null,
    event_id    uuid not null,
    account_id  uuid not null,
    wamid       text not null,
    status      text not null,
    recipient   text,
    occurred_at timestamptz not null,
    errors      jsonb,
    primary key (company_id, event_id),
    foreign key (company_id, account_id) references whatsapp_accounts,
    foreign key (company_id, event_id) references whatsapp_webhook_event_logs
);
comment on table message_statuses is 'Every status as it came, unknown ones included; they do not always move the message.';
create index message_statuses_by_message on message_statuses (company_id, account_id, wamid, occurred_at);

create function message_takes(known_source text, known_type text, known_at timestamptz,
                              new_source text, new_type text, new_at timestamptz) returns boolean
    language sql immutable parallel safe as $$
    select new_source <> 'status' and (
        known_source = 'status'
        or (known_type in ('unsupported', 'unknown', 'media_placeholder')
            and new_type not in ('unsupported', 'unknown', 'media_placeholder'))
        or (known_source = 'call' and new_source = 'call' and new_at > known_at))
$$;
comment on function message_takes is 'Whether a stored message takes in the content of another event with its wamid: an awaited one takes the message, an unsupported one takes real content, a call takes its later event.';

create function message_direction(known_source text, known_direction text, new_source text, new_direction text)
    returns text language sql immutable parallel safe as $$
    select case when known_source = 'status' and new_source <> 'status' then new_direction else known_direction end
$$;
comment on function message_direction is 'The direction after taking in another event: an awaited message was only taken for an outgoing one.';
