-- The columns and documents that a job has asked; null: every column.
select coalesce(i.column_ids, j.column_ids) as column_ids, array_agg(distinct i.document_id) as document_ids
from tabular_jobs j join tabular_job_items i on i.job_id = j.id
where j.id = %(job_id)s
group by 1
order by 1 nulls first
