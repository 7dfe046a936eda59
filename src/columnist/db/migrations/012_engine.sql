-- The engine never stands still: claims by turns, counters of an item's own, writes that are made once.

alter table tabular_jobs
  add served_at timestamptz not null default clock_timestamp(),  -- when an item was last claimed: the job's turn
  add pause_cause text check (pause_cause in ('budget', 'refusal'));

-- What an item wrote and cost so far, over all its attempts; write_cells.sql adds to it in the statement that writes.
alter table tabular_job_items
  add worker_id uuid,                          -- the pool that claimed it last
  add write_count int not null default 0,      -- writes of this attempt: one whose reply was lost is not made twice
  add done_cells int not null default 0,
  add error_cells int not null default 0,
  add prompt_tokens bigint not null default 0,
  add cached_tokens bigint not null default 0,
  add completion_tokens bigint not null default 0;

-- Jobs that are live now: what they have paused for, and what their open items wrote already. As a worker, since the
-- policies bind the owner, too.
set local role columnist_worker;
update tabular_jobs set pause_cause = 'budget' where paused_at is not null;
update tabular_job_items i
set done_cells = c.done, error_cells = c.failed, prompt_tokens = c.prompt_tokens, cached_tokens = c.cached_tokens,
    completion_tokens = c.completion_tokens
from (select o.id, w.* from tabular_jobs j
      join tabular_job_items o on o.job_id = j.id and o.completed_at is null
      cross join lateral item_cells(o.review_id, o.document_id, o.job_id) w
      where j.status in ('pending', 'running')) c
where i.id = c.id;
reset role;

-- ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What an item that ended as an error leaves in the cells that it was to answer; returns how many.
create function note_failed_item(job tabular_jobs, document_id uuid, error text) returns bigint
language sql volatile as $$
  with noted as (
    insert into tabular_cells as c (review_id, document_id, column_id, status, error, column_version, model,
                                    prompt_version, job_id, changed_xid)
    select job.review_id, note_failed_item.document_id, col.id, 'error', note_failed_item.error, col.version, job.model,
           job.prompt_version, job.id, pg_current_xact_id()
    from review_documents d
    cross join lateral columns_to_ask(job, d.document_id) col
    where d.review_id = job.review_id and d.document_id = note_failed_item.document_id
    on conflict (review_id, document_id, column_id) do update
    set status = 'error', error = excluded.error, column_version = excluded.column_version, model = excluded.model,
        prompt_version = excluded.prompt_version, job_id = excluded.job_id, summary = null, value = null, flag = null,
        reasoning = null, citations = '[]', verified = null, answer_key = null, edited_at = null,
        prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0
    returning 1
  )
  select count(*) from noted
$$;

-- ── Workers ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- Which pools are there, and what they can ask: so that a job that nobody can ask says so.
create table tabular_workers (
  id uuid primary key,
  models text[],                          -- null: any
  seen_at timestamptz not null default now()
);
alter table tabular_workers enable row level security;
alter table tabular_workers force row level security;
revoke all on tabular_workers from public, anon, authenticated;  -- as in 002
create policy work on tabular_workers to columnist_worker using (true) with check (true);
grant select, insert, update, delete on tabular_workers to columnist_worker;

-- As in 003, and the cause is kept for who resumes.
create or replace function pause_tabular_jobs() returns trigger language plpgsql as $$
begin
  if new.budget is not null and new.paused_at is null and new.status in ('pending', 'running')
     and job_price(new, new.prompt_tokens, new.cached_tokens, new.completion_tokens) >= new.budget then
    new.paused_at := now();
    new.pause_cause := 'budget';
    new.pause_reason := format('The budget of $%s is spent. Resume the job with a larger one, or cancel it.',
                               trim_scale(new.budget));
  end if;
  return new;
end $$;
