-- The heartbeat, every third of a lease. Another worker holds the missing items now. `running` is a join for the reason
-- in end_items.sql.
update tabular_job_items i
set lease_expires_at = now() + make_interval(secs => %(lease_seconds)s)
from unnest(%(ids)s::bigint[], %(attempts)s::int[]) as held (id, attempt)
where i.id = held.id and i.attempt_count = held.attempt and i.status = left(held.id::text, 0) || 'running'
returning i.id
