-- cancel, second half: whatever waits is skipped. What is locked is being claimed or ended this instant: its worker,
-- or the janitor after it, skips it.
update tabular_job_items set status = 'skipped', lease_expires_at = null, completed_at = clock_timestamp()
where id in (
  select id from tabular_job_items
  where job_id = %(job_id)s and completed_at is null and status = 'pending'
  for update skip locked)
