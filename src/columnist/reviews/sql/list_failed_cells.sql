-- The cells whose last attempt failed, grouped by document and reason: one torn file is one line, not one per column.
select d.id as document_id, d.name as document, coalesce(d.path, d.name) as path, c.attempt_error as error,
       array_agg(col.name order by col.index) as columns
from tabular_cells c
join documents d on d.id = c.document_id
join tabular_columns col on col.id = c.column_id
where c.review_id = %(review_id)s and is_failed(c)
  and (%(job_id)s::uuid is null or c.attempt_job_id = %(job_id)s)
  and (%(column_ids)s::uuid[] is null or c.column_id = any(%(column_ids)s))
  and (%(document_ids)s::uuid[] is null or c.document_id = any(%(document_ids)s))
group by d.id, c.attempt_error
order by d.name, path, d.id, c.attempt_error
