-- Removes the owner from the caller's upload.
create or replace function disown_document(document_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.documents d set user_id = null
  where d.id = disown_document.document_id and d.user_id = public.my_user_id();
  perform public.forget_documents(array[document_id]);
end $$;
