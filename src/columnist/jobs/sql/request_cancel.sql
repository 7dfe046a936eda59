-- cancel, first half: from here on no item of the job is claimed, and its workers hear of it.
update tabular_jobs set cancel_requested_at = coalesce(cancel_requested_at, now()), updated_at = now()
where id = %(job_id)s and status in ('pending', 'running')
returning id, pg_notify('tabular_job_cancelled', id::text) is null as notified
