-- The live jobs of a model that no pool can ask (announce_pool.sql), each with the reason.
update tabular_jobs set paused_at = now(), pause_cause = 'refusal', pause_reason = %(reason)s, updated_at = now()
where id = any(array(select j.id from tabular_jobs j
                     where j.model = %(model)s and j.status in ('pending', 'running') and j.paused_at is null
                     order by j.id for no key update))
