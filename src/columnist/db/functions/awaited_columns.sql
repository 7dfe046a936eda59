-- The questions that the review's live job will still ask about a document; a question may come twice.
create or replace function awaited_columns(review_id uuid, document_id uuid) returns table (column_id uuid)
language sql stable as $$
  select col.id
  from tabular_jobs j
  -- Only the document's items, whatever the statistics about all open ones.
  cross join lateral (
    select * from tabular_job_items i
    where i.job_id = j.id and i.document_id = awaited_columns.document_id and i.completed_at is null offset 0) i
  cross join lateral columns_to_ask(j, i) col
  where j.review_id = awaited_columns.review_id and j.status in ('pending', 'running')
$$;
