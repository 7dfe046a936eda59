-- The pool takes up to `batch` items of jobs about a single document, for its reserved places: a person waits for these.
-- Waits for no lock. Takes no items of `refused` models, and none from itself (claim_tabular_job_items).
update tabular_job_items i
set status = 'running',
    attempt_count = attempt_count + 1,
    write_count = 0,
    worker_id = %(worker_id)s,
    lease_expires_at = now() + make_interval(secs => %(lease_seconds)s),
    started_at = coalesce(started_at, now())
where i.id = any(array(
  select c.id
  from tabular_jobs j
  cross join lateral (
    select c.id from tabular_job_items c
    where c.job_id = j.id and c.completed_at is null
      and (c.lease_expires_at is null or c.lease_expires_at <= now())
      and (c.status = 'pending' or c.worker_id is distinct from %(worker_id)s)
      and c.attempt_count - c.handed_back_count < %(max_attempts)s
    for update skip locked) c
  where j.status in ('pending', 'running') and j.cancel_requested_at is null and j.paused_at is null
    and j.total_items = 1 and not j.in_batches and (%(models)s::text[] is null or j.model = any(%(models)s)) and j.model <> all(%(refused)s)
  order by j.served_at, j.id
  limit %(batch)s))
returning i.id, i.job_id, i.document_id, i.attempt_count as attempt, i.attempt_count - i.handed_back_count as tries
