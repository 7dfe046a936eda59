-- Jobs whose calls go to the batches of a hosted LLM: the calls that wait for one, what was submitted, and what came.
alter table tabular_jobs add in_batches boolean not null default false;

alter table tabular_jobs drop constraint tabular_jobs_pause_cause_check;
alter table tabular_jobs add constraint tabular_jobs_pause_cause_check
  check (pause_cause in ('budget', 'refusal', 'allowance', 'batch'));

create table tabular_batches (
  id uuid primary key default gen_random_uuid(),  -- also in the provider's metadata, where it is looked for in doubt
  job_id uuid references tabular_jobs on delete set null,  -- null: the job is gone, and the provider is to stop
  review_id uuid not null,
  model text not null,
  server text not null,                  -- the base URL of the provider
  requests int not null,
  prompt_tokens bigint not null,         -- estimated
  tried_at timestamptz,                  -- when something was last sent to the provider whose reply may be lost
  file_id text,
  provider_id text,
  answered int not null default 0,
  trouble text,                          -- why it waits, a sentence
  failures int not null default 0,       -- in a row, of looking at it
  most_tokens bigint,                    -- refused: as many tokens may wait with the provider
  holder uuid,                           -- the pool that looks after it until look_at
  look_at timestamptz not null default now(),
  made_at timestamptz not null default now(),
  submitted_at timestamptz,
  refused_at timestamptz,
  ended_at timestamptz
);
create index tabular_batches_open on tabular_batches (look_at) where ended_at is null;
create index tabular_batches_by_job on tabular_batches (job_id, made_at);
create index tabular_batches_refused on tabular_batches (model, server, refused_at) where refused_at is not null;
create index tabular_jobs_in_batches on tabular_jobs (id) where in_batches and status in ('pending', 'running');
create index tabular_jobs_of_batches on tabular_jobs (completed_at) where in_batches;

create table tabular_batch_requests (
  id uuid primary key default gen_random_uuid(),  -- its custom_id
  item_id bigint not null references tabular_job_items on delete cascade,
  job_id uuid not null,
  review_id uuid not null,
  document_id uuid not null,             -- no foreign key: what a removed row has cost is counted, too
  key bytea not null,                    -- of what is asked
  body text,                             -- null: its batch was accepted
  size_bytes int not null,
  prompt_tokens int not null,            -- estimated, as those of the answer
  completion_tokens int not null,
  put_off_at timestamptz not null default clock_timestamp(),
  batch_id uuid references tabular_batches on delete set null,
  answered_at timestamptz,
  status int,                            -- of the reply, as HTTP has it
  reply text,
  unique (item_id, key)
);
create index tabular_batch_requests_by_job on tabular_batch_requests (job_id);
create index tabular_batch_requests_queued on tabular_batch_requests (job_id, put_off_at) where batch_id is null;
create index tabular_batch_requests_by_batch on tabular_batch_requests (batch_id);
create index tabular_batch_requests_by_document on tabular_batch_requests (review_id, document_id);

alter table tabular_batches enable row level security;
alter table tabular_batches force row level security;
alter table tabular_batch_requests enable row level security;
alter table tabular_batch_requests force row level security;
revoke all on tabular_batches, tabular_batch_requests from public, anon, authenticated;
grant select on tabular_batches to authenticated;
grant select, insert, update, delete on tabular_batches, tabular_batch_requests to columnist_worker;
grant select, delete on tabular_batch_requests to columnist_gate;
grant update (body, reply) on tabular_batch_requests to columnist_gate;
grant update (lease_expires_at) on tabular_job_items to columnist_gate;
