-- After a claim whose reply was lost: items go back that this pool has claimed and does not know of. Claims follow the
-- order of positions, so every claimed item is among a job's first open ones.
update tabular_job_items i
set status = 'pending', lease_expires_at = null, handed_back_count = handed_back_count + 1
where i.id = any(array(
    select o.id from tabular_jobs j
    cross join lateral (
      select s.* from tabular_job_items s
      where s.job_id = j.id and s.completed_at is null order by s.position limit 2000) o
    where j.status in ('pending', 'running') and o.status = 'running' and o.worker_id = %(worker_id)s
      and o.id <> all(%(ids)s::bigint[])))
  and i.status = 'running' and i.worker_id = %(worker_id)s
