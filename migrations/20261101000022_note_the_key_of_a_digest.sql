-- Once the key that a verify token is found under has left the ring, Meta's challenge finds nothing and is refused.
-- Noted, it can be said beforehand which tokens that concerns.
alter table whatsapp_webhook_configs
    add column verify_token_key text check (verify_token_key ~ '^[A-Za-z0-9-]{1,32}$');
comment on column whatsapp_webhook_configs.verify_token_key is 'Id of the ring key that verify_token_digest was made under. Null: made before this was noted; the next right challenge notes it.';
