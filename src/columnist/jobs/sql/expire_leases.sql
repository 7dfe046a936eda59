-- The items of dead pools can be claimed at once; the attempt counts, as it may have killed them.
with gone as (
  delete from tabular_workers where id = any(%(worker_ids)s::uuid[])
)
update tabular_job_items i
set lease_expires_at = now()
where i.id = any(array(select items_held_by(%(worker_ids)s::uuid[])))
  and i.status = 'running' and i.worker_id = any(%(worker_ids)s::uuid[]) and i.lease_expires_at > now()
