-- cancel, second half: waiting items are skipped. A locked item is being claimed or ended this instant: its worker, or
-- later the janitor, skips it.
update tabular_job_items set status = 'skipped', lease_expires_at = null, completed_at = clock_timestamp()
where id in (
  select id from tabular_job_items
  where job_id = %(job_id)s and completed_at is null and status = 'pending'
  for update skip locked)
