-- Items that the pool has stopped to work on, though it could not say how they ended: once their leases have ended, any
-- pool may take them, this one too. Their attempts count.
update tabular_job_items i
set worker_id = null
from unnest(%(ids)s::bigint[], %(attempts)s::int[]) as held (id, attempt)
where i.id = held.id and i.attempt_count = held.attempt and i.status = 'running'
