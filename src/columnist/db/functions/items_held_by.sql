-- The running items of these pools. Claims follow the order of positions, so every item that was ever
-- claimed is among a job's first open ones.
create or replace function items_held_by(workers uuid[]) returns setof bigint language sql stable as $$
  select o.id
  from tabular_jobs j
  cross join lateral (
    select i.* from tabular_job_items i where i.job_id = j.id and i.completed_at is null order by i.position limit 2000) o
  where j.status in ('pending', 'running') and o.status = 'running' and o.worker_id = any(workers)
$$;
