-- A pool takes the batch that is due next, for the time of a lease. A batch of a provider that the pool's settings do
-- not name belongs to another pool, until none has polled it for long. While its job is paused, a batch is not
-- submitted; in a copy, batches belong to the original.
update tabular_batches b
set holder = %(holder)s, look_at = now() + make_interval(secs => %(lease_seconds)s)
from (select due.id, j.status in ('pending', 'running') and j.cancel_requested_at is null as wanted
      from tabular_batches due
      left join tabular_jobs j on j.id = due.job_id
      where due.ended_at is null and due.look_at <= now()
        and (%(models)s::text[] is null or due.model = any(%(models)s))
        and (due.server = %(server)s or due.look_at < now() - interval '1 day')
        and j.pause_cause is distinct from 'copy'
        and (due.provider_id is not null or j.id is null or j.paused_at is null or j.cancel_requested_at is not null)
      order by due.look_at limit 1
      for update of due skip locked) due
where b.id = due.id
returning b.id, b.job_id, b.model, b.requests, b.file_id, b.provider_id, b.failures, coalesce(due.wanted, false) as wanted,
          b.tried_at, coalesce(b.tried_at > now() - make_interval(secs => %(doubt_seconds)s), false) as in_doubt,
          coalesce(b.submitted_at < now() - interval '10 minutes', false) as settled,
          least(%(longest)s, greatest(%(first)s, extract(epoch from now() - b.submitted_at) / 10))::float8 as look_seconds
