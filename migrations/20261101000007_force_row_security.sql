-- The second wall between tenants: even a statement that forgets the company sees one company's rows only.
do $$
declare
    tenant text;
begin
    foreach tenant in array array[
        'companies', 'users', 'logins', 'sessions', 'whatsapp_accounts', 'whatsapp_webhook_configs',
        'whatsapp_webhook_deliveries', 'whatsapp_webhook_event_logs', 'event_attempts',
        'whatsapp_webhook_rejections', 'contacts', 'contact_identities', 'conversations', 'messages',
        'message_statuses', 'audit_log'
    ] loop
        execute format('alter table %I enable row level security, force row level security', tenant);
        execute format(
            'create policy one_company on %I to waypost_console '
            'using (company_id = nullif(current_setting(''app.company_id'', true), '''')::uuid) '
            'with check (company_id = nullif(current_setting(''app.company_id'', true), '''')::uuid)', tenant);
        execute format('create policy every_company on %I to waypost_engine using (true) with check (true)', tenant);
        execute format('grant select on %I to waypost_console', tenant);
    end loop;
end $$;
create policy find_login on logins for select to waypost_identity using (true);
create policy found_company on companies to waypost_identity using (true) with check (true);

grant insert, update on users, whatsapp_accounts, whatsapp_webhook_configs to waypost_console;
grant insert, update, delete on sessions to waypost_console;
grant insert on logins, audit_log to waypost_console;
grant update on conversations to waypost_console;
grant update (state, attempts, next_attempt_at, processed_at, processed_by, lease_token, lease_until, last_error)
    on whatsapp_webhook_event_logs to waypost_console;

grant select, update on whatsapp_webhook_configs, whatsapp_accounts to waypost_engine;
grant select on whatsapp_webhook_config_generation to waypost_engine;
grant select, insert, update on
    whatsapp_webhook_deliveries, whatsapp_webhook_event_logs, contacts, contact_identities, conversations,
    messages, message_statuses to waypost_engine;
grant insert on whatsapp_webhook_rejections, event_attempts, audit_log to waypost_engine;
grant delete on conversations, contact_identities to waypost_engine;

grant select, insert on companies to waypost_identity;
grant select on logins to waypost_identity;
