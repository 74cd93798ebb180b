-- A flood of forgeries must not fill the disk: of refusals that are alike, a row may stand for many.
alter table whatsapp_webhook_rejections add column times integer not null default 1 check (times > 0);
comment on column whatsapp_webhook_rejections.times is 'How many refusals for this reason it stands for: one, but in a flood.';
