-- How what was read of a content differs from what a person sees (documents/model.py, Remark).
alter table document_contents add column remarks jsonb not null default '[]';
