-- After a claim. A statement of its own, so that a claim never waits for the lock of a job's row.
update tabular_jobs set status = 'running', started_at = coalesce(started_at, now()), updated_at = now()
where id = any(%(job_ids)s) and status = 'pending'
