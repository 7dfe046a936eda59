-- The review's live job, if any (tabular_jobs_one_live_per_review).
select id as job_id, total_items, model, in_batches as batch, pause_cause, pause_reason, budget, cancel_requested_at is not null as ending
from tabular_jobs
where review_id = %(review_id)s and status in ('pending', 'running')
