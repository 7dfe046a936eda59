-- cancel, first half: from here on no item of the job is claimed, and its workers are notified once.
with asked as (
  select id, cancel_requested_at from tabular_jobs
  where id = %(job_id)s and status in ('pending', 'running') for no key update
), cancelled as (
  update tabular_jobs j set cancel_requested_at = now(), updated_at = now()
  from asked where j.id = asked.id and asked.cancel_requested_at is null
  returning wake_workers('tabular_job_cancelled', j.id::text) as notified
)
select id, (select notified from cancelled) as notified from asked
