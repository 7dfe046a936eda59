-- A model answers again: those of its jobs that a refusal has paused go on.
update tabular_jobs set paused_at = null, pause_cause = null, pause_reason = null, updated_at = now()
where id = any(array(select j.id from tabular_jobs j
                     where j.model = %(model)s and j.status in ('pending', 'running') and j.pause_cause = 'refusal'
                     order by j.id for no key update))
returning wake_workers('tabular_jobs', id::text) as notified
