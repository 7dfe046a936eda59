-- A paused job goes on. The trigger pause_tabular_jobs (migration 003) pauses it again if the budget is spent already.
update tabular_jobs
set paused_at = null, pause_reason = null, budget = %(budget)s, updated_at = now()
where id = %(job_id)s and status in ('pending', 'running') and paused_at is not null
returning id, pg_notify('tabular_jobs', id::text) is null as notified
