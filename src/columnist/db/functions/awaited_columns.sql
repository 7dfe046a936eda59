-- The questions that the review's live job is still going to ask about a document, one of which may come twice.
create or replace function awaited_columns(review_id uuid, document_id uuid) returns table (column_id uuid)
language sql stable as $$
  select col.id
  from tabular_jobs j
  join tabular_job_items i on i.job_id = j.id
  cross join lateral columns_to_ask(j, i) col
  where j.review_id = awaited_columns.review_id and j.status in ('pending', 'running')
    and i.document_id = awaited_columns.document_id and i.completed_at is null
$$;
