-- The janitor of every pool: ends items that no worker will claim any more. An expired lease whose attempts are used up
-- is poison, unless the janitor's own pool stood still; an item of a cancelled job is skipped once no worker holds it.
-- Passes over items that another janitor has locked. Claims follow the order of positions, so every claimed item is
-- among a job's first open ones: waiting items need not be read.
with abandoned as (
  select i.id, j.cancel_requested_at is not null as cancelled
  from tabular_jobs j
  cross join lateral (
    select i.* from tabular_job_items i
    where i.job_id = j.id and i.completed_at is null
    order by i.position limit case when j.cancel_requested_at is null then 2000 end) open_item
  join tabular_job_items i on i.id = open_item.id
  where j.status in ('pending', 'running')
    and i.completed_at is null
    and (i.lease_expires_at is null or i.lease_expires_at <= now())
    and (j.cancel_requested_at is not null
         or (i.status = 'running' and i.attempt_count - i.handed_back_count >= %(max_attempts)s
             and (%(worker_id)s::uuid is null or i.worker_id is distinct from %(worker_id)s)))
  for update of i skip locked
)
update tabular_job_items i
set status = case when a.cancelled then 'skipped' else 'error' end,
    error = case when not a.cancelled then %(error)s end,
    lease_expires_at = null,
    completed_at = clock_timestamp()
from abandoned a
where i.id = a.id
returning i.id
