-- Removes a document of the caller from every review, including other people's.
create or replace function end_uses_of_my_document(document_id uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.review_documents r
  using public.documents d
  where d.id = end_uses_of_my_document.document_id and d.user_id = public.my_user_id() and r.document_id = d.id
$$;
