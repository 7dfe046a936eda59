-- After rows are removed from a review, or a review is deleted: with what was answered about them and not written yet.
create or replace function forget_removed_documents() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.tabular_calls c using gone where (c.review_id, c.document_id) = (gone.review_id, gone.document_id);
  perform public.forget_documents(array(select distinct gone.document_id from gone));
  return null;
end $$;
