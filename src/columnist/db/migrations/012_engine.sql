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

-- ── Claims ──────────────────────────────────────────────────────────────────────────────────────────────────────

drop function claim_tabular_job_item(double precision);
drop function claim_tabular_job_items(double precision, int, int, uuid[], int[], text[]);

-- Takes up to `batch` open items for `lease_seconds` and returns them; waits for no lock. Jobs come in turn, the one
-- that was served longest ago first. A first round gives each its share of the pool, at least one item: the calling
-- pool says how many items of which jobs it holds already. Later rounds give what is left to whoever has more, until
-- the batch is full or nothing is claimable: no place stays free while there is work.
-- Bound: until a job is served again, at most as many items of others are claimed as there are live jobs and places.
-- `models` are those that the pool can ask (null: any); of `scarce_models` it takes no more than `scarce_places`.
-- Items out of attempts are left to end_abandoned_items.sql.
create function claim_tabular_job_items(
  lease_seconds double precision, batch int, max_attempts int,
  held_jobs uuid[] default '{}', held_items int[] default '{}', models text[] default null,
  scarce_models text[] default '{}', scarce_places int[] default '{}', worker uuid default null
) returns setof tabular_job_items language plpgsql volatile as $$
declare
  room int := batch;
  share int;
  job record;
  wanted int;
  taken int;
  taken_before_round int;
  places int[] := scarce_places;
  served uuid[] := '{}';
  scarce int;
begin
  if batch < 1 then
    return;
  end if;
  select ceil((batch + coalesce((select sum(h) from unnest(held_items) h), 0))::numeric / greatest(count(*), 1)) into share
  from tabular_jobs j
  where j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
    and (models is null or j.model = any(models));

  for round in 1 .. batch + 1 loop
    taken_before_round := batch - room;
    for job in
      select j.id, j.model, coalesce(h.items, 0) as holds
      -- In order before the items are looked at, and looked at one by one: the first few jobs fill the batch.
      from (select * from tabular_jobs j
            where j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
              and (models is null or j.model = any(models))
            order by j.served_at, j.id offset 0) j
      left join lateral (
        select sum(h.items)::int as items from unnest(held_jobs, held_items) h (job_id, items) where h.job_id = j.id) h on true
      cross join lateral (
        select from tabular_job_items i
        where i.job_id = j.id and i.completed_at is null
          and (i.lease_expires_at is null or i.lease_expires_at <= now())
          and i.attempt_count - i.handed_back_count < max_attempts
        order by i.position limit 1) claimable
    loop
      exit when room = 0;
      scarce := array_position(scarce_models, job.model);
      wanted := least(room, case when round = 1 then share - job.holds else room end, places[scarce]);
      continue when wanted < 1;
      return query
      update tabular_job_items i
      set status = 'running',
          attempt_count = attempt_count + 1,
          write_count = 0,
          worker_id = worker,
          lease_expires_at = now() + make_interval(secs => lease_seconds),
          started_at = coalesce(started_at, now())
      -- An array, so that the plan is the primary key whatever the statistics.
      where i.id = any(array(
        select c.id from tabular_job_items c
        where c.job_id = job.id and c.completed_at is null
          and (c.lease_expires_at is null or c.lease_expires_at <= now())
          and c.attempt_count - c.handed_back_count < max_attempts
        order by c.position
        limit wanted
        for update skip locked))
      returning i.*;
      get diagnostics taken = row_count;
      if taken > 0 then
        room := room - taken;
        served := served || job.id;
        if scarce is not null then
          places[scarce] := places[scarce] - taken;
        end if;
      end if;
    end loop;
    exit when not found or room = 0 or round > 1 and batch - room = taken_before_round;
  end loop;

  -- Who is locked is being settled by another pool: its turn comes a little early, and nobody waits.
  update tabular_jobs j set served_at = clock_timestamp()
  where j.id = any(array(select l.id from tabular_jobs l where l.id = any(served) for no key update skip locked));
end $$;

-- The one-item form, for anybody who brings a worker of their own.
create function claim_tabular_job_item(lease_seconds double precision) returns setof tabular_job_items
language sql volatile as $$
  select * from claim_tabular_job_items(lease_seconds, 1, 3)
$$;

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

-- The only place where jobs end. Runs once per statement that ends items, whoever ends them: an item that ends as an
-- error leaves it in its cells (note_failed_item), its job's sums grow, and the job ends with its last item.
create or replace function settle_tabular_jobs() returns trigger language plpgsql as $$
begin
  if not exists (select from new_items where completed_at is not null) then
    return null;
  end if;

  -- Lock in one order: two pools may end items of the same two jobs at the same time.
  perform from tabular_jobs
  where id in (select job_id from new_items) order by id for no key update;

  update tabular_jobs j
  set completed_items = j.completed_items + t.completed,
      error_items = j.error_items + t.failed,
      skipped_items = j.skipped_items + t.skipped,
      done_cells = j.done_cells + t.done_cells,
      error_cells = j.error_cells + t.error_cells,
      prompt_tokens = j.prompt_tokens + t.prompt_tokens,
      cached_tokens = j.cached_tokens + t.cached_tokens,
      completion_tokens = j.completion_tokens + t.completion_tokens,
      recent_items = j.recent_items * exp(-extract(epoch from clock_timestamp() - j.updated_at) / 60) + t.ended,
      started_at = coalesce(j.started_at, now()),
      updated_at = clock_timestamp(),
      status = case
        when j.completed_items + j.error_items + j.skipped_items + t.ended < j.total_items then j.status
        when j.cancel_requested_at is not null then 'cancelled'
        when j.error_items + t.failed = j.total_items then 'failed'
        else 'completed' end,
      error = case
        when j.error_items + t.failed = j.total_items then 'No document could be answered; the first says: ' || t.error
        else j.error end,
      completed_at = case
        when j.completed_items + j.error_items + j.skipped_items + t.ended >= j.total_items then clock_timestamp() end
  from (
    select e.job_id,
           count(*) as ended,
           count(*) filter (where e.status = 'completed') as completed,
           count(*) filter (where e.status = 'error') as failed,
           count(*) filter (where e.status = 'skipped') as skipped,
           min(e.error) filter (where e.status = 'error') as error,
           sum(e.done_cells) as done_cells,
           sum(e.error_cells + e.noted_cells) as error_cells,
           sum(e.prompt_tokens) as prompt_tokens,
           sum(e.cached_tokens) as cached_tokens,
           sum(e.completion_tokens) as completion_tokens
    from (
      select n.*, case when n.status = 'error' then note_failed_item(job, n.document_id, n.error) else 0 end as noted_cells
      from new_items n
      join old_items o on o.id = n.id and o.completed_at is null and n.completed_at is not null
      join tabular_jobs job on job.id = n.job_id
      offset 0) e
    group by e.job_id
  ) t
  where j.id = t.job_id;
  return null;
end $$;

drop function item_cells(uuid, uuid, uuid);

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
