-- What calls cost is counted when they are made, not when their answers are written; and answers are kept until their
-- document is answered.

create table tabular_calls (
  id uuid primary key,                   -- the caller's: a count that is sent twice is made once
  job_id uuid not null references tabular_jobs on delete cascade,
  review_id uuid not null,
  document_id uuid not null,             -- no foreign key: what a removed row has cost is counted, too
  key bytea,                             -- of what was asked; null: there is no answer
  answer text,
  made_at timestamptz not null default now()
);
create index tabular_calls_by_document on tabular_calls (review_id, document_id);
create index tabular_calls_by_job on tabular_calls (job_id);
create index tabular_calls_by_age on tabular_calls (made_at);

alter table tabular_calls enable row level security;
alter table tabular_calls force row level security;
revoke all on tabular_calls from public, anon, authenticated;
grant select, insert, delete on tabular_calls to columnist_worker;
grant select, delete on tabular_calls to columnist_gate;

-- As a worker, since the policies bind the owner, too.
set local role columnist_worker;
update tabular_jobs j
set prompt_tokens = j.prompt_tokens + t.prompt_tokens, cached_tokens = j.cached_tokens + t.cached_tokens,
    completion_tokens = j.completion_tokens + t.completion_tokens
from (select job_id, sum(prompt_tokens) as prompt_tokens, sum(cached_tokens) as cached_tokens,
             sum(completion_tokens) as completion_tokens
      from tabular_job_items where completed_at is null group by job_id) t
where j.id = t.job_id;
reset role;

alter table tabular_job_items drop prompt_tokens, drop cached_tokens, drop completion_tokens;
