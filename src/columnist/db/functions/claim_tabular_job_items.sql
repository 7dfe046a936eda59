-- Takes up to `batch` open items for `lease_seconds` and returns them; waits for no lock. Jobs come in turn, the one
-- that was served longest ago first. A first round gives each its share of the pool, at least one item: the calling
-- pool says how many items of which jobs it already holds. Later rounds give the rest to jobs that have more, until the
-- batch is full or nothing is claimable: no place stays free while there is work. The least share is a sixteenth of the
-- batch: a batch of one item of each job would write as many rows of jobs. Bound: until a job is served again, at most
-- as many items of others are claimed as there are live jobs, times the least share, and places. `models`: the models
-- that the pool can ask (null: any); of `scarce_models` it takes at most `scarce_places`. Items out of attempts are
-- left to end_abandoned_items.sql. In a job that has grown, no two items about one document run at the same time. No
-- pool takes an item from itself: after a standstill (a laptop that slept) its next heartbeat extends the lease.
create or replace function claim_tabular_job_items(
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

  if share > 0 then  -- else a job is far behind, and is served first
    share := greatest(share, ceil(batch / 16.0));
  end if;

  for round in 1 .. batch + 1 loop
    -- First each job's number of items, then one statement that takes them all: one per job would cost more than the
    -- claim.
    turns := '{}';
    quotas := '{}';
    left_over := room;
    for job in
      select j.id, j.model, claimable.items
      -- Sorted before their items are read, and read one by one: the first few jobs fill the batch.
      from (select j.id, j.model from tabular_jobs j
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
                and (i.status = 'pending' or worker is null or i.worker_id is distinct from worker)
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
          and (c.status = 'pending' or worker is null or c.worker_id is distinct from worker)
          and c.attempt_count - c.handed_back_count < max_attempts
          -- Two items about one document would ask a question twice if they ran at the same time.
          and (j.grown_at is null or not exists (
            select from tabular_job_items o
            where o.job_id = c.job_id and o.document_id = c.document_id and o.completed_at is null
              and o.status = 'running' and o.id <> c.id))
        order by c.position
        limit q.quota
        for update skip locked) c))
    returning i.*;
    get diagnostics taken = row_count;
    room := room - taken;
    served := served || turns;
    exit when room = 0 or round > 1 and taken = 0;
  end loop;

  -- Another pool is settling a locked job: that job's turn comes a little early, and this pool does not wait.
  update tabular_jobs j set served_at = clock_timestamp()
  where j.id = any(array(select l.id from tabular_jobs l where l.id = any(served) for no key update skip locked));
end $$;
