-- Before a call to an LLM: whether its job is paused, including by the spending of its user's other jobs.
select pause_at_allowance(j.id) or j.paused_at is not null as is_paused from tabular_jobs j where j.id = %(job_id)s
