-- Locking rows takes the right to change some column of them: an erasure makes sure of a person's ids, in the order in
-- which workers do, before it deletes them.
grant update (first_seen_at) on contact_identities to waypost_console;
