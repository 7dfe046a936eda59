-- A paused job goes on, and every pool tries refused models again. After a refusal, or in a copy, the budget stays
-- unless another is named. The trigger pause_tabular_jobs pauses it again if the budget is spent already.
update tabular_jobs
set budget = case when pause_cause in ('refusal', 'batch', 'copy') then coalesce(%(budget)s, budget) else %(budget)s end,
    paused_at = null, pause_cause = null, pause_reason = null, updated_at = now()
where id = %(job_id)s and status in ('pending', 'running') and paused_at is not null
returning id, wake_workers('tabular_jobs', 'resumed') as notified
