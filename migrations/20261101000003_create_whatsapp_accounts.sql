create table whatsapp_accounts (
    company_id           uuid not null references companies,
    id                   uuid not null,
    waba_id              text not null check (length(waba_id) between 1 and 64),
    phone_number_id      text not null check (length(phone_number_id) between 1 and 64),
    display_phone_number text,
    name                 text not null check (length(name) between 1 and 120),
    verified_name        text,
    quality_event        text,
    messaging_limit      text,
    review_status        text,
    meta_changed_at      timestamptz,
    created_at           timestamptz not null default now(),
    primary key (company_id, id),
    unique (company_id, phone_number_id)
);
comment on table whatsapp_accounts is 'One per WhatsApp number of a company.';
comment on column whatsapp_accounts.display_phone_number is 'For people only; nothing is ever routed by the spelling of a number.';
comment on column whatsapp_accounts.verified_name is 'From phone_number_name_update, once approved.';
comment on column whatsapp_accounts.quality_event is 'Last event of phone_number_quality_update.';
comment on column whatsapp_accounts.messaging_limit is 'Last current_limit of phone_number_quality_update.';
comment on column whatsapp_accounts.review_status is 'Last decision of account_review_update.';
comment on column whatsapp_accounts.meta_changed_at is 'Event time of the newest update applied, so that a late one does not overwrite it.';

create table whatsapp_webhook_configs (
    company_id                     uuid not null,
    account_id                     uuid not null,
    verify_token_hash              text not null,
    verify_token_digest            bytea not null check (length(verify_token_digest) = 32),
    app_secret_sealed              bytea not null,
    app_secret_set_at              timestamptz not null default now(),
    previous_app_secret_sealed     bytea,
    previous_app_secret_expires_at timestamptz,
    callback_path                  text not null
        check (length(callback_path) <= 200 and (callback_path like '/%' or callback_path like 'https://%')),
    status                         text not null default 'unverified'
        check (status in ('unverified', 'verified', 'disabled')),
    last_verified_at               timestamptz,
    is_active                      boolean not null default true,
    created_at                     timestamptz not null default now(),
    created_by                     uuid,
    updated_at                     timestamptz not null default now(),
    updated_by                     uuid,
    primary key (company_id, account_id),
    foreign key (company_id, account_id) references whatsapp_accounts,
    foreign key (company_id, created_by) references users,
    foreign key (company_id, updated_by) references users,
    check (status <> 'verified' or last_verified_at is not null),
    check ((previous_app_secret_sealed is null) = (previous_app_secret_expires_at is null))
);
comment on table whatsapp_webhook_configs is 'How Meta reaches an account: one row per account.';
comment on column whatsapp_webhook_configs.verify_token_hash is 'argon2id in PHC form; the token is shown once and never kept.';
comment on column whatsapp_webhook_configs.verify_token_digest is 'HMAC-SHA256 of the token under the key ring: finds the row among many on a shared path without an argon2 run each.';
comment on column whatsapp_webhook_configs.app_secret_sealed is 'XChaCha20-Poly1305 under the key ring, bound to company and account: it opens nowhere else.';
comment on column whatsapp_webhook_configs.previous_app_secret_sealed is 'Still accepted until previous_app_secret_expires_at.';
comment on column whatsapp_webhook_configs.callback_path is 'Several accounts may share one path, of several companies too.';
comment on column whatsapp_webhook_configs.is_active is 'False: the path answers as if it did not exist.';
comment on column whatsapp_webhook_configs.created_by is 'Null: made by the command line.';

create table whatsapp_webhook_config_generation (
    only_row   boolean primary key default true check (only_row),
    generation bigint not null
);
comment on table whatsapp_webhook_config_generation is 'One number that grows with every change of an account or a configuration. Each instance polls it and reloads its snapshot when it has grown; unlike LISTEN that also works behind a transaction pooler.';
insert into whatsapp_webhook_config_generation (generation) values (1);

create function bump_webhook_config_generation() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update whatsapp_webhook_config_generation set generation = generation + 1;
    return null;
end $$;
create trigger whatsapp_accounts_bump_generation
    after insert or delete or update of waba_id, phone_number_id on whatsapp_accounts
    for each statement execute function bump_webhook_config_generation();
create trigger whatsapp_webhook_configs_bump_generation
    after insert or update or delete on whatsapp_webhook_configs
    for each statement execute function bump_webhook_config_generation();
