-- Who set what and when, shown on the account's Webhook tab.
alter table whatsapp_webhook_configs
    add column status_changed_at   timestamptz not null default now(),
    add column status_changed_by   uuid,
    add column verify_token_set_at timestamptz not null default now(),
    add column verify_token_set_by uuid,
    add column app_secret_set_by   uuid,
    add foreign key (company_id, status_changed_by) references users,
    add foreign key (company_id, verify_token_set_by) references users,
    add foreign key (company_id, app_secret_set_by) references users;
comment on column whatsapp_webhook_configs.status_changed_by is 'Null: Meta''s challenge, or the command line.';
comment on column whatsapp_webhook_configs.verify_token_set_by is 'Null: the command line.';
comment on column whatsapp_webhook_configs.app_secret_set_by is 'Null: the command line.';
