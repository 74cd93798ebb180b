-- Three roles that own nothing. The pools step down to one of them with SET ROLE after connecting, so that
-- one DATABASE_URL is enough and no statement of the program runs as the owner of a table:
--   waypost_console   people in the browser; sees the rows of one company, the one in app.company_id
--   waypost_engine    the webhook writer and the worker; may cross companies, and can do little else
--   waypost_identity  finds out which company somebody belongs to, and founds companies
-- Roles belong to the whole cluster, where another database may have made them already.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['waypost_console', 'waypost_engine', 'waypost_identity'] loop
        begin
            execute format('create role %I nologin nosuperuser nobypassrls', wanted);
        exception when duplicate_object or unique_violation then
            null;
        end;
        if not pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to %I', wanted, current_user);
        end if;
    end loop;
end $$;
