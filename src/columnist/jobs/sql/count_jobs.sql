-- For the metrics: live jobs by state, and their items by state. The cost grows with live jobs, not with items: ended
-- items are in the jobs' sums, and running items are among the first open ones, as in read_progress.sql; live jobs
-- share the workers, so the more jobs, the fewer items of each are read. The oldest waiting item is as old as its job,
-- whose items are made with it; a paused job's items wait for their owner, not for a worker.
with live as materialized (
  select j.*, j.total_items - j.completed_items - j.error_items - j.skipped_items as open_items, run.running_items
  from tabular_jobs j
  cross join lateral (
    select count(*) filter (where i.status = 'running') as running_items
    from (select i.status from tabular_job_items i
          where i.job_id = j.id and i.completed_at is null and j.status = 'running'
          order by i.position
          limit (select greatest(50, 4000 / greatest(1, count(*))) from tabular_jobs where status = 'running')) i) run
  where j.status in ('pending', 'running')
)
select count(*) filter (where status = 'pending' and paused_at is null) as pending_jobs,
       count(*) filter (where status = 'running' and paused_at is null) as running_jobs,
       count(paused_at) as paused_jobs,
       coalesce(sum(open_items - running_items), 0)::bigint as pending_items,
       coalesce(sum(running_items), 0)::bigint as running_items,
       coalesce(sum(completed_items), 0)::bigint as completed_items,
       coalesce(sum(error_items), 0)::bigint as error_items,
       coalesce(sum(skipped_items), 0)::bigint as skipped_items,
       coalesce(sum(open_items - running_items) filter (where waits), 0)::bigint as queued_items,
       coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where waits)), 0)::float8 as oldest_seconds
from live, lateral (
  select paused_at is null and cancel_requested_at is null and open_items > running_items as waits) w
