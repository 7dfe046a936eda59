-- Notes the error of an item in the cells that it should have answered; returns their number.
create or replace function note_failed_item(job tabular_jobs, item tabular_job_items, error text) returns bigint
language sql volatile as $$
  select note_failed_attempts(job, item.document_id, array_agg(col.id), array_agg(col.version),
                              array_agg(note_failed_item.error))
  from columns_to_ask(job, item) col
$$;
