-- The columns that an item still must ask about its document, in the grid's order.
create or replace function columns_to_ask(job tabular_jobs, item tabular_job_items) returns setof tabular_columns
language sql stable as $$
  select col.*
  from tabular_columns col
  left join tabular_cells c
    on c.review_id = job.review_id and c.document_id = item.document_id and c.column_id = col.id
  where col.review_id = job.review_id
    and (coalesce(item.column_ids, job.column_ids) is null or col.id = any(coalesce(item.column_ids, job.column_ids)))
    and job_asks(job.id, job.created_at, coalesce(item."only", job."only"), job.model, job.prompt_version, c, col.version)
  order by col.index, col.id
$$;
