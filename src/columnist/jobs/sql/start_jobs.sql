-- After a claim. A separate statement, so that a claim never waits for the lock of a job's row.
-- Jobs are locked in the order of their ids, as in all statements that change several of them.
update tabular_jobs set status = 'running', started_at = coalesce(started_at, now()), updated_at = now()
where id = any(array(select j.id from tabular_jobs j where j.id = any(%(job_ids)s) and j.status = 'pending'
                     order by j.id for no key update))
