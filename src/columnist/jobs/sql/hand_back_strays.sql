-- After a claim whose reply was lost: items go back that this pool has claimed and does not know of.
update tabular_job_items i
set status = 'pending', lease_expires_at = null, handed_back_count = handed_back_count + 1
where i.id = any(array(select items_held_by(array[%(worker_id)s::uuid]))) and i.id <> all(%(ids)s::bigint[])
  and i.status = 'running' and i.worker_id = %(worker_id)s
