create table companies (
    company_id uuid primary key,
    name       text not null unique check (length(name) between 1 and 120),
    created_at timestamptz not null default now()
);
comment on table companies is 'The tenants. A directory: on a distributed database it is on every node.';

create table users (
    company_id    uuid not null references companies,
    id            uuid not null,
    name          text not null check (length(name) between 1 and 120),
    email         text not null check (email = lower(email) and length(email) between 3 and 254),
    password_hash text not null,
    role          text not null check (role in ('admin', 'manager', 'viewer')),
    is_active     boolean not null default true,
    created_at    timestamptz not null default now(),
    primary key (company_id, id),
    unique (company_id, email)
);
comment on table users is 'Who may come in, and as what.';
comment on column users.password_hash is 'argon2id in PHC form, parameters included.';

create table logins (
    email      text primary key check (email = lower(email)),
    company_id uuid not null,
    user_id    uuid not null,
    foreign key (company_id, user_id) references users
);
comment on table logins is 'Which user an e-mail address belongs to, asked before a company is known. A directory like companies: an address is one login in the whole installation.';

create table sessions (
    company_id   uuid not null,
    token_sha256 bytea not null check (length(token_sha256) = 32),
    user_id      uuid not null,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at   timestamptz not null,
    primary key (company_id, token_sha256),
    foreign key (company_id, user_id) references users,
    check (expires_at > created_at)
);
comment on table sessions is 'Signed-in browsers. The cookie names the company beside the token, so that the look-up stays inside one company.';
comment on column sessions.token_sha256 is 'Digest of the token in the cookie; the token itself is not kept.';
comment on column sessions.expires_at is 'Absolute end; the idle limit is counted from last_seen_at.';
create index sessions_by_user on sessions (company_id, user_id);
