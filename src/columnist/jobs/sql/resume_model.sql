-- A model answers again: its jobs go on that a refusal has paused.
update tabular_jobs set paused_at = null, pause_cause = null, pause_reason = null, updated_at = now()
where model = %(model)s and status in ('pending', 'running') and pause_cause = 'refusal'
returning pg_notify('tabular_jobs', id::text) is null as notified
