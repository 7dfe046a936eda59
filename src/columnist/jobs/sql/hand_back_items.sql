-- Shutdown gives items back at once, fenced; the attempt does not count as a try. Wakes the other workers.
-- `running` is written as a join for the reason that end_items.sql gives.
with handed_back as (
  update tabular_job_items i
  set status = 'pending', lease_expires_at = null, handed_back_count = handed_back_count + 1
  from unnest(%(ids)s::bigint[], %(attempts)s::int[]) as held (id, attempt)
  where i.id = held.id and i.attempt_count = held.attempt and i.status = left(held.id::text, 0) || 'running'
  returning i.id
)
select count(*) as handed_back, pg_notify('tabular_jobs', 'handed back') is null as notified from handed_back
