-- A live job grows by what is asked for meanwhile: no request is folded away.

alter table tabular_jobs
  add grown_at timestamptz;              -- when it last grew: several of its items may be about one document
alter table tabular_job_items
  add column_ids uuid[],                 -- what the item asks, where that is not what its job asks (null)
  add "only" text[];

-- As in 013, but the answer that this job gave to an earlier wording of the question may be asked again by it.
create or replace function job_asks(
  job_id uuid, began timestamptz, "only" text[], model text, prompt_version text, c tabular_cells, column_version int
) returns boolean language sql immutable as $$
  select case
    when is_missing(c) then is_named("only", model, prompt_version, c, column_version)
    when c.job_id = job_asks.job_id and not is_stale(c, job_asks.column_version) then false
    when c.attempt_job_id = job_asks.job_id or c.touched_at > began then false
    when c.again_job_id = job_asks.job_id or job_asks.job_id is null and 'again' = any("only") then true
    when is_a_persons(c) then false
    else is_named("only", model, prompt_version, c, column_version) end
$$;

-- The columns that an item still has to ask about its document, in the grid's order.
create function columns_to_ask(job tabular_jobs, item tabular_job_items) returns setof tabular_columns
language sql stable as $$
  select col.*
  from tabular_columns col
  left join tabular_cells c
    on c.review_id = job.review_id and c.document_id = item.document_id and c.column_id = col.id
  where col.review_id = job.review_id
    and (coalesce(item.column_ids, job.column_ids) is null or col.id = any(coalesce(item.column_ids, job.column_ids)))
    and job_asks(job.id, job.created_at, coalesce(item."only", job."only"), job.model, job.prompt_version, c, col.version)
  order by col.index, col.id
$$;

-- What an item that ended as an error leaves in the cells that it was to answer; returns how many.
create function note_failed_item(job tabular_jobs, item tabular_job_items, error text) returns bigint
language sql volatile as $$
  select note_failed_attempts(job, item.document_id, array_agg(col.id), array_agg(col.version),
                              array_agg(note_failed_item.error))
  from columns_to_ask(job, item) col
$$;

-- Adds to a live job what a request asks for and no open item of it covers, as items of their own. An item that runs
-- covers the questions as they were when it was first claimed. Returns no row when the job is not live any more.
create function grow_tabular_job(
  job_id uuid, "only" text[], column_ids uuid[], document_ids uuid[], budget numeric
) returns table (total_items int, added_items int) language plpgsql volatile as $$
#variable_conflict use_column
declare
  job tabular_jobs;
  wider boolean;
  added int;
begin
  -- Its last item cannot end meanwhile.
  select j.* into job from tabular_jobs j
  where j.id = grow_tabular_job.job_id and j.status in ('pending', 'running') and j.cancel_requested_at is null
  for no key update;
  if not found then
    return;
  end if;
  wider := not grow_tabular_job."only" <@ job."only"
           or job.column_ids is not null
              and (grow_tabular_job.column_ids is null or not grow_tabular_job.column_ids <@ job.column_ids);

  with wanted as materialized (
    select d.document_id, d.position as place, col.id as column_id,
         coalesce(bool_or(open_item.covers), false) as covered,
         coalesce(bool_or(open_item.covers), false) and col.created_at > coalesce(job.grown_at, job.created_at) as uncounted
  from review_documents d
  join tabular_columns col on col.review_id = d.review_id
  left join tabular_cells c
    on c.review_id = d.review_id and c.document_id = d.document_id and c.column_id = col.id
  left join lateral (
    select (coalesce(i.column_ids, job.column_ids) is null or col.id = any(coalesce(i.column_ids, job.column_ids)))
           and job_asks(job.id, job.created_at, coalesce(i."only", job."only"), job.model, job.prompt_version, c, col.version)
           and (i.status = 'pending' or greatest(col.created_at, col.updated_at) < i.started_at) as covers
    from tabular_job_items i
    where i.job_id = job.id and i.document_id = d.document_id and i.completed_at is null) open_item on true
  where d.review_id = job.review_id
    and (grow_tabular_job.document_ids is null or d.document_id = any(grow_tabular_job.document_ids))
    and (grow_tabular_job.column_ids is null or col.id = any(grow_tabular_job.column_ids))
    and job_asks(job.id, job.created_at, grow_tabular_job."only", job.model, job.prompt_version, c, col.version)
  group by d.document_id, d.position, col.id, col.created_at
  ), added as (
    insert into tabular_job_items (job_id, review_id, document_id, position, column_ids, "only")
    select job.id, job.review_id, w.document_id,
           job.total_items + row_number() over (order by min(w.place), w.document_id), array_agg(w.column_id),
           grow_tabular_job."only"
    from wanted w where not w.covered group by w.document_id
    returning 1
  ), pinned as (  -- what was asked for before is asked as it was
    update tabular_job_items i
    set column_ids = coalesce(i.column_ids, job.column_ids), "only" = coalesce(i."only", job."only")
    where wider and i.job_id = job.id and i.completed_at is null
  ), counted as (
    select (select count(*) from added)::int as items,
           (select count(*) from wanted w where not w.covered or w.uncounted) as cells
  )
  update tabular_jobs j
  set total_items = j.total_items + t.items, total_cells = j.total_cells + t.cells,
      "only" = array(select distinct o from unnest(j."only" || grow_tabular_job."only") o order by o),
      column_ids = case when grow_tabular_job.column_ids is not null then
        case when j.column_ids is not null then
          array(select distinct o from unnest(j.column_ids || grow_tabular_job.column_ids) o) end end,
      budget = least(j.budget, grow_tabular_job.budget
                               + job_price(j, j.prompt_tokens, j.cached_tokens, j.completion_tokens)),
      grown_at = case when t.items > 0 then clock_timestamp() else j.grown_at end,
      updated_at = now()
  from counted t
  where j.id = job.id
  returning t.items into added;
  perform pg_notify('tabular_jobs', job.id::text);
  return query select job.total_items + added, added;
end $$;

drop function claim_tabular_job_item(double precision);
drop function claim_tabular_job_items(double precision, int, int, uuid[], int[], text[]);

-- Takes up to `batch` open items for `lease_seconds` and returns them; waits for no lock. Jobs come in turn, the one
-- that was served longest ago first. A first round gives each its share of the pool, at least one item: the calling
-- pool says how many items of which jobs it holds already. Later rounds give what is left to whoever has more, until
-- the batch is full or nothing is claimable: no place stays free while there is work.
-- Bound: until a job is served again, at most as many items of others are claimed as there are live jobs and places.
-- `models` are those that the pool can ask (null: any); of `scarce_models` it takes no more than `scarce_places`.
-- Items out of attempts are left to end_abandoned_items.sql.
-- Of a job that grew no two items about one document run at the same time.
create function claim_tabular_job_items(
  lease_seconds double precision, batch int, max_attempts int,
  held_jobs uuid[] default '{}', held_items int[] default '{}', models text[] default null,
  scarce_models text[] default '{}', scarce_places int[] default '{}', worker uuid default null
) returns setof tabular_job_items language plpgsql volatile as $$
declare
  room int := batch;
  share int;
  job record;
  left_over int;
  wanted int;
  taken int;
  scarce int;
  places int[] := scarce_places;
  turns uuid[];
  quotas int[];
  served uuid[] := '{}';
begin
  if batch < 1 then
    return;
  end if;
  select ceil((batch + coalesce((select sum(h) from unnest(held_items) h), 0))::numeric / greatest(count(*), 1)) into share
  from tabular_jobs j
  where j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
    and (models is null or j.model = any(models));

  for round in 1 .. batch + 1 loop
    -- Who gets how many, then one statement that takes them all: a statement per job would cost more than the claim.
    turns := '{}';
    quotas := '{}';
    left_over := room;
    for job in
      select j.id, j.model, claimable.items
      -- In order before the items are looked at, and looked at one by one: the first few jobs fill the batch.
      from (select * from tabular_jobs j
            where j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
              and (models is null or j.model = any(models))
            order by j.served_at, j.id offset 0) j
      left join lateral (
        select sum(h.items)::int as items from unnest(held_jobs, held_items) h (job_id, items) where h.job_id = j.id) held on true
      cross join lateral (
        select count(*)::int as items
        from (select from tabular_job_items i
              where i.job_id = j.id and i.completed_at is null
                and (i.lease_expires_at is null or i.lease_expires_at <= now())
                and i.attempt_count - i.handed_back_count < max_attempts
              order by i.position
              limit case when round = 1 then greatest(0, share - coalesce(held.items, 0)) else room end) i) claimable
      where claimable.items > 0
    loop
      scarce := array_position(scarce_models, job.model);
      wanted := least(left_over, job.items, places[scarce]);
      continue when wanted < 1;
      turns := turns || job.id;
      quotas := quotas || wanted;
      left_over := left_over - wanted;
      if scarce is not null then
        places[scarce] := places[scarce] - wanted;
      end if;
      exit when left_over = 0;
    end loop;

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
      select c.id
      from unnest(turns, quotas) q (job_id, quota)
      join tabular_jobs j on j.id = q.job_id
      cross join lateral (
        select c.id from tabular_job_items c
        where c.job_id = q.job_id and c.completed_at is null
          and (c.lease_expires_at is null or c.lease_expires_at <= now())
          and c.attempt_count - c.handed_back_count < max_attempts
          -- Two items about one document would ask a question twice if they ran at the same time.
          and (j.grown_at is null or not exists (
            select from tabular_job_items o
            where o.job_id = c.job_id and o.document_id = c.document_id and o.status = 'running' and o.id <> c.id))
        order by c.position
        limit q.quota
        for update skip locked) c))
    returning i.*;
    get diagnostics taken = row_count;
    room := room - taken;
    served := served || turns;
    exit when room = 0 or round > 1 and taken = 0;
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
      select n.*, case when n.status = 'error' then
               (select note_failed_item(job, i, n.error) from tabular_job_items i where i.id = n.id) else 0 end as noted_cells
      from new_items n
      join old_items o on o.id = n.id and o.completed_at is null and n.completed_at is not null
      join tabular_jobs job on job.id = n.job_id
      offset 0) e
    group by e.job_id
  ) t
  where j.id = t.job_id;
  return null;
end $$;

drop function note_failed_item(tabular_jobs, uuid, text);
drop function columns_to_ask(tabular_jobs, uuid);
drop function item_cells(uuid, uuid, uuid);
