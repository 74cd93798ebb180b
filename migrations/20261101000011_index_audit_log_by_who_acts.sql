-- The Activity tab lists what people did apart from what the worker did, so each has its index. Every entry is in one of
-- them, as it was in the one before.
create index audit_log_by_people on audit_log (company_id, at desc, id desc) where actor_kind <> 'system';
create index audit_log_by_processing on audit_log (company_id, subject_id, at desc, id desc)
    where actor_kind = 'system';
drop index audit_log_by_time;
comment on table audit_log is 'Who did what to which thing, when, and how it ended. The worker writes one entry per batch and account.';
comment on column audit_log.details is 'Before and after of fields that are not secret; counts for a batch. "account" is whose the subject is; an entry whose subject is no account and that names none concerns the whole company.';
