-- Since when a person is out, and when each came in last, for the console's list of people.
alter table users
    add column deactivated_at    timestamptz,
    add column last_signed_in_at timestamptz,
    add check (deactivated_at is null or not is_active);
comment on column users.deactivated_at is 'Null: active, or deactivated before this was noted.';
comment on column users.last_signed_in_at is 'Null: never, or before this was noted. Sessions end and go; this stays.';
create index users_by_name on users (company_id, lower(name), id);
