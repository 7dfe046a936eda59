-- After rows are removed from a review, or a review is deleted. Deletes data derived from a document that no foreign
-- key deletes with its row: answers that were not written yet, and errors and refusals, which may quote it.
create or replace function forget_removed_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- The cost of a batch must still be counted: only the texts of these calls are deleted. First, because replies that
  -- land at the same time then either wait, and see the removal, or have landed before the answers are deleted.
  update public.tabular_batch_requests r set body = null, reply = null
  from gone where (r.review_id, r.document_id) = (gone.review_id, gone.document_id);
  delete from public.tabular_batch_requests r using gone
  where (r.review_id, r.document_id) = (gone.review_id, gone.document_id) and r.batch_id is null;
  delete from public.tabular_calls c using gone where (c.review_id, c.document_id) = (gone.review_id, gone.document_id);
  update public.tabular_job_items i set lease_expires_at = null
  from public.tabular_jobs j, gone
  where j.review_id = gone.review_id and i.job_id = j.id and i.document_id = gone.document_id and i.completed_at is null
    and i.status = 'pending';
  with failed as (
    update public.tabular_job_items i set error = null
    from public.tabular_jobs j, gone
    where j.review_id = gone.review_id and i.job_id = j.id and i.document_id = gone.document_id and i.error is not null
    returning i.job_id
  )
  update public.tabular_jobs j set error = null where j.id in (select f.job_id from failed f) and j.error is not null;
  update public.tabular_jobs j set pause_reason = null
  from gone where j.review_id = gone.review_id and j.pause_reason is not null;
  perform public.forget_documents(array(select distinct gone.document_id from gone));
  return null;
end $$;
