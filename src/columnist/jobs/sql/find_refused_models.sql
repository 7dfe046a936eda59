-- The models of live jobs that a refusal has paused.
select distinct model from tabular_jobs where status in ('pending', 'running') and pause_cause = 'refusal'
