-- A message stands in a conversation that its own transaction opens, or locks by moving it up, until it is committed. Only
-- a merge of two contacts deletes conversations, after it has waited for whoever holds an id of theirs and given the
-- messages to the conversation that stays. To look the conversation up once more took half of the time of storing a
-- message.
alter table messages drop constraint messages_company_id_conversation_id_fkey;
-- Companies are never deleted, and an entry's is that of a session or of an account.
alter table audit_log drop constraint audit_log_company_id_fkey;
