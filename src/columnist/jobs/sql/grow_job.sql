-- generate over a review with a live job: the job also covers the new questions. No row if it has just ended.
select total_items, added_items
from grow_tabular_job(%(job_id)s, %(only)s, %(column_ids)s::uuid[], %(document_ids)s::uuid[], %(budget)s)
