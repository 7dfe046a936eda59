-- The live jobs of a model that no pool can ask (announce_pool.sql), each with the reason.
update tabular_jobs set paused_at = now(), pause_cause = 'refusal', pause_reason = %(reason)s, updated_at = now()
where model = %(model)s and status in ('pending', 'running') and paused_at is null
