-- The pool takes up to `batch` items. The function (012_engine.sql) waits for no lock and serves the jobs in turn.
select i.id, i.job_id, i.review_id, i.document_id, i.attempt_count as attempt, j.model
from claim_tabular_job_items(%(lease_seconds)s, %(batch)s, %(max_attempts)s, %(held_jobs)s, %(held_items)s,
                             %(models)s, %(scarce_models)s, %(scarce_places)s, %(worker_id)s) i
join tabular_jobs j on j.id = i.job_id
