-- The items of dead pools can be claimed at once; the attempt counts, as it may have killed them. Claims go in the
-- order of positions, so every item that was ever claimed is among a job's first open items.
with gone as (
  delete from tabular_workers where id = any(%(worker_ids)s::uuid[])
)
update tabular_job_items i
set lease_expires_at = now()
where i.id = any(array(
    select o.id from tabular_jobs j
    cross join lateral (
      select s.* from tabular_job_items s
      where s.job_id = j.id and s.completed_at is null order by s.position limit 2000) o
    where j.status in ('pending', 'running') and o.status = 'running' and o.worker_id = any(%(worker_ids)s::uuid[])))
  and i.status = 'running' and i.worker_id = any(%(worker_ids)s::uuid[]) and i.lease_expires_at > now()
