-- Deletes documents among these that have no owner and are in no review. Locks them first, which waits for a
-- transaction that adds one of them to a review.
create or replace function forget_documents(ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from public.documents d where d.id = any(ids) and d.user_id is null order by d.id for update;
  delete from public.documents d
  where d.id = any(ids) and d.user_id is null
    and not exists (select from public.review_documents r where r.document_id = d.id);
end $$;
