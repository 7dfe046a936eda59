-- A refusal of every call of a job's model, or of its batches: the reason is kept in the job, and none of its items is
-- claimed meanwhile. A refused batch is submitted again only when a person resumes the job.
update tabular_jobs set paused_at = now(), pause_cause = %(cause)s, pause_reason = %(reason)s, updated_at = now()
where id = %(job_id)s and status in ('pending', 'running') and paused_at is null
