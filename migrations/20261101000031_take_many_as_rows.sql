-- The widest statements take what they take many of as one array of rows. An array for each column is a function to call
-- and a store to fill for each of them: for twenty columns, half of what a single row costs.
--
-- A type has the columns that its statements name, in their order. If they have to change, they get a type of another
-- name: servers of both versions work until the older ones have stopped.
create type delivery_to_store as (
    company_id        uuid,
    id                uuid,
    body_sha256       bytea,
    body              bytea,
    body_is_whole     boolean,
    body_size         integer,
    signature         text,
    signed_by_account uuid,
    signed_with       text,
    callback_path     text,
    headers           text,
    received_at       timestamptz,
    seen_count        integer
);
create type event_to_store as (
    company_id      uuid,
    id              uuid,
    body_sha256     bytea,
    position        integer,
    body_offset     integer,
    body_length     integer,
    account_id      uuid,
    waba_id         text,
    phone_number_id text,
    event_type      text,
    event_subtype   text,
    object_id       text,
    event_ts        timestamptz,
    received_at     timestamptz,
    dedup_key       text,
    payload         jsonb,
    fault           text,
    unrouted_reason text,
    last_error      text
);
create type conversation_to_open as (
    company_id uuid,
    id         uuid,
    account_id uuid,
    contact_id uuid,
    at         timestamptz
);
create type message_to_store as (
    company_id uuid,
    id         uuid,
    account_id uuid,
    wamid      text,
    in_group   uuid,
    contact_id uuid,
    direction  text,
    source     text,
    type       text,
    body       text,
    content    jsonb,
    reply_to   text,
    about      text,
    sent_at    timestamptz,
    status     text,
    status_at  timestamptz,
    event_id   uuid
);
create type status_to_store as (
    company_id  uuid,
    event_id    uuid,
    account_id  uuid,
    wamid       text,
    status      text,
    recipient   text,
    occurred_at timestamptz,
    errors      jsonb,
    moves       boolean
);
create type profile_to_tell as (
    company_id        uuid,
    contact_id        uuid,
    at                timestamptz,
    profile_name      text,
    username          text,
    bsuid             text,
    wa_id             text,
    phone             text,
    renames           boolean,
    address_book_name text,
    preference        text,
    preference_at     timestamptz
);
