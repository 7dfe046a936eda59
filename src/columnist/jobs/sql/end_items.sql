-- The completer ends a batch of items, each with its outcome. Fenced by attempt; the jobs follow by trigger
-- (settle_tabular_jobs). Returns the items that were ended: one that does not come back was another's.
update tabular_job_items i
set status = o.status, error = o.error, lease_expires_at = null, completed_at = clock_timestamp()
from unnest(%(ids)s::bigint[], %(attempts)s::int[], %(statuses)s::text[], %(errors)s::text[])
  as o (id, attempt, status, error)
where i.id = o.id and i.attempt_count = o.attempt and i.status = 'running'
returning i.id
