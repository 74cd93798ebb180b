-- Room in a page was for the claim, which rewrites the row no more. The one update that is left, the end of the work,
-- changes what an index is about, and would not be kept in its page anyway.
alter table whatsapp_webhook_event_logs set (fillfactor = 100);
