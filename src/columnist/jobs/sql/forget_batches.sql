-- The janitor: calls of jobs that have ended, and batches that ended long ago.
with forgotten as (
  delete from tabular_batch_requests r
  using tabular_jobs j
  where j.in_batches and j.completed_at > now() - %(kept_for)s::interval and r.job_id = j.id
    and (r.batch_id is null or exists (select from tabular_batches b where b.id = r.batch_id and b.ended_at is not null))
)
delete from tabular_batches where ended_at < now() - %(kept_for)s::interval
