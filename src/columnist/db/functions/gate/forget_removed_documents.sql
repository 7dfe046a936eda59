-- After rows are removed from a review, or a review is deleted.
create or replace function forget_removed_documents() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform public.forget_documents(array(select distinct gone.document_id from gone));
  return null;
end $$;
