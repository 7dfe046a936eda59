-- The pool takes up to `batch` items. The function (db/functions) waits for no lock and serves the jobs in turn.
select id, job_id, document_id, attempt_count as attempt, attempt_count - handed_back_count as tries
from claim_tabular_job_items(%(lease_seconds)s, %(batch)s, %(max_attempts)s, %(held_jobs)s, %(held_items)s,
                             %(models)s, %(scarce_models)s, %(scarce_places)s, %(worker_id)s)
