-- Before a call to an LLM: whether its job is paused, also by what other jobs of its user have spent.
select pause_at_allowance(j.id) or j.paused_at is not null as is_paused from tabular_jobs j where j.id = %(job_id)s
